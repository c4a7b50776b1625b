"""Hotelling's T²: how far the features of a step lie from their means together, by how they vary together in training.

Hotelling 1947, “Multivariate quality control”; the plain baseline of many sensors, after Montgomery, “Introduction to
Statistical Quality Control”, chapter 11. Solved for at once.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from zoo.sequence.closed_form import Batch, ClosedForm
from zoo.sequence.masking import valid
from zoo.sequence.sensor_scale import SensorScale
from zoo.sequence.streaming import rested

#: Directions that vary less than this share of a sensor's own variance count as much as if they did: no noise blown up.
LEAST = 1e-4


class HotellingT2(ClosedForm):
    """Series (B, T, F) to scores (B, T), the squared Mahalanobis distances of the steps from the mean of training."""

    whitening: Tensor

    def __init__(self, features: int, rest: int) -> None:
        super().__init__()
        self.scale, self.rest = SensorScale(features), rest
        self.register_buffer("whitening", torch.eye(features))

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return scores (B, T) of inputs (B, T, F); each sees its own step only."""
        found = (self.scale(inputs) @ self.whitening).square().sum(dim=2)
        return rested(found, self.rest).masked_fill(~valid(lengths, inputs.shape[1]), 0.0)

    @torch.no_grad()
    def solve(self, batches: Sequence[Batch]) -> None:
        """Set mean, deviations and the directions of the training steps."""
        values, vectors = self.scale.solve(batches)
        self.whitening.copy_((vectors / values.clamp(min=LEAST).sqrt()).float())


def build(classes: int, bands: int, *, rest: int = 0) -> HotellingT2:
    """Build T² over the features; `rest`: steps after an alarm that only a higher one ends."""
    return HotellingT2(bands, rest)
