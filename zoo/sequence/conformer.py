"""Conformer: self-attention for what is far, convolution for what is near, in one block; a symbol a step for CTC.

Gulati et al. 2020, “Conformer: Convolution-augmented Transformer for Speech Recognition”,
https://arxiv.org/abs/2005.08100; attention with relative positions: Dai et al. 2019, https://arxiv.org/abs/1901.02860,
appendix B. Smaller than the paper's small one (10 M parameters), for hours of speech and not for hundreds of them.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.errors import ZooError
from zoo.sequence.attention import positions
from zoo.sequence.convolution import StepConv, StepNorm
from zoo.sequence.dropout import StripeDropout
from zoo.sequence.logmel import LogMel
from zoo.sequence.masking import TimeConv, valid
from zoo.sequence.waves import LevelledLogMel

MEL_BANDS = 40
#: Channels of the two convolutions that take a quarter of the steps, and the kernel over time of each block.
STEM, KERNEL = 32, 15


class FeedForward(nn.Sequential):
    """Two linear layers with four times the width between."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__(
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Linear(4 * width, width),
            nn.Dropout(dropout),
        )


class RelativeAttention(nn.Module):
    """Self-attention that knows how far a step is from another, and not where it is."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.norm = heads, nn.LayerNorm(width)
        self.asking, self.telling = nn.Linear(width, width), nn.Linear(width, 2 * width, bias=False)
        self.placing, self.mixing = nn.Linear(width, width, bias=False), nn.Linear(width, width)
        self.by_content = nn.Parameter(torch.zeros(heads, 1, width // heads))
        self.by_place = nn.Parameter(torch.zeros(heads, 1, width // heads))
        self.dropout = nn.Dropout(dropout)

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        """Return what each of the steps (B, T, C) finds in those that are valid under the mask (B, T)."""
        B, T, C = steps.shape
        normal = self.norm(steps)
        key, value = (self.split(part) for part in self.telling(normal).chunk(2, dim=2))
        query = self.split(self.asking(normal))  # (B, H, T, C / H)
        places = self.split(self.placing(relative_positions(T, C).to(steps)[None]))  # (1, H, 2 T - 1, C / H)
        far = shifted((query + self.by_place) @ places.transpose(2, 3)) * (C // self.heads) ** -0.5
        far = far.masked_fill(~mask[:, None, None], float("-inf"))
        found = F.scaled_dot_product_attention(query + self.by_content, key, value, attn_mask=far.to(query.dtype))
        return self.dropout(self.mixing(found.transpose(1, 2).reshape(B, T, C)))

    def split(self, steps: Tensor) -> Tensor:
        """Return steps (B, T, C) by head, (B, H, T, C / H)."""
        return steps.view(*steps.shape[:2], self.heads, -1).transpose(1, 2)


def relative_positions(steps: int, width: int) -> Tensor:
    """Return sines and cosines (2 T - 1, C) of the distances T - 1 … 0 … 1 - T; only sines tell the sides."""
    ahead = positions(steps, width)
    sign = torch.tensor([-1.0, 1.0]).repeat(width // 2)
    return torch.cat([ahead.flip(0), ahead[1:] * sign])


def shifted(scores: Tensor) -> Tensor:
    """Return scores by key (B, H, T, T) of scores by distance (B, H, T, 2 T - 1): row i is read from T - 1 - i on."""
    B, H, T, D = scores.shape
    padded = F.pad(scores, (1, 0)).view(B, H, D + 1, T)
    return padded[:, :, 1:].reshape(B, H, T, D)[..., :T]


class Convolution(nn.Module):
    """A gate, a convolution over time of each channel, normalisation, and a mix of the channels."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm, self.gate = nn.LayerNorm(width), nn.Linear(width, 2 * width)
        self.over_time, self.normalise = StepConv(width, width, KERNEL, groups=width), StepNorm(width)
        self.mixing, self.dropout = nn.Linear(width, width), nn.Dropout(dropout)

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        """Return steps (B, T, C) of steps (B, T, C), under the mask (B, T)."""
        gated = F.glu(self.gate(self.norm(steps)), dim=2).masked_fill(~mask[..., None], 0.0)
        near = F.silu(self.normalise(self.over_time(gated.transpose(1, 2)), mask.sum(dim=1)))
        return self.dropout(self.mixing(near.transpose(1, 2)))


class Block(nn.Module):
    """Half a feed-forward, attention, convolution, the other half; each with a way around it."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.first, self.second = FeedForward(width, dropout), FeedForward(width, dropout)
        self.attention, self.convolution = RelativeAttention(width, heads, dropout), Convolution(width, dropout)
        self.norm = nn.LayerNorm(width)

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        """Return steps (B, T, C) of steps (B, T, C), under the mask (B, T)."""
        steps = steps + self.first(steps) / 2
        steps = steps + self.attention(steps, mask)
        steps = steps + self.convolution(steps, mask)
        return self.norm(steps + self.second(steps) / 2)


class Conformer(nn.Module):
    """Waveforms (B, T, F) and lengths (B,) to logits (B, T', K), one each 40 ms; class 0 is the blank of CTC."""

    def __init__(self, classes: int, front: LevelledLogMel, size: tuple[int, int, int], dropout: float) -> None:
        super().__init__()
        width, blocks, heads = size
        self.front, self.hide = front, StripeDropout(0.1, 0.3)
        self.stem = nn.ModuleList(TimeConv(inputs, STEM, (3, 3), (2, 2)) for inputs in (front.features, STEM))
        self.entry, self.dropout = nn.Linear(STEM * MEL_BANDS // 4, width), nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(blocks))
        self.classifier = nn.Linear(width, classes)

    def output_lengths(self, lengths: Tensor) -> Tensor:
        """Return how many steps (B,) come out of so many samples (B,)."""
        lengths = self.front.steps(lengths)
        for convolution in self.stem:
            lengths = convolution.steps(lengths)  # type: ignore[operator]
        return lengths

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, T', K) of waveforms (B, T, F), in [-1, 1], of these lengths (B,) in samples."""
        maps, lengths = self.front(inputs, lengths)
        maps = self.hide(maps, lengths)
        for convolution in self.stem:
            lengths = convolution.steps(lengths)  # type: ignore[operator]
            maps = F.relu(convolution(maps))
            maps = maps * valid(lengths, maps.shape[2])[:, None, :, None]
        mask = valid(lengths, maps.shape[2])
        steps = self.dropout(self.entry(maps.transpose(1, 2).flatten(2)))
        for block in self.blocks:
            steps = block(steps, mask)
        return self.classifier(steps)


def build(
    classes: int,
    bands: int,
    *,
    sample_rate: int = 16000,
    width: int = 96,
    blocks: int = 4,
    heads: int = 4,
    dropout: float = 0.1,
) -> Conformer:
    """Build a Conformer of so many blocks and channels, which the heads share."""
    if width % (2 * heads) or blocks < 1:
        raise ZooError(
            f"model.width={width} must be a multiple of 2 · model.heads={heads}, model.blocks={blocks} 1 or more"
        )
    front = LevelledLogMel(bands, LogMel(sample_rate, MEL_BANDS, window=0.025, hop=0.01))
    return Conformer(classes, front, (width, blocks, heads), dropout)
