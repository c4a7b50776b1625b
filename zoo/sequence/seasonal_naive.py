"""The seasonal naive forecast: the last season again, with the errors that it made in training around it.

Hyndman and Athanasopoulos 2021, “Forecasting: Principles and Practice”, section 5.2, https://otexts.com/fpp3; a season of one
step is the naive forecast, which prices of a market are hard to do better than. Of several `seasons` it is their mean.
"""

import torch
from torch import Tensor

from zoo.errors import ZooError
from zoo.sequence.point_forecast import PointForecast


class SeasonalNaive(PointForecast):
    """Series (B, T, F) to quantiles of their next H steps (B, H, F, Q)."""

    def __init__(self, features: int, horizon: int, season: int, seasons: int) -> None:
        super().__init__(features, horizon)
        if season < 1 or seasons < 1:
            raise ZooError(f"model.season={season} and model.seasons={seasons} must be whole numbers, 1 or more")
        self.season, self.seasons = season, seasons

    def point(self, values: Tensor, lengths: Tensor) -> Tensor:
        """Return the mean of the last seasons, repeated over H steps; a shorter series repeats itself."""
        season = lengths.clamp(max=self.season)[:, None]
        ahead = torch.arange(self.horizon, device=values.device) % season  # (B, H)
        found, count = values.new_zeros(values.shape[0], self.horizon, values.shape[2]), values.new_zeros(ahead.shape)
        for back in range(1, self.seasons + 1):
            place = lengths[:, None] - back * season + ahead
            there = (place >= 0).to(values.dtype)
            taken = values.gather(1, place.clamp(min=0)[..., None].expand(-1, -1, values.shape[2]))
            found, count = found + taken * there[..., None], count + there
        return found / count[..., None]


def build(classes: int, bands: int, *, horizon: int = 24, season: int = 1, seasons: int = 1) -> SeasonalNaive:
    """Build a seasonal naive forecast; `season` is in steps, and of the last `seasons` the mean is said."""
    return SeasonalNaive(bands, horizon, season, seasons)
