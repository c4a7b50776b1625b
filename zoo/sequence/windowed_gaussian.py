"""Windowed Gaussian: how far a value, and its step from the one before, lie from the past, in deviations. Nothing is trained.

Lavin and Ahmad 2015, https://arxiv.org/abs/1510.03336, whose baseline looks at the values alone; the steps beside them find
jumps inside of the usual range.
"""

from collections.abc import Sequence

from torch import Tensor

from zoo.errors import ZooError
from zoo.sequence.closed_form import Batch, ClosedForm
from zoo.sequence.masking import valid
from zoo.sequence.streaming import apart, rested


class WindowedGaussian(ClosedForm):
    """Series (B, T, F) to scores (B, T): deviations of value and of step added up; of several features the largest."""

    def __init__(self, features: int, span: int, rest: int) -> None:
        super().__init__()
        self.features, self.span, self.rest = features, span, rest

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return scores (B, T) of inputs (B, T, F); each sees only steps up to its own."""
        _, T, C = inputs.shape
        if self.features != C:
            raise ZooError(f"inputs of shape {tuple(inputs.shape)} have {C} features; this model takes {self.features}")
        inside = valid(lengths, T)
        values = inputs.float().masked_fill(~inside[..., None], 0.0)
        steps = values.diff(dim=1, prepend=values[:, :1])
        scores = (apart(values, self.span) + apart(steps, self.span)).amax(dim=2)
        return rested(scores, self.rest).masked_fill(~inside, 0.0)

    def solve(self, batches: Sequence[Batch]) -> None:
        """Learn nothing: there is nothing to settle."""


def build(classes: int, bands: int, *, span: int = 6000, rest: int = 0) -> WindowedGaussian:
    """Build a windowed Gaussian; `span`: steps of the past; `rest`: those after an alarm that only a higher one ends."""
    return WindowedGaussian(bands, span, rest)
