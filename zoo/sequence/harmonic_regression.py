"""Harmonic regression: the year as a few waves, fitted to each window, and what is left of the last days carried on.

Hyndman and Athanasopoulos 2021, “Forecasting: Principles and Practice”, section 10.5, https://otexts.com/fpp3/dhr.html. How
much of the last errors is left after each step is learnt from all training windows at once (ridge).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from zoo.errors import ZooError
from zoo.sequence.closed_form import ridge
from zoo.sequence.masking import valid
from zoo.sequence.point_forecast import PointForecast

#: What holds waves back that a window shorter than a period does not tell apart, in steps of weight.
HELD = 1.0
STRENGTHS = torch.logspace(-1, 4, 11)


class HarmonicRegression(PointForecast):
    """Series (B, T, F) to quantiles of their next H steps (B, H, F, Q), each feature by itself."""

    lags: Tensor

    def __init__(self, features: int, horizon: int, period: float, harmonics: int, order: int) -> None:
        super().__init__(features, horizon)
        if period <= 2 * harmonics or harmonics < 1 or order < 1:
            raise ZooError(
                f"model.period={period}, model.harmonics={harmonics} and model.order={order}: whole numbers of 1 or more, and"
                " a period of more than two steps a harmonic"
            )
        self.period, self.harmonics, self.order = period, harmonics, order
        #: How much of the last errors, the newest first, is left h steps on; as in a walk back by half a step, until solved.
        left = 0.5 ** torch.arange(1, horizon + 1)[None, None] * (torch.arange(order) == 0)[None, :, None]
        self.register_buffer("lags", left.expand(features, order, horizon).clone())

    def point(self, values: Tensor, lengths: Tensor) -> Tensor:
        """Return the waves H steps on, and what is left of the last errors there."""
        expected, errors = self.waves(values, lengths)
        return expected + torch.einsum("bkf,fkh->bhf", errors, self.lags)

    def waves(self, values: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the waves H steps on (B, H, F), and how far the last steps, the newest first, lie from them (B, order, F)."""
        _, T, C = values.shape
        # the last step of each series is the time 0, so that padding has no part in it
        time = torch.arange(T, device=values.device) - (lengths[:, None] - 1)
        basis = self.basis(time) * valid(lengths, T)[..., None]  # (B, T, N), float64
        held = HELD * torch.eye(basis.shape[2], dtype=basis.dtype, device=basis.device)
        held[0, 0] = 0.0  # the mean is free
        normal = basis.transpose(1, 2) @ basis + held
        weights = torch.linalg.solve(normal, basis.transpose(1, 2) @ values.double())  # (B, N, F)
        ahead = self.basis(torch.arange(1, self.horizon + 1, device=values.device)) @ weights
        place = lengths[:, None] - 1 - torch.arange(self.order, device=values.device)
        rows = place.clamp(min=0)[..., None].expand(-1, -1, C)
        errors = (values.double() - basis @ weights).gather(1, rows).masked_fill(place[..., None] < 0, 0.0)
        return ahead.to(values.dtype), errors.to(values.dtype)

    def basis(self, time: Tensor) -> Tensor:
        """Return 1, and sines and cosines (…, 1 + 2 K) of times (…), float64."""
        rates = 2 * torch.pi * torch.arange(1, self.harmonics + 1, device=time.device) / self.period
        angles = time[..., None].double() * rates.double()
        return torch.cat([torch.ones_like(angles[..., :1]), angles.sin(), angles.cos()], dim=-1)

    def settle(self, windows: Sequence[tuple[Tensor, Tensor, Tensor]]) -> None:
        """Learn how much of the last errors is left."""
        found = [self.waves(values, lengths) for values, lengths, _ in windows]
        errors = torch.cat([one for _, one in found])
        missed = torch.cat([future - one for (*_, future), (one, _) in zip(windows, found, strict=True)])
        for feature in range(errors.shape[2]):
            weights, _, _ = ridge(errors[..., feature], missed[..., feature], STRENGTHS)
            self.lags[feature] = weights


def build(
    classes: int,
    bands: int,
    *,
    horizon: int = 24,
    period: float = 365.25,
    harmonics: int = 2,
    order: int = 3,
) -> HarmonicRegression:
    """Build a regression on `harmonics` waves of a `period` in steps; the last `order` errors are carried on."""
    return HarmonicRegression(bands, horizon, period, harmonics, order)
