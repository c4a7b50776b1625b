"""Augmentation moves keypoints with the image: what lay under a keypoint lies under it afterwards, and a mirror swaps sides."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torchvision.tv_tensors import BoundingBoxes, BoundingBoxFormat, Image

from recipes.imagery.augment import (
    FreeRotation,
    HorizontalFlip,
    IoUCrop,
    Jitter,
    Noise,
    Photometric,
    Symmetries,
    ZoomOut,
)
from recipes.keypoints.module import AXES, KeypointImages
from recipes.kit.pipeline import Pipeline
from zoo.pose.skeleton import skeleton_of

SIZE = 96
CHANGES = [
    HorizontalFlip(),
    Symmetries(),
    Jitter(),
    FreeRotation(),
    IoUCrop(probability=1.0),
    ZoomOut(probability=1.0),
    Pipeline((Symmetries(), Jitter(degrees=40), Photometric(0.0, 0.0), Noise(0.0))),
]


class Figures(KeypointImages):
    """Samples of which the skeleton alone is asked."""

    @property
    def skeleton(self) -> Any:
        return skeleton_of(["head", "left_paw", "right_paw"])

    read_split = collate = None  # type: ignore[assignment]


def sample(points: Tensor) -> dict[str, Any]:
    """Blobs of one band each, whose middle is a keypoint."""
    y, x = torch.meshgrid(torch.arange(SIZE) + 0.5, torch.arange(SIZE) + 0.5, indexing="ij")
    blobs = [torch.exp(-((x - px) ** 2 + (y - py) ** 2) / 32) for px, py in points.tolist()]
    box = torch.cat((points.amin(dim=0), points.amax(dim=0)))[None]
    return {
        "image": Image(torch.stack(blobs)),
        "keypoints": torch.cat((points, AXES)),
        "visible": torch.ones(3, dtype=torch.bool),
        "boxes": BoundingBoxes(box, format=BoundingBoxFormat.XYXY, canvas_size=(SIZE, SIZE)),
        "labels": torch.zeros(1, dtype=torch.long),
    }


def middles(image: Tensor) -> Tensor:
    """The middle (C, 2) of the blob in each band, pixels."""
    y, x = torch.meshgrid(torch.arange(image.shape[1]) + 0.5, torch.arange(image.shape[2]) + 0.5, indexing="ij")
    weights = image / image.sum(dim=(1, 2), keepdim=True)
    return torch.stack(((weights * x).sum(dim=(1, 2)), (weights * y).sum(dim=(1, 2))), dim=1)


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("seed", range(6))
def test_keypoints_stay_on_what_they_mark(change: Any, seed: int) -> None:
    torch.manual_seed(seed)
    points = 40 + 16 * torch.rand(3, 2)
    data = object.__new__(Figures)
    changed = change(sample(points))
    settled = data.settled(changed)
    image = settled["image"].as_subclass(Tensor)
    mirrored = float(torch.linalg.det(changed["keypoints"][-2:] - changed["keypoints"][-3])) < 0
    bands = [0, 2, 1] if mirrored else [0, 1, 2]  # the left paw of a mirror image is what was the right one
    size = image.shape[-1]
    for point, seen, band in zip(settled["keypoints"], settled["visible"].tolist(), bands, strict=True):
        whole = seen and bool(((point > 14) & (point < size - 14)).all())
        if whole:
            assert float((middles(image)[band] - point).norm()) < 0.6


def test_what_is_moved_out_is_not_visible() -> None:
    data = object.__new__(Figures)
    moved = sample(torch.tensor([[50.0, 50], [-3, 20], [20, SIZE + 2]]))
    assert data.settled(moved)["visible"].tolist() == [True, False, False]


def test_flips_are_there_and_back() -> None:
    torch.manual_seed(0)
    points = 96 * torch.rand(3, 2)
    first = sample(points)
    for turn in ([Symmetries()] * 4, [HorizontalFlip()] * 4):
        found = first
        for seed, one in enumerate(turn):
            torch.manual_seed(seed)
            found = one(found)
        assert torch.allclose(found["keypoints"][:3].sort(dim=0).values.mean(), found["keypoints"][:3].mean())
