"""TCN: a temporal convolutional network, residual blocks of causal convolutions whose dilation doubles.

Bai et al. 2018, https://arxiv.org/abs/1803.01271; layers as in the authors' code, https://github.com/locuslab/TCN (MIT),
with batch normalisation over valid steps in place of their weight normalisation.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from zoo.sequence.convolution import StepConv, StepNorm
from zoo.sequence.network import Network, end_of, front_of

#: Steps a kernel sees, and blocks; together they look 2 · 4 · (2⁶ - 1) = 504 steps back.
KERNEL, BLOCKS = 5, 6


class Block(nn.Module):
    """Two causal convolutions of one dilation, and a way around them."""

    def __init__(self, inputs: int, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.first = StepConv(inputs, width, KERNEL, dilation, causal=True)
        self.second = StepConv(width, width, KERNEL, dilation, causal=True)
        self.norms = nn.ModuleList([StepNorm(width), StepNorm(width)])
        self.around = nn.Conv1d(inputs, width, 1) if inputs != width else nn.Identity()
        self.dropout = nn.Dropout(dropout)

    def forward(self, steps: Tensor, lengths: Tensor) -> Tensor:
        """Return steps (B, C, T), not 0 behind the lengths."""
        found = self.dropout(F.relu(self.norms[0](self.first(steps), lengths)))
        found = self.dropout(F.relu(self.norms[1](self.second(found), lengths)))
        return F.relu(found + self.around(steps))


class Tcn(nn.Module):
    """Steps (B, T, F) to steps (B, T, C), each of which sees none after it."""

    def __init__(self, features: int, width: int, dropout: float) -> None:
        super().__init__()
        self.width = width
        self.blocks = nn.ModuleList(Block(width if i else features, width, 2**i, dropout) for i in range(BLOCKS))

    def forward(self, steps: Tensor, lengths: Tensor) -> Tensor:
        """Return steps (B, T, C); those behind the lengths mean nothing."""
        steps = steps.transpose(1, 2)
        for block in self.blocks:
            steps = block(steps, lengths)
        return steps.transpose(1, 2)


def build(
    classes: int,
    bands: int,
    *,
    output: str = "classify",
    horizon: int = 24,
    normalise: str = "auto",
    size: tuple[int, float] = (64, 0.1),
) -> Network:
    """Build a TCN; `size` is its width and dropout."""
    width, dropout = size
    body = Tcn(bands, width, dropout)
    return Network(front_of(bands, normalise, output), body, end_of(output, width, (classes, bands), horizon, dropout))
