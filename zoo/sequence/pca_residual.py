"""PCA residual: what of a step the main directions of training do not say, squared; the Q statistic, or SPE.

Jackson and Mudholkar 1979, https://doi.org/10.1080/00401706.1979.10489779. It sees that sensors stop moving together, where
T² sees that they move too far. Solved for at once.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from zoo.errors import ZooError
from zoo.sequence.closed_form import Batch, ClosedForm
from zoo.sequence.masking import valid
from zoo.sequence.sensor_scale import SensorScale
from zoo.sequence.streaming import rested


class PcaResidual(ClosedForm):
    """Series (B, T, F) to scores (B, T), the squared residuals beside the directions that hold a `share` of the variance."""

    beside: Tensor

    def __init__(self, features: int, share: float, rest: int) -> None:
        super().__init__()
        if not 0 < share < 1:
            raise ZooError(f"model.share={share} must lie between 0 and 1: the share of the variance that is usual")
        self.scale, self.share, self.rest = SensorScale(features), share, rest
        self.register_buffer("beside", torch.eye(features))

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return scores (B, T) of inputs (B, T, F); each sees its own step only."""
        found = (self.scale(inputs) @ self.beside).square().sum(dim=2)
        return rested(found, self.rest).masked_fill(~valid(lengths, inputs.shape[1]), 0.0)

    @torch.no_grad()
    def solve(self, batches: Sequence[Batch]) -> None:
        """Set mean, deviations, and the directions beside the main ones; one is left at least."""
        values, vectors = self.scale.solve(batches)
        held = values.flip(0).cumsum(0) / values.sum().clamp(min=1e-12)
        main = min(int((held < self.share).sum()) + 1, len(values) - 1)
        self.beside.copy_(vectors.masked_fill(torch.arange(len(values)) >= len(values) - main, 0.0).float())


def build(classes: int, bands: int, *, share: float = 0.9, rest: int = 0) -> PcaResidual:
    """Build a PCA residual; `share` of the variance is usual; `rest`: steps after an alarm that only a higher one ends."""
    return PcaResidual(bands, share, rest)
