"""Noise laid over recordings at a signal-to-noise ratio: made here (car, babble, wind, mains hum), or your own recordings.

What is made follows the spectra of the real thing, and is drawn anew each time. Your own recordings are split by their
names: four of five are for training, and the rest for tests, so that no figure is about noise that was learnt.
"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import torch
from torch import Generator, Tensor

from recipes.speech import wav
from recipes.speech.augment import uniform
from zoo.errors import ZooError, near

#: Share of the user's noise recordings that training hears.
TRAINING = 0.8
PARTS = ("train", "test")
#: Voices of a babble.
VOICES = 8


@dataclass(frozen=True)
class Overlay:
    """Noise of one of the `kinds` over a share `chance` of the recordings, `low` to `high` decibels below the speech.

    `folder` holds recordings of your own; with it the kind `own` is known.
    """

    sample_rate: int
    kinds: Sequence[str] = ("car", "babble", "wind", "hum")
    low: float = 0.0
    high: float = 30.0
    chance: float = 0.7
    folder: str | None = None
    part: str = "train"

    def __post_init__(self) -> None:
        known = [*MADE, *(["own"] if self.folder else [])]
        for kind in self.kinds:
            if kind not in known:
                raise ZooError(
                    f"noise kind {kind!r} is not known{near(kind, known)}; it is {', '.join(known)}"
                    + ("" if self.folder else ", and own with a folder")
                )
        if self.part not in PARTS or not self.kinds:
            raise ZooError(f"an overlay needs kinds, and part={self.part!r} must be {' or '.join(PARTS)}")

    def __call__(self, wave: Tensor, random: Generator) -> Tensor:
        """Lay noise over the waveform (T,); silence stays silence."""
        if uniform(random, 0, 1) >= self.chance:
            return wave
        kind = self.kinds[int(torch.randint(len(self.kinds), (), generator=random))]
        noise = self.noise(kind, len(wave), random)
        return wave + noise * (level(wave) * 10 ** (-uniform(random, self.low, self.high) / 20) / level(noise))

    def noise(self, kind: str, samples: int, random: Generator) -> Tensor:
        """Return noise (T,) of a kind, at any level."""
        if kind != "own":
            return MADE[kind](samples, self.sample_rate, random)
        found = recordings(str(self.folder), self.sample_rate, self.part)
        chosen = found[int(torch.randint(len(found), (), generator=random))]
        start = int(torch.randint(len(chosen), (), generator=random))
        again = -(-(start + samples) // len(chosen))
        return chosen.repeat(again)[start : start + samples]


def level(wave: Tensor) -> Tensor:
    """Return the root mean square of a waveform; never 0."""
    return wave.square().mean().sqrt().clamp(min=1e-12)


def coloured(samples: int, rate: int, random: Generator, power: Callable[[Tensor], Tensor]) -> Tensor:
    """Return Gaussian noise (T,) whose spectral power is a function of the frequency in Hz."""
    size = max(samples, 2)
    spectrum = torch.fft.rfft(torch.randn(size, generator=random))
    hertz = torch.linspace(0, rate / 2, len(spectrum))
    return torch.fft.irfft(spectrum * power(hertz).sqrt(), n=size)[:samples]


def car(samples: int, rate: int, random: Generator) -> Tensor:
    """Inside a moving car: a rumble that falls by 12 dB an octave above 100 Hz, tyres to 1 kHz, and the engine's harmonics."""
    rumble = coloured(samples, rate, random, lambda f: 1 / (1 + (f / 100) ** 4) + 1e-3 / (1 + (f / 1000) ** 4))
    engine = uniform(random, 25, 60)
    time = torch.arange(samples) / rate
    tones = torch.stack([torch.sin(2 * math.pi * (engine * k * time + uniform(random, 0, 1))) / k for k in range(1, 9)])
    return rumble / level(rumble) + 0.5 * tones.sum(dim=0)


def babble(samples: int, rate: int, random: Generator) -> Tensor:
    """Many voices at once: noise with the long-term spectrum of speech, each voice rising and falling by its syllables."""
    time = torch.arange(samples) / rate
    voices = torch.zeros(samples)
    for _ in range(VOICES):
        peak = uniform(random, 350, 650)
        voice = coloured(samples, rate, random, partial(voiced, peak))
        syllables = torch.sin(2 * math.pi * (uniform(random, 3, 6) * time + uniform(random, 0, 1)))
        voices += voice * (1 + 0.9 * syllables)
    return voices


def voiced(peak: float, hertz: Tensor) -> Tensor:
    """Return the power of speech over a long time: it rises by 6 dB an octave to `peak` Hz, and falls by 7.5 above."""
    return (hertz / peak) ** 2 / (1 + (hertz / peak) ** 4.5)


def wind(samples: int, rate: int, random: Generator) -> Tensor:
    """Wind in a microphone: below some hundred hertz, in gusts."""
    gusts = torch.nn.functional.interpolate(
        torch.rand(1, 1, 2 + samples * 2 // rate, generator=random), samples, mode="linear", align_corners=True
    )[0, 0]
    return coloured(samples, rate, random, lambda f: 1 / (1 + (f / 60) ** 3)) * (0.1 + gusts)


def hum(samples: int, rate: int, random: Generator) -> Tensor:
    """The mains, 50 or 60 Hz, with its harmonics, mostly the odd ones."""
    mains = 50.0 if uniform(random, 0, 1) < 0.5 else 60.0
    time = torch.arange(samples) / rate
    tones = [
        torch.sin(2 * math.pi * (mains * k * time + uniform(random, 0, 1))) * uniform(random, 0.2, 1) / k
        for k in (1, 2, 3, 5, 7, 9, 11, 13)
    ]
    return torch.stack(tones).sum(dim=0)


MADE: Mapping[str, Callable[[int, int, Generator], Tensor]] = {"car": car, "babble": babble, "wind": wind, "hum": hum}


@lru_cache(maxsize=4)
def recordings(folder: str, sample_rate: int, part: str) -> tuple[Tensor, ...]:
    """Return the waveforms of a folder that are for `train` or for `test`, by a hash of their names."""
    paths = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in wav.SUFFIXES)
    chosen = [path for path in paths if (share(path.name) < TRAINING) == (part == "train")]
    if not chosen:
        raise ZooError(
            f"folder {folder!r} holds {len(paths)} recordings of noise, none of them for part={part}; add some"
        )
    return tuple(torch.from_numpy(wav.read(path, sample_rate)) for path in chosen)


def share(name: str) -> float:
    """Return a number in [0, 1) that is always the same for a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32
