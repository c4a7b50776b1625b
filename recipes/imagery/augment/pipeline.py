"""Transforms one after another, and what a data set must read for them."""

from collections.abc import Sequence
from typing import Any

from torch import nn

Sample = dict[str, Any]


class Transform(nn.Module):
    """Changes a sample. `margin` is how much larger than its result a side of the sample must be, 1 for as large."""

    margin: float = 1.0

    def forward(self, sample: Sample) -> Sample:
        """Return the changed sample."""
        raise NotImplementedError


class Pipeline(Transform):
    """Transforms one after another; none at all is a choice too.

    A sample brings `others` (`recipes.imagery.crops.Others`), which draws more training samples of the same kind for the
    transforms that mix.
    """

    def __init__(self, transforms: Sequence[nn.Module] = ()) -> None:
        super().__init__()
        self.transforms = nn.ModuleList(transforms)  # torchvision's own transforms, too
        self.margin = max([1.0, *(transform.margin for transform in transforms if isinstance(transform, Transform))])

    def forward(self, sample: Sample) -> Sample:
        """Apply all to the sample."""
        for transform in self.transforms:
            sample = transform(sample)
        return sample
