"""What all detectors here share: images in, losses or detections out, and weights of the whole by name.

Torchvision's detectors (https://github.com/pytorch/vision, BSD-3) resize, normalise and batch by themselves; here images
come as one batch at their own size, and the backbone normalises.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Protocol, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from zoo.detection.geometry import Geometry, geometry
from zoo.detection.postprocess import Postprocess
from zoo.errors import ZooError
from zoo.weights.fitting import load_fitting

Target = Mapping[str, Tensor]
Detections = dict[str, Tensor]


class Backbone(Protocol):
    """A backbone as a detector is handed it, see `zoo.backbone`; `prepare_backbone` chooses of it what the detector needs."""

    strides: list[int]
    channels: list[int]

    def __call__(self, images: Tensor) -> list[Tensor]:
        """Feature maps (B, channels[i], H / strides[i], W / strides[i]) of images (B, C, H, W) in [0, 1]."""

    def select(self, strides: Sequence[int]) -> "Backbone":
        """The backbone that computes the maps of these strides alone."""

    def freeze(self, stride: int) -> None:
        """Take the layers up to that stride out of training."""


Trunk = TypeVar("Trunk", bound=Backbone)


class Detector(nn.Module, ABC):
    """A detector on a backbone, which keeps the contract of `zoo.detection`; a model says what it loses and finds.

    Images are padded below and to the right to whole multiples of `divisor`.
    """

    divisor: int = 32
    #: Beginnings of the names of parameters that depend on the classes.
    class_layers: ClassVar[tuple[str, ...]] = ()

    def __init__(self, backbone: Callable[[Tensor], list[Tensor]], bands: int) -> None:
        super().__init__()
        self.backbone, self.bands = backbone, bands

    def forward(
        self, images: Tensor, targets: Sequence[Target] | None = None
    ) -> dict[str, Tensor] | list[dict[str, Tensor]]:
        """Images (B, C, H, W) in [0, 1]: the losses in training, where targets are needed, else the detections."""
        if images.shape[1] != self.bands:
            raise ZooError(f"images have {images.shape[1]} bands, the detector was built for bands={self.bands}")
        padded = self.pad(images)
        if not self.training:
            return self.detect(padded, (images.shape[-2], images.shape[-1]))
        if targets is None:
            raise ZooError("targets=None, but a detector in training needs them; call eval() to detect")
        return self.losses(padded, [drop_empty_boxes(target) for target in targets])

    def pad(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) with zeros below and to the right, up to multiples of `divisor`."""
        height, width = images.shape[-2:]
        return pad(images, (0, -width % self.divisor, 0, -height % self.divisor))

    @abstractmethod
    def losses(self, images: Tensor, targets: Sequence[Target]) -> dict[str, Tensor]:
        """The named parts of the loss, scalars, for padded images (B, C, H, W)."""

    @abstractmethod
    def detect(self, images: Tensor, size: tuple[int, int]) -> list[Detections]:
        """Detections in padded images (B, C, H, W), of which height and width `size` are image."""

    @property
    def normalise(self) -> nn.Module:
        """Mean and std of the bands, which weights bring along."""
        return self.backbone.normalise  # type: ignore[attr-defined]

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load parameters of the whole detector; layers that depend on the classes are left out where these differ."""
        load_fitting(self, state, self.class_layers)


class DenseDetector(Detector):
    """A detector that says something at each of many places, of which the best are chosen: no region is looked at again."""

    postprocess: Postprocess
    geometry: Geometry = geometry("box")

    @abstractmethod
    def places(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Boxes (B, P, D), not yet cut to the image, and scores (B, P, K) in [0, 1] of padded images (B, C, H, W).

        Nothing in it depends on values, so that it can be exported.
        """

    def detect(self, images: Tensor, size: tuple[int, int]) -> list[Detections]:
        """The choice of the postprocess."""
        return [self.postprocess(self.geometry, *found, size) for found in zip(*self.places(images), strict=True)]


def drop_empty_boxes(target: Target) -> Target:
    """A target without boxes (N, 4) xyxy or (N, 5) rotated that have no area: no anchor or point can be brought to one."""
    boxes = target["boxes"]
    least = boxes[:, :2] if boxes.shape[1] == 4 else torch.zeros_like(boxes[:, :2])
    whole = (boxes[:, 2:4] > least).all(dim=1)
    if whole.all():
        return target
    return {name: value[whole] for name, value in target.items()}


def prepare_backbone(backbone: Trunk, strides: Sequence[int], frozen_stride: int) -> Backbone:
    """The backbone with the maps of `strides` alone, its layers up to `frozen_stride` out of training (0: none)."""
    missing = [stride for stride in strides if stride not in backbone.strides]
    if missing:
        raise ZooError(
            f"the backbone has no features of stride {missing[0]}, only of {backbone.strides}; choose another backbone"
        )
    chosen = backbone.select(list(strides))
    if frozen_stride:
        chosen.freeze(frozen_stride)
    return chosen
