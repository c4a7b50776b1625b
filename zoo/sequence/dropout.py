"""SpecAugment's masks as a layer: in training, a stripe of time and a stripe of bands of each spectrogram are hidden.

Source: Park et al. 2019, https://arxiv.org/abs/1904.08779 (the masks, without time warping).
"""

import torch
from torch import Tensor, nn

from zoo.sequence.masking import valid


class StripeDropout(nn.Module):
    """Hides up to the share `time` of a sequence's own steps and up to the share `bands` of the bands; off in evaluation."""

    def __init__(self, time: float, bands: float) -> None:
        super().__init__()
        self.time, self.bands = time, bands

    def forward(self, maps: Tensor, lengths: Tensor) -> Tensor:
        """Return maps (B, C, T, M) of these lengths (B,) with stripes of zeros."""
        if not self.training:
            return maps
        B, _, T, M = maps.shape
        steps = stripe(lengths, self.time, T)[:, None, :, None]
        bands = stripe(lengths.new_full((B,), M), self.bands, M)[:, None, None, :]
        return maps.masked_fill(steps | bands, 0.0)


def stripe(lengths: Tensor, share: float, size: int) -> Tensor:
    """Draw a mask (B, size): True in one stripe inside each length, of a width up to `share` of the length."""
    draws = torch.rand(2, len(lengths), device=lengths.device)
    width = (draws[0] * share * lengths).round().long()
    start = (draws[1] * (lengths - width + 1)).long()
    return valid(start + width, size) & ~valid(start, size)
