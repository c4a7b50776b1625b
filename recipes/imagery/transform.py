"""Changes of samples of images, and how much larger a sample must be for them."""

from collections.abc import Callable
from typing import Any

from torch import nn

from recipes.kit.pipeline import Pipeline

#: `image` (C, S, S) in [0, 1], and `boxes` with `labels` (and `difficult`), or `mask`. A training sample also brings
#: `others` (`recipes.imagery.crops.Others`), which draws more samples of the same kind for the transforms that mix.
Sample = dict[str, Any]


class Transform(nn.Module):
    """Changes a sample. `margin` is how much larger than its result a side of the sample must be, 1 for as large."""

    margin: float = 1.0

    def forward(self, sample: Sample) -> Sample:
        """Return the changed sample."""
        raise NotImplementedError


def margin_of(change: Callable[..., Any]) -> float:
    """Return the largest margin of a change, or of the changes of a pipeline; torchvision's own ask for none."""
    changes = change.transforms if isinstance(change, Pipeline) else (change,)
    return max([1.0, *(one.margin for one in changes if isinstance(one, Transform))])
