"""DeepSEA: three convolutions over DNA, pooled between, and two linear layers.

Zhou and Troyanskaya 2015, https://doi.org/10.1038/nmeth.3547; layers as in the paper's supplement, with `size` in the
place of its 320, 480, 960 motifs over 1,000 bases, batch normalisation over valid steps, and an end for any length.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.sequence.convolution import StepConv, StepNorm, max_pool
from zoo.sequence.masking import mean_over_time, valid
from zoo.sequence.nucleotides import OneHot

KERNEL = 8


class DeepSea(nn.Module):
    """Letters (B, T, 1) to logits (B, K)."""

    def __init__(self, classes: int, front: OneHot, size: tuple[int, ...], pool: int, dropout: float) -> None:
        super().__init__()
        self.front, self.pool = front, pool
        sizes = [4, *size]
        self.layers = nn.ModuleList(StepConv(a, b, KERNEL) for a, b in zip(sizes, size, strict=False))
        self.norms = nn.ModuleList(StepNorm(width) for width in size)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Sequential(nn.Linear(2 * size[-1], size[-1]), nn.ReLU(), nn.Linear(size[-1], classes))

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, K) of letters (B, T, 1)."""
        steps = self.front(inputs, lengths).transpose(1, 2)
        for index, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            steps = self.dropout(F.relu(norm(layer(steps), lengths)))
            if index + 1 < len(self.layers):  # every answer is 0 or more, so zeros behind the end never win
                steps = max_pool(F.pad(steps, (0, self.pool - 1)), self.pool, self.pool)  # what is left over counts too
                lengths = torch.div(lengths + self.pool - 1, self.pool, rounding_mode="floor")
                steps = steps * valid(lengths, steps.shape[2])[:, None]
        parts = [mean_over_time(steps.transpose(1, 2), lengths), steps.amax(dim=2)]
        return self.classifier(torch.cat(parts, dim=1))


def build(
    classes: int,
    bands: int,
    *,
    size: tuple[int, ...] = (64, 96, 128),
    pool: int = 2,
    dropout: float = 0.2,
) -> DeepSea:
    """Build a DeepSEA; `size` are the motifs of its layers, between which `pool` steps become one."""
    return DeepSea(classes, OneHot(bands), tuple(size), pool, dropout)
