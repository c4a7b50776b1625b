"""Augmentation of recordings: what another voice, room or microphone would have done to the same words.

Each is a small record that takes a waveform (T,) and a generator, the sample's own, and gives a waveform, maybe of
another length.
"""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor


@dataclass(frozen=True)
class Speed:
    """Plays faster or slower, by a factor between 1 / (1 + most) and 1 + most: pitch, formants and tempo move together.

    That is what a shorter or longer vocal tract does. Ko et al. 2015, “Audio Augmentation for Speech Recognition”.
    """

    most: float = 0.15

    def __call__(self, wave: Tensor, random: Generator) -> Tensor:
        """Resample the waveform (T,) to T / factor samples, in the frequency domain."""
        factor = math.exp(uniform(random, -1, 1) * math.log1p(self.most))
        samples = max(1, round(len(wave) / factor))
        return torch.fft.irfft(torch.fft.rfft(wave), n=samples) * (samples / len(wave)) if samples > 1 else wave[:1]


@dataclass(frozen=True)
class Equaliser:
    """A microphone's or a room's colour: a smooth curve over the frequencies, up to ± `most` decibels."""

    most: float = 6.0
    knots: int = 5

    def __call__(self, wave: Tensor, random: Generator) -> Tensor:
        """Filter the waveform (T,) by a random curve through `knots` points."""
        spectrum = torch.fft.rfft(wave)
        drawn = self.most * (2 * torch.rand(1, 1, self.knots, generator=random) - 1)
        decibels = torch.nn.functional.interpolate(drawn, len(spectrum), mode="linear", align_corners=True)[0, 0]
        return torch.fft.irfft(spectrum * 10 ** (decibels / 20), n=len(wave))


@dataclass(frozen=True)
class Gain:
    """Louder or softer by a uniform number of decibels, then clipped to [-1, 1] as a converter does."""

    low: float = -12.0
    high: float = 6.0

    def __call__(self, wave: Tensor, random: Generator) -> Tensor:
        """Scale the waveform."""
        return (wave * 10 ** (uniform(random, self.low, self.high) / 20)).clamp(-1, 1)


@dataclass(frozen=True)
class Shift:
    """Silence before and after, each up to `most` seconds; or, as often, as much cut off, but no more than `cut` of it all."""

    sample_rate: int
    most: float = 0.1
    cut: float = 0.1

    def __call__(self, wave: Tensor, random: Generator) -> Tensor:
        """Pad or cut the waveform (T,) at both ends."""
        limit = int(self.cut * len(wave))
        ends = [round(uniform(random, -self.most, self.most) * self.sample_rate) for _ in range(2)]
        before, after = (max(end, -limit) for end in ends)
        return torch.nn.functional.pad(wave, (before, after))


@dataclass(frozen=True)
class Noise:
    """Noise at a signal-to-noise ratio between `low` and `high` decibels, of a colour between white and brown."""

    low: float = 10.0
    high: float = 50.0

    def __call__(self, wave: Tensor, random: Generator) -> Tensor:
        """Add noise to the waveform (T,); silence stays silence."""
        spectrum = torch.fft.rfft(torch.randn(len(wave), generator=random))
        slope = uniform(random, 0.0, 1.0)  # amplitude falls as f ** -slope: white 0, brown 1
        noise = torch.fft.irfft(spectrum / torch.arange(1, len(spectrum) + 1) ** slope, n=len(wave))
        level = wave.square().mean().sqrt() * 10 ** (-uniform(random, self.low, self.high) / 20)
        return wave + noise * (level / noise.square().mean().sqrt().clamp(min=1e-12))


@dataclass(frozen=True)
class Reverberation:
    """A room: echoes that fall by 60 dB within `low` to `high` seconds, over a share `chance` of the recordings.

    The impulse response is decaying noise behind the direct sound, as loud together as `direct` decibels below it; Polack
    1988's model of late reverberation. The length stays.
    """

    sample_rate: int
    low: float = 0.1
    high: float = 0.6
    direct: tuple[float, float] = (0.0, 15.0)
    chance: float = 0.5

    def __call__(self, wave: Tensor, random: Generator) -> Tensor:
        """Convolve the waveform (T,) with a room that is drawn."""
        if uniform(random, 0, 1) >= self.chance:
            return wave
        seconds = uniform(random, self.low, self.high)
        time = torch.arange(1, max(2, round(seconds * self.sample_rate))) / self.sample_rate
        tail = torch.randn(len(time), generator=random) * 10 ** (-3 * time / seconds)
        tail *= 10 ** (-uniform(random, *self.direct) / 20) / tail.square().sum().sqrt()
        room = torch.cat([torch.ones(1), tail])
        size = len(wave) + len(room) - 1
        return torch.fft.irfft(torch.fft.rfft(wave, n=size) * torch.fft.rfft(room, n=size), n=size)[: len(wave)]


@dataclass(frozen=True)
class Telephone:
    """A telephone line: 300 to 3400 Hz, then 8 bits by the mu-law (ITU-T G.711), over a share `chance` of the recordings."""

    sample_rate: int
    chance: float = 0.3

    def __call__(self, wave: Tensor, random: Generator) -> Tensor:
        """Limit the band of the waveform (T,) and quantise it."""
        if uniform(random, 0, 1) >= self.chance:
            return wave
        spectrum = torch.fft.rfft(wave)
        hertz = torch.linspace(0, self.sample_rate / 2, len(spectrum))
        passed = 1 / (1 + (300 / hertz.clamp(min=1)) ** 8).sqrt() / (1 + (hertz / 3400) ** 16).sqrt()
        line = torch.fft.irfft(spectrum * passed, n=len(wave)).clamp(-1, 1) if len(wave) > 1 else wave
        steps = torch.sign(line) * torch.log1p(255 * line.abs()) / math.log(256)
        steps = (steps * 127).round() / 127
        return torch.sign(steps) * (torch.exp(steps.abs() * math.log(256)) - 1) / 255


def uniform(random: Generator, low: float, high: float) -> float:
    """Draw a number uniform in [low, high]."""
    return low + (high - low) * torch.rand((), generator=random).item()
