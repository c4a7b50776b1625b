"""Whisper's front end: log-mel energies of 30 seconds at a time, scaled by the loudest.

Radford et al. 2022, https://arxiv.org/abs/2212.04356, section 2.2, with the constants of https://github.com/openai/whisper
(MIT): 16 kHz, windows of 25 ms every 10 ms, 80 of Slaney's mel bands, at most 8 decades below the loudest of the 30 seconds.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.sequence.logmel import mel_triangles, spectral_energies

#: Samples a second, of a window, between windows, and of what the network hears at a time.
RATE, WINDOW, HOP, PIECE = 16000, 400, 160, 30 * 16000
BANDS, FRAMES = 80, PIECE // HOP


class WhisperFront(nn.Module):
    """Waveforms (B, 480,000) in [-1, 1] to maps (B, 80, 3,000)."""

    window: Tensor
    triangles: Tensor

    def __init__(self) -> None:
        super().__init__()
        # constants, computed again from the settings: not part of the weights, but of an exported model
        self.register_buffer("window", torch.hann_window(WINDOW, periodic=True), persistent=False)
        self.register_buffer("triangles", mel_triangles(RATE, WINDOW, BANDS, 0.0), persistent=False)

    def forward(self, pieces: Tensor) -> Tensor:
        """See the class."""
        with torch.autocast(pieces.device.type, enabled=False):  # eight bits of mantissa are too few for energies
            mirrored = F.pad(pieces.float()[:, None], (WINDOW // 2, WINDOW // 2), mode="reflect")[:, 0]
            frames = mirrored.unfold(1, WINDOW, HOP)[:, :FRAMES] * self.window
            energy = spectral_energies(frames) @ self.triangles  # (B, 3000, 80)
            decades = energy.clamp(min=1e-10).log10()
            loudest = decades.amax(dim=(1, 2), keepdim=True)
            return ((torch.maximum(decades, loudest - 8) + 4) / 4).transpose(1, 2)
