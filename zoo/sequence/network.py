"""A general network over sequences: standardisation, a body that keeps the steps, and an end by what is asked.

The body is the model's own; the ends are the same for all: one answer a sequence, one a step, or quantiles of the future.
"""

from typing import Protocol

import torch
from torch import Tensor, nn

from zoo.errors import ZooError, near
from zoo.sequence.masking import mean_over_time
from zoo.sequence.standardise import Standard, Standardise

#: Quantiles of a forecast: Q = 9 levels, evenly between 0 and 1, are the deciles.
QUANTILES = 9


class Body(Protocol):
    """A module that makes steps (B, T, C) of steps (B, T, F) and lengths (B,), with `width` C."""

    width: int

    def __call__(self, steps: Tensor, lengths: Tensor) -> Tensor:
        """Return steps (B, T, C)."""


class Classify(nn.Module):
    """The mean over each sequence's own steps to logits (B, K)."""

    def __init__(self, width: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.dropout, self.classifier = nn.Dropout(dropout), nn.Linear(width, classes)

    def forward(self, steps: Tensor, lengths: Tensor, seen: Standard) -> Tensor:
        """Return logits (B, K) of steps (B, T, C)."""
        return self.classifier(self.dropout(mean_over_time(steps, lengths)))


class Tag(nn.Module):
    """Each step to logits (B, T, K)."""

    def __init__(self, width: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.dropout, self.classifier = nn.Dropout(dropout), nn.Linear(width, classes)

    def forward(self, steps: Tensor, lengths: Tensor, seen: Standard) -> Tensor:
        """Return logits (B, T, K) of steps (B, T, C)."""
        return self.classifier(self.dropout(steps))


class Forecast(nn.Module):
    """The last step to quantiles of the next H, (B, H, F, Q), in the units of the inputs.

    What is learnt is the way from the last value, in deviations of the series; the quantiles rise by softplus steps
    around their median, so they never cross.
    """

    def __init__(self, width: int, features: int, horizon: int, dropout: float) -> None:
        super().__init__()
        self.shape = (horizon, features, QUANTILES)
        self.dropout, self.regressor = nn.Dropout(dropout), nn.Linear(width, horizon * features * QUANTILES)

    def forward(self, steps: Tensor, lengths: Tensor, seen: Standard) -> Tensor:
        """Return quantiles (B, H, F, Q) of steps (B, T, C)."""
        last = (lengths - 1)[:, None, None]
        state = steps.gather(1, last.expand(-1, 1, steps.shape[2]))[:, 0]
        value = seen.values.gather(1, last.expand(-1, 1, seen.values.shape[2]))[:, :, :, None]  # (B, 1, F, 1)
        raw = self.regressor(self.dropout(state)).float().view(steps.shape[0], *self.shape)
        return (value + rising(raw)) * seen.deviation[..., None] + seen.mean[..., None]


def rising(raw: Tensor) -> Tensor:
    """Make of numbers (…, Q) ones that rise along Q: the middle one stays, the others are positive steps away from it."""
    middle = raw.shape[-1] // 2
    gaps = nn.functional.softplus(raw - 2.0)  # begins with small gaps: 0.13 deviations each
    below = gaps[..., :middle].flip(-1).cumsum(-1).flip(-1)
    above = gaps[..., middle + 1 :].cumsum(-1)
    centre = raw[..., middle : middle + 1]
    return torch.cat([centre - below, centre, centre + above], dim=-1)


class Network(nn.Module):
    """Standardisation, body, end."""

    def __init__(self, front: Standardise, body: Body, end: nn.Module) -> None:
        super().__init__()
        self.front, self.body, self.end = front, body, end

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return what is asked of inputs (B, T, F), in the user's units, of these lengths (B,)."""
        seen = self.front(inputs, lengths)
        return self.end(self.body(seen.values, lengths), lengths, seen)


def front_of(features: int, normalise: str, output: str) -> Standardise:
    """Return the front; `auto` takes training statistics, and each series' own for a forecast, where levels drift away."""
    settled = "series" if output == "forecast" else "channel"
    return Standardise(features, settled if normalise == "auto" else normalise)


def end_of(output: str, width: int, answers: tuple[int, int], horizon: int, dropout: float) -> nn.Module:
    """Return the end that `output` names, behind a body of so many channels; `answers` are classes and features."""
    classes, features = answers
    if output == "forecast":
        if horizon < 1:
            raise ZooError(f"model.horizon={horizon} must be a number of steps to look ahead, 1 or more")
        return Forecast(width, features, horizon, dropout)
    ends = {"classify": Classify, "tag": Tag}
    if output not in ends:
        known = (*ends, "forecast")
        raise ZooError(
            f"model.output={output!r} is nothing this model gives{near(output, known)}; it gives {', '.join(known)},"
            " and follows task.objective"
        )
    return ends[output](width, classes, dropout)
