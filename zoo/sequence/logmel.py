"""Log-mel spectrograms as the first layer of a model: a waveform in, frames of log energies in mel bands out.

The mel scale and the area-normalised triangles are those of Slaney's Auditory Toolbox (1998), which librosa uses by
default; see https://engineering.purdue.edu/~malcolm/interval/1998-010/.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.errors import ZooError
from zoo.sequence.masking import valid

#: Slaney's scale: 200/3 Hz a mel up to 1000 Hz (15 mel), above it 27 mel for each factor of 6.4.
_HZ_A_MEL, _KNEE_HZ, _KNEE_MEL, _LOG_STEP = 200.0 / 3.0, 1000.0, 15.0, math.log(6.4) / 27.0


class LogMel(nn.Module):
    """log(mel energies + floor) of a waveform in [-1, 1]: frames of `window` seconds every `hop` seconds.

    Frames are centred (frame t is around sample t · hop, with zeros beyond both ends), weighted by a periodic Hann
    window; the energies are |FFT|² under `bands` triangles from `low` Hz to half the sample rate. `floor` is an energy: it
    keeps silence finite, at -13.8 with the default.
    """

    window: Tensor
    triangles: Tensor

    def __init__(
        self,
        sample_rate: int,
        bands: int,
        window: float = 0.04,
        hop: float = 0.02,
        low: float = 20.0,
        floor: float = 1e-6,
    ) -> None:
        super().__init__()
        if sample_rate * hop < 1 or sample_rate / 2 <= low:
            raise ZooError(f"sample_rate={sample_rate} Hz is too low for a hop of {hop} s and bands from {low} Hz")
        self.size, self.hop, self.floor = 2 * round(sample_rate * window / 2), round(sample_rate * hop), floor
        self.sample_rate, self.bands, self.low = sample_rate, bands, low
        # constants, computed again from the settings: not part of the weights, but of an exported model
        self.register_buffer("window", torch.hann_window(self.size, periodic=True), persistent=False)
        self.register_buffer("triangles", mel_triangles(sample_rate, self.size, bands, low), persistent=False)

    def steps(self, lengths: Tensor) -> Tensor:
        """Return the number of frames (B,) of so many samples (B,)."""
        return torch.div(lengths, self.hop, rounding_mode="floor") + 1

    def forward(self, waves: Tensor, lengths: Tensor) -> Tensor:
        """Return log energies (B, T', M) of waveforms (B, T) of these lengths (B,); padding counts as silence."""
        waves = waves.masked_fill(~valid(lengths, waves.shape[1]), 0.0)
        return self.energies(F.pad(waves, (self.size // 2, self.size // 2)))

    def energies(self, waves: Tensor) -> Tensor:
        """Return log energies (B, T', M) of the frames that lie wholly inside the waveforms (B, T)."""
        with torch.autocast(waves.device.type, enabled=False):  # eight bits of mantissa are too few for energies
            frames = waves.float().unfold(1, self.size, self.hop)  # (B, T', size)
            energies = spectral_energies(frames * self.window) @ self.triangles
            if torch.compiler.is_exporting():  # writers of ONNX take what is added for 0 where it is less than 1e-8
                return torch.log(energies / self.floor + 1) + math.log(self.floor)
            return torch.log(energies + self.floor)


def spectral_energies(frames: Tensor) -> Tensor:
    """Return |FFT|² (…, size / 2 + 1) of frames (…, size), float32.

    In a graph that is exported it is two products with the waves themselves: runtimes have no complex numbers in common.
    """
    if torch.compiler.is_exporting():
        size = frames.shape[-1]
        turns = torch.outer(torch.arange(size), torch.arange(size // 2 + 1)) % size * (2 * math.pi / size)
        waves = turns.to(torch.float64)
        return (frames @ waves.cos().float()).square() + (frames @ waves.sin().float()).square()
    spectrum = torch.fft.rfft(frames)
    return spectrum.real.square() + spectrum.imag.square()


def to_mel(hertz: Tensor) -> Tensor:
    """Return Slaney's mel of frequencies in Hz: linear to 1 kHz, logarithmic above."""
    above = _KNEE_MEL + torch.log(hertz.clamp(min=1.0) / _KNEE_HZ) / _LOG_STEP
    return torch.where(hertz < _KNEE_HZ, hertz / _HZ_A_MEL, above)


def to_hertz(mel: Tensor) -> Tensor:
    """Return the frequencies in Hz of Slaney's mel; the inverse of `to_mel`."""
    return torch.where(mel < _KNEE_MEL, mel * _HZ_A_MEL, _KNEE_HZ * torch.exp((mel - _KNEE_MEL) * _LOG_STEP))


def mel_triangles(sample_rate: int, size: int, bands: int, low: float, high: float | None = None) -> Tensor:
    """Return the filters (size / 2 + 1, M): triangles evenly spaced in mel, each of area 1 over Hz.

    They lie between `low` and `high` Hz, half the sample rate when it is None.

    Raises ZooError when the bands are so narrow that one would hold no frequency of the FFT.
    """
    ends = to_mel(torch.tensor([low, high or sample_rate / 2], dtype=torch.float64))
    corners = to_hertz(torch.linspace(ends[0].item(), ends[1].item(), bands + 2, dtype=torch.float64))
    left, centre, right = corners[:-2], corners[1:-1], corners[2:]
    hertz = torch.linspace(0, sample_rate / 2, size // 2 + 1, dtype=torch.float64)[:, None]
    rising, falling = (hertz - left) / (centre - left), (right - hertz) / (right - centre)
    triangles = torch.minimum(rising, falling).clamp(min=0) * 2 / (right - left)
    empty = (triangles.sum(dim=0) == 0).nonzero()
    if len(empty):
        raise ZooError(
            f"{bands} mel bands are too many for a window of {size} samples at {sample_rate} Hz: band {int(empty[0])}"
            " holds no frequency; take fewer bands or a longer window"
        )
    return triangles.float()
