"""A layer of self-attention over steps that masks padding, and sinusoidal positions for any length.

Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; normalisation first, as in Xiong et al. 2020,
https://arxiv.org/abs/2002.04745.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SelfAttention(nn.Module):
    """Attention of every step to every valid step, then two linear layers, each with a way around it."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.asking, self.telling = nn.Linear(width, width), nn.Linear(width, 2 * width, bias=False)
        self.mixing, self.dropout = nn.Linear(width, width), nn.Dropout(dropout)
        self.wide, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        """Return steps (B, T, C); `mask (B, T)` is True where a step is valid."""
        steps = steps + self.dropout(self.mixing(self.attend(self.norms[0](steps), mask)))
        return steps + self.dropout(self.narrow(F.gelu(self.wide(self.norms[1](steps)))))

    def attend(self, steps: Tensor, mask: Tensor) -> Tensor:
        """Return for each of the steps (B, T, C) what it finds in the valid ones."""
        B, T, C = steps.shape
        query = self.asking(steps)
        key, value = self.telling(steps).chunk(2, dim=2)
        query, key, value = (x.view(B, T, self.heads, C // self.heads).transpose(1, 2) for x in (query, key, value))
        found = F.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None])
        return found.transpose(1, 2).reshape(B, T, C)


def positions(steps: int, width: int) -> Tensor:
    """Return sines and cosines (T, C) of the positions 0 … T - 1."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angles = torch.arange(steps)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)[:, :width]
