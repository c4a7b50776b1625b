"""The Theta method: simple exponential smoothing with half of the trend, the winner of the M3 competition.

Assimakopoulos and Nikolopoulos 2000, https://doi.org/10.1016/S0169-2070(00)00066-2, in the form of Hyndman and Billah 2003,
https://doi.org/10.1016/S0169-2070(01)00143-1.
"""

import torch
from torch import Tensor

from zoo.sequence.masking import mean_over_time, valid
from zoo.sequence.point_forecast import PointForecast

#: How much of a new value is taken, of which each series has the one that foresaw its own past best.
SMOOTHING = torch.linspace(0.05, 1.0, 20)


class Theta(PointForecast):
    """Series (B, T, F) to quantiles of their next H steps (B, H, F, Q), each feature by itself."""

    def point(self, values: Tensor, lengths: Tensor) -> Tensor:
        """Return the smoothed level and half of the trend, H steps on."""
        level, smoothing = smooth(values, lengths)
        ahead = torch.arange(self.horizon, device=values.device)[:, None]
        shrunk = (1 - (1 - smoothing) ** lengths[:, None]) / smoothing  # how far the level lags behind
        return level[:, None] + 0.5 * slope(values, lengths)[:, None] * (ahead + shrunk[:, None])


def smooth(values: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Return the last level (B, F) of values (B, T, F), smoothed as suits each best, and how much of a new value it takes."""
    inside, weights = valid(lengths, values.shape[1]), SMOOTHING.to(values)
    level = values[:, 0, :, None].expand(-1, -1, len(weights))  # (B, F, A)
    missed = torch.zeros_like(level)
    for step in range(1, values.shape[1]):
        error = (values[:, step, :, None] - level) * inside[:, step, None, None]
        missed, level = missed + error.square(), level + weights * error
    best = missed.argmin(dim=2, keepdim=True)
    return level.gather(2, best)[..., 0], weights[best[..., 0]]


def slope(values: Tensor, lengths: Tensor) -> Tensor:
    """Return the slope (B, F) of the line of least squares through values (B, T, F), a step."""
    inside = valid(lengths, values.shape[1])
    middle = (lengths[:, None] - 1) / 2
    away = (torch.arange(values.shape[1], device=values.device) - middle).masked_fill(~inside, 0.0)[..., None]
    apart = (values - mean_over_time(values, lengths)[:, None]) * away
    return apart.sum(dim=1) / away.square().sum(dim=1).clamp(min=1e-12)


def build(classes: int, bands: int, *, horizon: int = 24) -> Theta:
    """Build the Theta method for so many steps ahead."""
    return Theta(bands, horizon)
