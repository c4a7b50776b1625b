"""PatchTST: a forecaster that reads a series in patches, each feature by itself, with self-attention over the patches.

Nie et al. 2023, https://arxiv.org/abs/2211.14730; sizes near the authors' https://github.com/yuqinie98/PatchTST
(Apache-2.0). It departs from them in its end: patches are counted from the last step backwards and pooled, so that any
length fits, and it gives quantiles in the place of one value.
"""

import torch
from torch import Tensor, nn

from zoo.sequence.attention import SelfAttention, positions
from zoo.sequence.masking import mean_over_time, valid
from zoo.sequence.network import QUANTILES, rising
from zoo.sequence.recurrent import turned
from zoo.sequence.standardise import Standardise

PATCH, STRIDE, HEADS = 16, 8, 4


class PatchTst(nn.Module):
    """Series (B, T, F) to quantiles of their next H steps (B, H, F, Q)."""

    def __init__(self, front: Standardise, horizon: int, size: tuple[int, int, float]) -> None:
        super().__init__()
        width, layers, dropout = size
        self.front, self.horizon, self.width = front, horizon, width
        self.embed = nn.Linear(PATCH, width)
        self.layers = nn.ModuleList(SelfAttention(width, HEADS, dropout) for _ in range(layers))
        self.norm, self.dropout = nn.LayerNorm(width), nn.Dropout(dropout)
        self.regressor = nn.Linear(2 * width, horizon * QUANTILES)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return quantiles (B, H, F, Q), in the units of the inputs."""
        B, T, F = inputs.shape
        seen = self.front(inputs, lengths)
        last = seen.values.gather(1, (lengths - 1)[:, None, None].expand(B, 1, F))  # (B, 1, F)
        each = lengths.repeat_interleave(F)
        backwards = turned((seen.values - last).transpose(1, 2).reshape(B * F, T, 1), each)[..., 0]
        state = self.read(backwards.masked_fill(~valid(each, T), 0.0), each)
        raw = self.regressor(self.dropout(state)).float().view(B, F, self.horizon, QUANTILES).transpose(1, 2)
        return (last[..., None] + rising(raw)) * seen.deviation[..., None] + seen.mean[..., None]

    def read(self, backwards: Tensor, lengths: Tensor) -> Tensor:
        """Return a state (N, 2 C) of series (N, T) that begin with their last step."""
        padded = nn.functional.pad(backwards, (0, PATCH))
        patches = self.embed(padded.unfold(1, PATCH, STRIDE))  # (N, P, C)
        count = torch.div(lengths + STRIDE - 1, STRIDE, rounding_mode="floor")
        mask = valid(count, patches.shape[1])
        steps = patches + positions(patches.shape[1], self.width).to(patches)
        for layer in self.layers:
            steps = layer(steps, mask)
        steps = self.norm(steps)
        return torch.cat([steps[:, 0], mean_over_time(steps, count)], dim=1)


def build(classes: int, bands: int, *, horizon: int = 24, size: tuple[int, int, float] = (64, 3, 0.1)) -> PatchTst:
    """Build a PatchTST for so many steps ahead; `size` is its width, layers and dropout."""
    return PatchTst(Standardise(bands, "series"), horizon, size)
