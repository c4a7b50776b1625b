"""InceptionTime: residual inception blocks over a series, kernels of three lengths side by side.

Ismail Fawaz et al. 2020, https://arxiv.org/abs/1909.04939; layers as in the authors' code,
https://github.com/hfawaz/InceptionTime (GPL-3.0, no code taken): one network, where they average five.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.sequence.convolution import StepConv, StepNorm, max_pool
from zoo.sequence.masking import valid
from zoo.sequence.network import Network, end_of, front_of

KERNELS = (39, 19, 9)


class Inception(nn.Module):
    """A bottleneck, three convolutions and a pooled path side by side, normalised."""

    def __init__(self, inputs: int, filters: int) -> None:
        super().__init__()
        narrow = filters if inputs > 1 else 1
        self.bottleneck = StepConv(inputs, filters, 1) if inputs > 1 else nn.Identity()
        self.kernels = nn.ModuleList(StepConv(narrow, filters, kernel) for kernel in KERNELS)
        self.pooled = StepConv(inputs, filters, 1)
        self.norm = StepNorm(filters * (len(KERNELS) + 1))

    def forward(self, steps: Tensor, lengths: Tensor) -> Tensor:
        """Return steps (B, 4 · filters, T), 0 behind the lengths."""
        outside = ~valid(lengths, steps.shape[2])[:, None]
        highest = max_pool(steps.masked_fill(outside, -torch.inf), 3, 1, 1).masked_fill(outside, 0.0)
        narrow = self.bottleneck(steps)
        found = [kernel(narrow) for kernel in self.kernels] + [self.pooled(highest)]
        return self.norm(torch.cat(found, dim=1), lengths)


class Residual(nn.Module):
    """Three inception modules and a way around them."""

    def __init__(self, inputs: int, filters: int) -> None:
        super().__init__()
        width = filters * (len(KERNELS) + 1)
        self.modules_ = nn.ModuleList(Inception(size, filters) for size in (inputs, width, width))
        self.around, self.norm = StepConv(inputs, width, 1), StepNorm(width)

    def forward(self, steps: Tensor, lengths: Tensor) -> Tensor:
        """Return steps (B, 4 · filters, T), 0 behind the lengths."""
        around = self.norm(self.around(steps), lengths)
        for index, module in enumerate(self.modules_):
            steps = module(steps, lengths)
            steps = F.relu(steps if index < 2 else steps + around)
        return steps


class InceptionTime(nn.Module):
    """Steps (B, T, F) to steps (B, T, C)."""

    def __init__(self, features: int, filters: int, depth: int) -> None:
        super().__init__()
        self.width = filters * (len(KERNELS) + 1)
        self.blocks = nn.ModuleList(Residual(self.width if i else features, filters) for i in range(depth // 3))

    def forward(self, steps: Tensor, lengths: Tensor) -> Tensor:
        """Return steps (B, T, C), 0 behind the lengths."""
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
    size: tuple[int, int] = (32, 6),
) -> Network:
    """Build an InceptionTime; `size` is the filters of a kernel and the depth, a multiple of 3."""
    body = InceptionTime(bands, *size)
    return Network(front_of(bands, normalise, output), body, end_of(output, body.width, (classes, bands), horizon, 0.0))
