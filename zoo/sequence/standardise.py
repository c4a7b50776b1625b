"""Standardisation as the first layer of a model: values in the user's units in, zero mean and unit deviation out.

The statistics are the model's own, so an exported model takes what a sensor gives. Kim et al. 2022, “Reversible Instance
Normalization”, https://openreview.net/forum?id=cGDAkQo1C0p, is the mode `series` with its way back.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from zoo.errors import ZooError, near
from zoo.sequence.masking import mean_over_time, valid

MODES = ("channel", "series", "none")
#: Deviations below this are those of a constant: it becomes 0, not noise blown up.
SMALLEST = 1e-6


class Standard(NamedTuple):
    """Values (B, T, F), 0 behind each length, and what was taken off: mean and deviation, (B, 1, F)."""

    values: Tensor
    mean: Tensor
    deviation: Tensor


class Standardise(nn.Module):
    """Takes mean and deviation of each feature off: of all training steps (`channel`), of the series (`series`), or none.

    The statistics of `channel` are gathered in training over every step seen so far, padding left out.
    """

    mean: Tensor
    square: Tensor
    steps: Tensor

    def __init__(self, features: int, mode: str) -> None:
        super().__init__()
        if mode not in MODES:
            raise ZooError(f"model.normalise={mode!r} is not known{near(mode, MODES)}; it is one of {', '.join(MODES)}")
        self.features, self.mode = features, mode
        if mode == "channel":
            self.register_buffer("mean", torch.zeros(features))
            self.register_buffer("square", torch.ones(features))  # mean of squared deviations
            self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def forward(self, inputs: Tensor, lengths: Tensor) -> Standard:
        """Standardise inputs (B, T, F) of these lengths (B,)."""
        _, T, F = inputs.shape
        if self.features != F:
            raise ZooError(f"inputs of shape {tuple(inputs.shape)} have {F} features; this model takes {self.features}")
        mask = valid(lengths, T)[..., None]
        values = inputs.float().masked_fill(~mask, 0.0)
        if self.mode == "channel" and self.training:
            self.gather(inputs.float()[mask[..., 0]])
        mean, deviation = self.statistics(values, lengths)
        return Standard(((values - mean) / deviation).masked_fill(~mask, 0.0), mean, deviation)

    def statistics(self, values: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and deviation (B, 1, F) for values (B, T, F)."""
        shape = (values.shape[0], 1, self.features)
        if self.mode == "none":
            return values.new_zeros(shape), values.new_ones(shape)
        if self.mode == "channel":
            return self.mean.expand(shape), at_least(self.square.sqrt()).expand(shape)
        mean = mean_over_time(values, lengths)[:, None]
        return mean, at_least(mean_over_time((values - mean).square(), lengths).sqrt())[:, None]

    @torch.no_grad()
    def gather(self, steps: Tensor) -> None:
        """Add steps (N, F) to the statistics, by the update of Chan, Golub and LeVeque 1979."""
        count, total = len(steps), int(self.steps) + len(steps)
        mean, square = steps.mean(dim=0), steps.var(dim=0, correction=0)
        apart, share = mean - self.mean, count / total
        self.square.mul_(1 - share).add_(share * square + share * (1 - share) * apart.square())
        self.mean.add_(share * apart)
        self.steps.fill_(total)


def at_least(deviation: Tensor) -> Tensor:
    """Return deviations, 1 in the place of those that are none."""
    return torch.where(deviation > SMALLEST, deviation, 1.0)
