"""A backbone that builds in milliseconds, and images with objects, for the tests of the detectors."""

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn


class TinyBackbone(nn.Module):
    """Strided convolutions, one for each stride; stands in for `zoo.backbone`."""

    def __init__(self, bands: int, strides: list[int]) -> None:
        super().__init__()
        self.bands, self.strides = bands, strides
        self.channels = [4 * stride.bit_length() - 4 for stride in strides]
        self.layers = nn.ModuleList()
        before, stride = bands, 1
        for channels, coarser in zip(self.channels, strides, strict=True):
            step = coarser // stride
            self.layers.append(nn.Conv2d(before, channels, 2 * step - 1, stride=step, padding=step - 1))
            before, stride = channels, coarser

    @property
    def trunk(self) -> SimpleNamespace:
        """What timm says of its networks: the layers by name, and which of them the maps come from."""
        names = [f"layers.{i}" for i in range(len(self.layers))]
        return SimpleNamespace(model=self, feature_info=SimpleNamespace(module_name=lambda: names))

    def select(self, strides: list[int]) -> "TinyBackbone":
        return TinyBackbone(self.bands, list(strides))

    def forward(self, images: Tensor) -> list[Tensor]:
        features = [images - 0.5]
        for layer in self.layers:
            features.append(layer(features[-1]).relu())
        return features[1:]


def same(found: dict[str, Tensor], others: dict[str, Tensor], tolerance: float = 1e-3) -> bool:
    """Whether both hold the same detections; those of nearly the same score may have changed places."""
    if found["scores"].shape != others["scores"].shape or not len(found["scores"]):
        return False
    rows = [
        torch.cat((f["boxes"], 100 * f["scores"][:, None], 1e4 * f["labels"][:, None]), dim=1) for f in (found, others)
    ]
    apart = torch.cdist(*rows, p=torch.inf, compute_mode="donot_use_mm_for_euclid_dist")
    return bool((apart.amin(dim=0) < tolerance).all() and (apart.amin(dim=1) < tolerance).all())


@pytest.fixture
def backbone() -> TinyBackbone:
    return TinyBackbone(3, [4, 8, 16, 32])


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)
