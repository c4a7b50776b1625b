"""The result of a segmentation."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class SegmentationResult:
    """A scene's truth and prediction (H, W) uint8, 255 where the class is not known."""

    name: str
    truth: Tensor
    predicted: Tensor
