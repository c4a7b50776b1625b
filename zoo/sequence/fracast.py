"""Fracast: a forecaster that needs no training; one small filter at ten scales of time, 85,001 parameters.

Fracast-0, https://github.com/ztxtech/fracast-0 (Apache-2.0), which follows TinyCast, https://arxiv.org/abs/2608.15767. A
dilated causal convolution with the same parameters at the dilations 1 to 512 reads the last 2,048 steps of each series by
itself, with the phase in its periods; the next 48 steps are asked by learnt queries, and smoothed with what the season had
before. Written for this zoo; the quantiles are put in order.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.errors import ZooError
from zoo.sequence.network import QUANTILES
from zoo.sequence.periods import periods, phases, profile

#: Steps that are read, and that are foreseen at once; channels; periods that are looked for; numbers a scale is known by.
CONTEXT, BLOCK, WIDTH, PERIODS, SCALE = 2048, 48, 64, 4, 8
#: Dilations over the past, and over the future behind the last 128 steps of the past.
STAGES, AHEAD, SEED = 10, 6, 128
HIDDEN = 96
DECAYS = (0.5, 2.0, 8.0)


def nearness(steps: Tensor) -> Tensor:
    """Return (S, 5) numbers that say how far steps (S,) lie from the last of the context: bounded, and signed where two are."""
    away = (steps.float() - (CONTEXT - 1)) / CONTEXT
    far = away.abs()
    return torch.stack((away, away.sign() * far.log1p() / math.log(2), *((-d * far).exp() for d in DECAYS)), dim=1)


class Gated(nn.Module):
    """(…, C) to (…, C) by a hidden layer that another gates (SwiGLU)."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(WIDTH, 2 * HIDDEN), nn.Linear(HIDDEN, WIDTH)

    def forward(self, steps: Tensor) -> Tensor:
        """See the class."""
        gate, value = self.up(steps).chunk(2, dim=-1)
        return self.down(F.silu(gate) * value)


class Depthwise(nn.Module):
    """A causal convolution of each channel by itself, with any dilation: (N, S, C) to the same shape."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(WIDTH, 1, 3)), nn.Parameter(torch.zeros(WIDTH))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)

    def forward(self, steps: Tensor, dilation: int) -> Tensor:
        """See the class."""
        padded = F.pad(steps.transpose(1, 2), (2 * dilation, 0))
        return F.conv1d(padded, self.weight, self.bias, dilation=dilation, groups=WIDTH).transpose(1, 2)


class Filter(nn.Module):
    """The block: a depthwise convolution and a mix of channels, a gated layer, each beside what goes in and normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.depthwise, self.mix, self.gated = Depthwise(), nn.Linear(WIDTH, WIDTH), Gated()
        self.first, self.second = nn.RMSNorm(WIDTH), nn.RMSNorm(WIDTH)

    def forward(self, steps: Tensor, dilation: int) -> Tensor:
        """(N, S, C) to the same shape."""
        steps = self.first(steps + self.mix(self.depthwise(steps, dilation)))
        return self.second(steps + self.gated(steps))


class Smooth(nn.Module):
    """A depthwise convolution beside what goes in, normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.depthwise, self.norm = Depthwise(), nn.RMSNorm(WIDTH)

    def forward(self, steps: Tensor, dilation: int) -> Tensor:
        """(N, S, C) to the same shape."""
        return self.norm(steps + self.depthwise(steps, dilation))


class Fracast(nn.Module):
    """Series (B, T, F) to quantiles of their next H steps (B, H, F, Q), each feature by itself."""

    normalise = None
    any_bands = True

    def __init__(self, features: int, horizon: int) -> None:
        super().__init__()
        self.features, self.horizon = features, horizon
        self.enter, self.phase = nn.Linear(7, WIDTH), nn.Linear(2 * PERIODS, WIDTH)
        self.scale, self.filter, self.norm = nn.Linear(SCALE, 2 * WIDTH), Filter(), nn.RMSNorm(WIDTH)
        self.summary, self.queries = nn.Linear(2 * WIDTH + 5, WIDTH), nn.Parameter(torch.empty(BLOCK, WIDTH))
        nn.init.normal_(self.queries, std=WIDTH**-0.5)
        self.gated, self.gated_norm = Gated(), nn.RMSNorm(WIDTH)
        self.smooth = nn.ModuleList(Smooth() for _ in range(2))
        self.season, self.season_filter, self.season_leave = nn.Linear(6, WIDTH), Filter(), nn.Linear(WIDTH, WIDTH)
        self.leave = nn.Linear(WIDTH, QUANTILES)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return quantiles (B, H, F, Q), in the units of the inputs; beyond 48 steps the median is taken for seen."""
        B, T, C = inputs.shape
        if self.features != C:
            raise ZooError(f"inputs of shape {tuple(inputs.shape)} have {C} features; this model takes {self.features}")
        each = lengths.repeat_interleave(C)[:, None]
        place = each - CONTEXT + torch.arange(CONTEXT, device=inputs.device)  # the last steps, to the right
        series = inputs.transpose(1, 2).reshape(B * C, T).float().gather(1, place.clamp(min=0, max=T - 1))
        observed = (place >= 0) & series.isfinite()
        blocks = [self.block(series, observed)]
        for _ in range((self.horizon - 1) // BLOCK):
            series = torch.cat((series[:, BLOCK:], blocks[-1][..., QUANTILES // 2]), dim=1)
            observed = F.pad(observed[:, BLOCK:], (0, BLOCK), value=True)
            blocks.append(self.block(series, observed))
        found = torch.cat(blocks, dim=1)[:, : self.horizon]
        return found.sort(dim=2).values.view(B, C, self.horizon, QUANTILES).transpose(1, 2)

    def block(self, series: Tensor, observed: Tensor) -> Tensor:
        """Return quantiles (N, 48, Q) behind series (N, 2048), of which what is not observed may hold anything."""
        low = series.masked_fill(~observed, torch.inf).amin(dim=1, keepdim=True).nan_to_num(posinf=0.0)
        high = series.masked_fill(~observed, -torch.inf).amax(dim=1, keepdim=True).nan_to_num(neginf=0.0)
        span = (high - low).clamp(min=1e-5)
        values = torch.where(observed, (series - low) / span, 0.0)
        return self.foresee(values, observed) * span[..., None] + low[..., None]

    def foresee(self, values: Tensor, observed: Tensor) -> Tensor:
        """Return quantiles (N, 48, Q) behind values (N, 2048) between 0 and 1, 0 where nothing was observed."""
        mean = values.sum(dim=1, keepdim=True) / observed.sum(dim=1, keepdim=True).clamp(min=1)
        found = periods(torch.where(observed, values, mean), PERIODS)
        past = torch.arange(CONTEXT, device=values.device)
        near = nearness(past).expand(values.shape[0], -1, -1)
        steps = self.enter(torch.cat((values[..., None], observed[..., None].float(), near), dim=2))
        steps = steps + self.phase(phases(past, found))
        for stage in range(STAGES):
            factor, shift = self.scale(scale_of(stage).to(steps)).chunk(2)
            steps = self.filter(steps * (1 + factor) + shift, 2**stage)
        steps = self.norm(steps)
        ahead = torch.arange(CONTEXT, CONTEXT + BLOCK, device=values.device)
        return self.leave(
            self.ask(steps, ahead) + self.seasonal(steps, profile(values, observed, found[:, 0], ahead), ahead)
        )

    def ask(self, steps: Tensor, ahead: Tensor) -> Tensor:
        """Return states (N, 48, C) of the steps ahead by what is known of the whole past (N, 2048, C)."""
        known = torch.cat((steps.mean(dim=1), steps[:, -1]), dim=1)[:, None].expand(-1, BLOCK, -1)
        near = nearness(ahead).expand(steps.shape[0], -1, -1)
        states = self.summary(torch.cat((near, known), dim=2)) + self.queries
        states = self.gated_norm(states + self.gated(states))
        for i, smooth in enumerate(self.smooth):
            states = smooth(states, 2**i)
        return states

    def seasonal(self, steps: Tensor, expected: Tensor, ahead: Tensor) -> Tensor:
        """Return states (N, 48, C) of the steps ahead that go on from the past with what the season had before (N, 48)."""
        near = nearness(ahead).expand(steps.shape[0], -1, -1)
        states = torch.cat((steps[:, -SEED:], self.season(torch.cat((expected[..., None], near), dim=2))), dim=1)
        for stage in range(AHEAD):
            states = self.season_filter(states, 2**stage)
        return self.season_leave(states[:, -BLOCK:])

    def load_backbone(self, state: dict[str, Tensor]) -> None:
        """Load the published parameters, in our names."""
        self.load_state_dict(state)


def scale_of(stage: int) -> Tensor:
    """Return (8,) sines and cosines that say which power of two a dilation is."""
    angles = stage / 2.0 ** torch.arange(SCALE // 2) * math.pi
    return torch.cat((angles.sin(), angles.cos()))


def build(classes: int, bands: int, *, horizon: int = 24) -> Fracast:
    """Build the network for `bands` series at once; it foresees 48 steps at a time, and `horizon` may be more or less."""
    if horizon < 1:
        raise ZooError(f"model.horizon={horizon} must be a number of steps to look ahead, 1 or more")
    return Fracast(bands, horizon)
