"""Head: reads a score for each class and the code of a box from every cell of every feature map.

Follows RTMDet (Lyu et al. 2022, https://arxiv.org/abs/2212.07784), section 3.1: the convolutions are shared by all
maps, the batch norms are each map's own. The start of the class bias is RetinaNet's (https://arxiv.org/abs/1708.02002).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

PRIOR = 0.01  # score of everything at the start


class Tower(nn.Module):
    """`depth` separable 3×3 convolutions, shared by all levels; each level has its own batch norms."""

    def __init__(self, channels: int, depth: int, levels: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
                nn.Conv2d(channels, channels, 1, bias=False),
            )
            for _ in range(depth)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels) for _ in range(levels * depth))  # level by level

    def forward(self, feature: Tensor, level: int) -> Tensor:
        """(B, channels, H, W) of that level to the same shape."""
        first = level * len(self.convolutions)
        for i, convolution in enumerate(self.convolutions):
            feature = silu(self.norms[first + i](convolution(feature)))
        return feature


class DenseHead(nn.Module):
    """Class logits and box codes for every point: one tower for what is there, one for where its sides are.

    `start` is the code (F,) of every point before training.
    """

    def __init__(self, channels: int, classes: int, start: Sequence[float], levels: int, depth: int = 2) -> None:
        super().__init__()
        self.what = Tower(channels, depth, levels)
        self.where = Tower(channels, depth, levels)
        self.logits = nn.Conv2d(channels, classes, 1)
        self.code = nn.Conv2d(channels, len(start), 1)
        for layer, bias in ((self.logits, [math.log(PRIOR / (1 - PRIOR))]), (self.code, start)):
            nn.init.normal_(layer.weight, std=0.01)
            if layer.bias is not None:
                layer.bias.data[:] = torch.tensor(bias)

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Maps (B, channels, H_i, W_i), finest first, to logits (B, P, K) and codes (B, P, F), P in `points.pyramid` order."""
        logits = [self.logits(self.what(feature, level)) for level, feature in enumerate(features)]
        codes = [self.code(self.where(feature, level)) for level, feature in enumerate(features)]
        return flatten(logits), flatten(codes)


def flatten(maps: Sequence[Tensor]) -> Tensor:
    """Maps (B, F, H_i, W_i) to float32 (B, P, F), the cells row by row, one map after the other."""
    return torch.cat([m.flatten(2).transpose(1, 2) for m in maps], dim=1).float()
