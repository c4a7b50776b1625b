"""LTSF-Linear: one linear layer from the past to the future, which long held more than Transformers.

Zeng et al. 2023, “Are Transformers Effective for Time Series Forecasting?”, https://arxiv.org/abs/2205.13504, after their
https://github.com/cure-lab/LTSF-Linear (Apache-2.0); written for this zoo, with quantiles in the place of one value. NLinear
takes the last value off, DLinear parts the trend, a moving average, from the rest.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.errors import ZooError
from zoo.sequence.network import QUANTILES, rising
from zoo.sequence.standardise import Standardise

#: Steps of the moving average, as the authors have it.
AVERAGED = 25


class LinearForecast(nn.Module):
    """Series (B, T, F) to quantiles of their next H steps (B, H, F, Q); all features share the layers."""

    def __init__(self, features: int, horizon: int, context: int, decomposed: bool) -> None:
        super().__init__()
        if horizon < 1 or context < 1:
            raise ZooError(f"model.horizon={horizon} and model.context={context} must be numbers of steps, 1 or more")
        self.front, self.horizon, self.context = Standardise(features, "series"), horizon, context
        self.layers = nn.ModuleList(nn.Linear(context, horizon * QUANTILES) for _ in range(1 + decomposed))

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return quantiles (B, H, F, Q), in the units of the inputs."""
        B, _, C = inputs.shape
        seen = self.front(inputs, lengths)
        place = lengths[:, None] - self.context + torch.arange(self.context, device=inputs.device)
        rows = place.clamp(min=0)[..., None].expand(-1, -1, C)  # before its first step a series is as there
        past = seen.values.gather(1, rows).transpose(1, 2)  # (B, F, context)
        last = past[..., -1:]
        parts = [past - last] if len(self.layers) == 1 else decompose(past - last)
        raw = torch.stack([layer(part) for layer, part in zip(self.layers, parts, strict=True)]).sum(dim=0)
        said = rising(raw.float().view(B, C, self.horizon, QUANTILES)) + last[..., None]
        return said.transpose(1, 2) * seen.deviation[..., None] + seen.mean[..., None]


def decompose(past: Tensor) -> list[Tensor]:
    """Return the trend of steps (B, F, N), a moving average whose ends are held, and what is left."""
    held = F.pad(past, (AVERAGED // 2, AVERAGED // 2), mode="replicate")
    trend = F.avg_pool1d(held, AVERAGED, stride=1)
    return [trend, past - trend]


def build(
    classes: int, bands: int, *, horizon: int = 24, context: int = 96, decomposed: bool = False
) -> LinearForecast:
    """Build a linear forecast of the last `context` steps; with `decomposed` trend and rest have a layer each (DLinear)."""
    return LinearForecast(bands, horizon, context, decomposed)
