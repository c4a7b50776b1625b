"""Mel-frequency cepstral coefficients as the first layer of a model, and their normalisation by each recording itself.

Davis and Mermelstein 1980, https://doi.org/10.1109/TASSP.1980.1163420, with librosa's scale: the orthonormal cosine transform
(type II) of decibels in mel bands. Few coefficients keep the shape of a vocal tract and leave the pitch out.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.errors import ZooError
from zoo.sequence.logmel import LogMel
from zoo.sequence.masking import mean_over_time, valid
from zoo.sequence.warp import Warp

#: Decibels for each natural logarithm of an energy.
DECIBELS = 10.0 / math.log(10.0)


class Mfcc(nn.Module):
    """The first `coefficients` cepstral coefficients of waveforms, of the frames of a log-mel front end."""

    cosines: Tensor

    def __init__(self, logmel: LogMel, coefficients: int) -> None:
        super().__init__()
        self.logmel = logmel
        self.register_buffer("cosines", cosines(logmel.bands, coefficients), persistent=False)

    def forward(self, waves: Tensor, lengths: Tensor) -> Tensor:
        """Return coefficients (B, T', N) of waveforms (B, T) of these lengths (B,)."""
        return DECIBELS * self.logmel(waves, lengths) @ self.cosines


class Cepstra(nn.Module):
    """Cepstral coefficients without what belongs to the speaker's voice, room and microphone, over a whole recording.

    High frequencies are lifted (first difference, `lift` of the sample before), energies more than `depth` decibels below the
    loudest are floored, and each coefficient has mean 0 and deviation 1 over the recording. Atal 1974,
    https://doi.org/10.1121/1.1914702; Viikki and Laurila 1998, https://doi.org/10.1016/S0167-6393(98)00033-8.
    In training the log-mel frames are warped first, as `warp` says.
    """

    def __init__(self, mfcc: Mfcc, warp: Warp, lift: float = 0.97, depth: float = 39.0) -> None:
        super().__init__()
        self.mfcc, self.warp, self.lift, self.depth = mfcc, warp, lift, depth

    @property
    def width(self) -> int:
        """The number of coefficients."""
        return self.mfcc.cosines.shape[1]

    def forward(self, waves: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return coefficients (B, T', N), 0 behind their lengths (B,), of waveforms (B, T) of lengths (B,)."""
        waves = waves.masked_fill(~valid(lengths, waves.shape[1]), 0.0)
        waves = torch.cat([waves[:, :1], waves[:, 1:] - self.lift * waves[:, :-1]], dim=1)
        logs, steps = self.mfcc.logmel(waves, lengths), self.mfcc.logmel.steps(lengths)
        logs, steps = self.warp(logs, steps)
        mask = valid(steps, logs.shape[1])[..., None]
        loudest = logs.masked_fill(~mask, -math.inf).amax(dim=(1, 2), keepdim=True)
        # the logarithm of both energies' sum, above the lower one: what is alike in all frames the mean takes away
        found = F.softplus(logs - (loudest - self.depth / DECIBELS)) @ self.mfcc.cosines
        found = (found - mean_over_time(found, steps)[:, None]).masked_fill(~mask, 0.0)
        spread = mean_over_time(found.square(), steps)[:, None]
        return found / (spread + 0.05).sqrt(), steps  # what hardly moves is not blown up


def cosines(bands: int, coefficients: int) -> Tensor:
    """Return the orthonormal cosine transform of type II, (M, N): the first N of M rows."""
    if not 1 <= coefficients <= bands:
        raise ZooError(f"{coefficients} cepstral coefficients cannot come from {bands} mel bands; take 1 to {bands}")
    band, order = torch.arange(bands, dtype=torch.float64)[:, None], torch.arange(coefficients, dtype=torch.float64)
    table = torch.cos(math.pi * order * (band + 0.5) / bands) * math.sqrt(2.0 / bands)
    table[:, 0] /= math.sqrt(2.0)
    return table.float()
