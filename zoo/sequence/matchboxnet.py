"""MatchboxNet: separable convolutions over time alone, whose channels are the cepstral coefficients of a recording.

Majumdar and Ginsburg 2020, “MatchboxNet: 1D Time-Channel Separable Convolutional Neural Network Architecture for Speech
Commands Recognition”, https://arxiv.org/abs/2004.08531. It departs from the paper where a few speakers have to do for all:
coefficients are normalised by each recording (zoo/sequence/mfcc.py), training hears other tracts and paces
(zoo/sequence/warp.py), a block's way around is the identity, and the mean over time is followed by the classifier.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.errors import ZooError
from zoo.sequence.convolution import StepConv, StepNorm
from zoo.sequence.dropout import stripe
from zoo.sequence.logmel import LogMel
from zoo.sequence.masking import mean_over_time
from zoo.sequence.mfcc import Cepstra, Mfcc
from zoo.sequence.warp import Warp
from zoo.sequence.waves import flat

#: Mel bands under the coefficients, and the lowest frequency, Hz, above the hum of the mains.
MEL_BANDS, LOWEST = 24, 100.0


class Block(nn.Module):
    """A convolution over time of each channel, a mix of the channels, normalisation, ReLU; with a way around it."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.over_time = StepConv(width, width, kernel, groups=width)
        self.mix, self.norm = nn.Conv1d(width, width, 1, bias=False), StepNorm(width)

    def forward(self, steps: Tensor, lengths: Tensor) -> Tensor:
        """Return steps (B, C, T) of steps (B, C, T), 0 behind each length."""
        return steps + F.relu(self.norm(self.mix(self.over_time(steps)), lengths))


class MatchboxNet(nn.Module):
    """Waveforms (B, T, F) and lengths (B,) to logits (B, K)."""

    def __init__(self, classes: int, features: int, front: Cepstra, size: tuple[int, int, int], dropout: float) -> None:
        super().__init__()
        blocks, width, kernel = size
        self.features, self.front = features, front
        self.stem, self.stem_norm = StepConv(features * front.width, width, 5), StepNorm(width)
        self.blocks = nn.ModuleList(Block(width, kernel) for _ in range(blocks))
        self.dropout, self.classifier = nn.Dropout(dropout), nn.Linear(width, classes)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, K) of waveforms (B, T, F), in [-1, 1], of these lengths (B,) in samples."""
        steps, lengths = self.cepstra(inputs, lengths)
        steps = self.stem(self.hide(steps, lengths))[..., ::2]
        lengths = torch.div(lengths + 1, 2, rounding_mode="floor")
        steps = F.relu(self.stem_norm(steps, lengths))
        for block in self.blocks:
            steps = block(steps, lengths)
        return self.classifier(self.dropout(mean_over_time(steps.transpose(1, 2), lengths)))

    def cepstra(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return coefficients of all waveforms (B, F · N, T') of waveforms (B, T, F), and their lengths (B,)."""
        B, C = inputs.shape[0], self.features
        found, steps = self.front(*flat(inputs, lengths, C))  # (B · F, T', N)
        rows = found.view(B, C, *found.shape[1:]).transpose(2, 3)
        return rows.reshape(B, -1, found.shape[1]), steps[::C]

    def hide(self, steps: Tensor, lengths: Tensor) -> Tensor:
        """Set a stretch of time, up to a fifth, and up to a fifth of the coefficients to 0, in training."""
        if not self.training:
            return steps
        B, C, T = steps.shape
        keep = torch.rand(B, C, device=steps.device) >= 0.2 * torch.rand(B, 1, device=steps.device)
        return steps * (keep[..., None] & ~stripe(lengths, 0.2, T)[:, None])


def build(
    classes: int,
    bands: int,
    *,
    sample_rate: int = 16000,
    coefficients: int = 13,
    size: tuple[int, int, int] = (3, 96, 9),
    warp: tuple[float, float] = (0.3, 0.18),
    dropout: float = 0.2,
) -> MatchboxNet:
    """Build a MatchboxNet; `warp` are the most by which training changes pace and tract, as shares.

    `size` are the blocks, their channels, and the kernel over time, in steps of 20 ms.
    """
    if min(size) < 1:
        raise ZooError(f"model.size={size} must be blocks, channels and kernel, each 1 or more")
    logmel = LogMel(sample_rate, MEL_BANDS, window=0.03, hop=0.01, low=LOWEST, floor=1e-10)
    front = Cepstra(Mfcc(logmel, coefficients), Warp(logmel, *warp, together=bands))
    return MatchboxNet(classes, bands, front, size, dropout)
