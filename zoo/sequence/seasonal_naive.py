"""The seasonal naive forecast: the last season again, with the errors that it made in training around it.

Hyndman and Athanasopoulos 2021, “Forecasting: Principles and Practice”, section 5.2, https://otexts.com/fpp3; a season of one
step is the naive forecast, which prices of a market are hard to do better than.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from zoo.errors import ZooError
from zoo.sequence.closed_form import Batch, ClosedForm
from zoo.sequence.network import QUANTILES
from zoo.sequence.standardise import Standardise


class SeasonalNaive(ClosedForm):
    """Series (B, T, F) to quantiles of their next H steps (B, H, F, Q)."""

    errors: Tensor

    def __init__(self, front: Standardise, horizon: int, season: int) -> None:
        super().__init__()
        if season < 1 or horizon < 1:
            raise ZooError(f"model.season={season} and model.horizon={horizon} must be numbers of steps, 1 or more")
        self.front, self.horizon, self.season = front, horizon, season
        # as for a random walk, until the training data say otherwise
        seasons = 1 + torch.arange(horizon) // season
        spread = torch.special.ndtri(levels()) * 0.1
        self.register_buffer(
            "errors", seasons.sqrt()[:, None, None] * spread.expand(horizon, front.features, -1).clone()
        )

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return quantiles (B, H, F, Q), in the units of the inputs."""
        seen = self.front(inputs, lengths)
        found = self.again(seen.values, lengths)[..., None] + self.errors
        return found * seen.deviation[..., None] + seen.mean[..., None]

    def again(self, values: Tensor, lengths: Tensor) -> Tensor:
        """Return the last season of values (B, T, F), repeated over H steps: (B, H, F); a shorter series repeats itself."""
        season = lengths.clamp(max=self.season)[:, None]
        ahead = torch.arange(self.horizon, device=values.device) % season
        place = lengths[:, None] - season + ahead
        return values.gather(1, place[..., None].expand(-1, -1, values.shape[2]))

    @torch.no_grad()
    def solve(self, batches: Sequence[Batch]) -> None:
        """Take the quantiles of its errors on the training windows, in deviations of the window."""
        missed = []
        for batch in batches:
            seen = self.front(batch["inputs"], batch["lengths"])
            future = (batch["future"] - seen.mean) / seen.deviation
            missed.append(future - self.again(seen.values, batch["lengths"]))
        quantiles = torch.quantile(torch.cat(missed), levels(), dim=0)  # (Q, H, F)
        self.errors.copy_(quantiles.permute(1, 2, 0))


def levels() -> Tensor:
    """Return the Q levels of the quantiles, evenly between 0 and 1."""
    return torch.arange(1, QUANTILES + 1) / (QUANTILES + 1)


def build(classes: int, bands: int, *, horizon: int = 24, season: int = 1) -> SeasonalNaive:
    """Build a seasonal naive forecast; `season` is in steps."""
    return SeasonalNaive(Standardise(bands, "series"), horizon, season)
