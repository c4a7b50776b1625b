"""A small Transformer encoder over a series: steps embedded with their neighbours, positions, self-attention.

Zerveas et al. 2021, “A Transformer-based framework for multivariate time series representation learning”,
https://arxiv.org/abs/2010.02803; here with sinusoidal positions, so that any length fits, and normalisation first.
"""

from torch import Tensor, nn

from zoo.errors import ZooError
from zoo.sequence.attention import SelfAttention, positions
from zoo.sequence.convolution import StepConv
from zoo.sequence.masking import valid
from zoo.sequence.network import Network, end_of, front_of

LAYERS, HEADS, NEIGHBOURS = 3, 4, 5


class Encoder(nn.Module):
    """Steps (B, T, F) to steps (B, T, C)."""

    def __init__(self, features: int, width: int, dropout: float) -> None:
        super().__init__()
        self.width = width
        self.embed = StepConv(features, width, NEIGHBOURS)
        self.layers = nn.ModuleList(SelfAttention(width, HEADS, dropout) for _ in range(LAYERS))
        self.norm = nn.LayerNorm(width)

    def forward(self, steps: Tensor, lengths: Tensor) -> Tensor:
        """Return steps (B, T, C); those behind the lengths mean nothing."""
        mask = valid(lengths, steps.shape[1])
        found = self.embed(steps.transpose(1, 2)).transpose(1, 2)
        found = found + positions(found.shape[1], self.width).to(found)
        for layer in self.layers:
            found = layer(found, mask)
        return self.norm(found)


def build(
    classes: int,
    bands: int,
    *,
    output: str = "classify",
    horizon: int = 24,
    normalise: str = "auto",
    size: tuple[int, float] = (64, 0.1),
) -> Network:
    """Build an encoder of three layers; `size` is its width and dropout."""
    width, dropout = size
    if width % (2 * HEADS):
        raise ZooError(f"model.size={list(size)}: the width must be a multiple of {2 * HEADS}, as 64 is")
    body = Encoder(bands, width, dropout)
    return Network(front_of(bands, normalise, output), body, end_of(output, width, (classes, bands), horizon, dropout))
