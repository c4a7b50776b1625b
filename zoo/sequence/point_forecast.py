"""A forecast of one value a step, with the quantiles of the errors that it made in training around it."""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from zoo.errors import ZooError
from zoo.sequence.closed_form import Batch, ClosedForm
from zoo.sequence.network import QUANTILES
from zoo.sequence.standardise import Standardise


class PointForecast(ClosedForm):
    """Series (B, T, F) to quantiles of their next H steps (B, H, F, Q); a subclass gives the point that they lie around.

    Errors are in deviations of each window, each step ahead and feature by itself, and around their own median: the point is
    what the method says, and a level that only the time of training had is not carried on.
    """

    errors: Tensor

    def __init__(self, features: int, horizon: int) -> None:
        super().__init__()
        if horizon < 1:
            raise ZooError(f"model.horizon={horizon} must be a number of steps to look ahead, 1 or more")
        self.front, self.horizon = Standardise(features, "series"), horizon
        # as of a random walk, until the training data say otherwise
        spread = 0.1 * torch.special.ndtri(levels()).expand(horizon, features, -1)
        self.register_buffer("errors", torch.arange(1, horizon + 1).sqrt()[:, None, None] * spread)

    @abstractmethod
    def point(self, values: Tensor, lengths: Tensor) -> Tensor:
        """Return the next H steps (B, H, F) of standardised values (B, T, F), 0 behind their lengths (B,)."""

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return quantiles (B, H, F, Q), in the units of the inputs."""
        seen = self.front(inputs, lengths)
        found = self.point(seen.values, lengths)[..., None] + self.errors
        return found * seen.deviation[..., None] + seen.mean[..., None]

    def settle(self, windows: Sequence[tuple[Tensor, Tensor, Tensor]]) -> None:  # most have nothing to settle
        """Learn from windows: standardised values (B, T, F), lengths (B,), and what followed (B, H, F)."""

    @torch.no_grad()
    def solve(self, batches: Sequence[Batch]) -> None:
        """Settle the point, and take the quantiles of its errors on the training windows."""
        windows = []
        for batch in batches:
            seen = self.front(batch["inputs"], batch["lengths"])
            windows.append((seen.values, batch["lengths"], (batch["future"] - seen.mean) / seen.deviation))
        self.settle(windows)
        missed = torch.cat([future - self.point(values, lengths) for values, lengths, future in windows])
        quantiles = torch.quantile(missed, levels(), dim=0)  # (Q, H, F)
        self.errors.copy_((quantiles - quantiles[QUANTILES // 2]).permute(1, 2, 0))


def levels() -> Tensor:
    """Return the Q levels of the quantiles, evenly between 0 and 1."""
    return torch.arange(1, QUANTILES + 1) / (QUANTILES + 1)
