"""Other voices and other paces in training: log-mel frames stretched over time, and their bands moved along the mel scale.

Vocal tract length perturbation: Jaitly and Hinton 2013, “Vocal Tract Length Perturbation (VTLP) improves speech recognition”;
a shorter tract raises all resonances by one factor. Done on frames it costs a tenth of what it does on waveforms.
"""

import math

import torch
from torch import Tensor, nn

from zoo.sequence.logmel import LogMel, to_hertz, to_mel


class Warp(nn.Module):
    """In training, each sequence gets a pace and a tract of its own: factors between 1 / (1 + most) and 1 + most.

    `together` sequences that follow one another are of one voice, heard by several microphones, and get the same.
    """

    centres: Tensor

    def __init__(self, logmel: LogMel, pace: float, tract: float, together: int = 1) -> None:
        super().__init__()
        self.pace, self.tract, self.together = pace, tract, together
        ends = to_mel(torch.tensor([logmel.low, logmel.sample_rate / 2]))
        self.start, self.spacing = float(ends[0]), float(ends[1] - ends[0]) / (logmel.bands + 1)
        mels = self.start + self.spacing * torch.arange(1, logmel.bands + 1)
        self.register_buffer("centres", to_hertz(mels), persistent=False)

    def forward(self, logs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return log energies (B, T', M) and lengths (B,), changed in training and as they are in use."""
        if not self.training:
            return logs, lengths
        longer = (lengths * self.drawn(lengths, self.pace)).round().long().clamp(min=1)
        step = torch.arange(int(longer.max()), device=logs.device)
        place = step * ((lengths - 1) / (longer - 1).clamp(min=1))[:, None]  # (B, T''), in frames
        logs = between(logs.transpose(1, 2), torch.minimum(place, (lengths - 1)[:, None])).transpose(1, 2)
        hertz = self.centres * self.drawn(lengths, self.tract)[:, None]  # (B, M): where each band now looks
        band = (to_mel(hertz) - self.start) / self.spacing - 1
        return between(logs, band.clamp(0, logs.shape[2] - 1)), longer

    def drawn(self, lengths: Tensor, most: float) -> Tensor:
        """Draw a factor for each of the sequences (B,), uniform in its logarithm."""
        share = 2 * torch.rand(len(lengths) // self.together, device=lengths.device) - 1
        return torch.exp(share * math.log1p(most)).repeat_interleave(self.together)


def between(values: Tensor, places: Tensor) -> Tensor:
    """Return values (B, R, N) at the places (B, P) along N, 0 to N - 1, each between its two neighbours: (B, R, P)."""
    low = places.floor().long()
    share = (places - low)[:, None]
    high = (low + 1).clamp(max=values.shape[2] - 1)
    rows = (-1, values.shape[1], -1)
    lower, upper = (values.gather(2, index[:, None].expand(rows)) for index in (low, high))
    return lower + share * (upper - lower)
