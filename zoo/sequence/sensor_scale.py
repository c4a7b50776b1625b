"""Many sensors on one scale: each less its mean, in its deviations, both of training; and how they vary together."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from zoo.errors import ZooError
from zoo.sequence.closed_form import Batch
from zoo.sequence.masking import valid
from zoo.sequence.standardise import at_least


class SensorScale(nn.Module):
    """Inputs (B, T, F) to deviations from the mean of training; a sensor that was flat there keeps its unit."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.features = features
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("deviation", torch.ones(features))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return inputs on the scale."""
        if inputs.shape[2] != self.features:
            raise ZooError(
                f"inputs of shape {tuple(inputs.shape)} have {inputs.shape[2]} features; this model takes {self.features}"
            )
        return (inputs.float() - self.mean) / self.deviation

    def solve(self, batches: Sequence[Batch]) -> tuple[Tensor, Tensor]:
        """Set the scale by all training steps; return the variances (F,), small to large, and directions (F, F), float64."""
        steps = torch.cat([batch["inputs"][valid(batch["lengths"], batch["inputs"].shape[1])] for batch in batches])
        exact = steps.double()
        self.mean.copy_(exact.mean(dim=0))
        self.deviation.copy_(at_least(exact.std(dim=0, correction=0)))
        level = (exact - self.mean.double()) / self.deviation.double()
        values, vectors = torch.linalg.eigh(level.T @ level / len(level))
        return values.clamp(min=0), vectors
