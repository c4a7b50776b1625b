"""Reading recordings: wav, flac, ogg, mp3 of any rate and number of channels, to one channel at one rate."""

from collections.abc import Iterator
from math import gcd
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from zoo.errors import ZooError

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff"})
#: The element types of libsndfile's subtypes; others (compressed ones) are decoded to floats.
TYPES = {"PCM_U8": "uint8", "PCM_16": "int16", "PCM_24": "int24", "PCM_32": "int32"}
#: A recording whose loudest sample is below this is called silent: -60 dB of full scale.
SILENT = 1e-3
#: Of a clipped recording this share of the samples, or more, stands at its loudest value three or more at a time.
CLIPPED = 1e-3
#: A mean of channels with less than this share of the power of the loudest says that they cancel out: -30 dB.
CANCELLED = 1e-3
#: Samples beside a block that resampling hears too: the filter is 20 input samples long at a ratio of 1, 20 · ratio else.
EDGE = 4000


class WavFacts(NamedTuple):
    """What a file says of itself: samples a second, samples, channels, type of a sample."""

    sample_rate: int
    samples: int
    channels: int
    dtype: str

    @property
    def seconds(self) -> float:
        """How long the recording is."""
        return self.samples / self.sample_rate


def facts(path: Path) -> WavFacts:
    """Return what the head of the file says."""
    try:
        info = soundfile.info(str(path))
    except (soundfile.LibsndfileError, OSError) as error:
        raise unreadable(path, error) from error
    return WavFacts(info.samplerate, info.frames, info.channels, TYPES.get(info.subtype, "float32"))


def read(path: Path, sample_rate: int | None = None) -> np.ndarray:
    """Read a recording as float32 (T,) in [-1, 1]: its channels mixed, resampled to `sample_rate` (None: its own).

    See `recorded` for what is refused.
    """
    rate, wave = recorded(path)
    return wave if sample_rate is None else resample(wave, rate, sample_rate)


def recorded(path: Path) -> tuple[int, np.ndarray]:
    """Return the samples a second of a recording, and its channels mixed, float32 (T,) in [-1, 1].

    Raises ZooError for a file that is missing, broken, without samples, or with values that are no numbers.
    """
    try:
        channels, rate = soundfile.read(str(path), dtype="float32", always_2d=True)  # (T, channels)
    except (soundfile.LibsndfileError, OSError) as error:
        raise unreadable(path, error) from error
    if len(channels) == 0:
        raise without_samples(path)
    wave = mix(channels)
    if not np.isfinite(wave).all():
        raise ZooError(f"recording {path} holds values that are no numbers; export it again, or remove it")
    return rate, wave


def blocks(path: Path, sample_rate: int, seconds: float) -> Iterator[np.ndarray]:
    """Yield a recording of any length block by block, float32 (T,) each, of one channel at `sample_rate`.

    Where the rate is another, each block is resampled together with some of its neighbours, which are then cut off: what
    comes is what `read` gives at once. A file that ends before its head says is read as far as it goes.
    """
    head = facts(path)
    if head.samples == 0:
        raise without_samples(path)
    common = gcd(head.sample_rate, sample_rate)
    step = head.sample_rate // common  # so many samples in are a whole number out
    size = max(1, round(seconds * head.sample_rate / step)) * step
    margin = -(-EDGE // step) * step if head.sample_rate != sample_rate else 0
    before, after = np.zeros(0, np.float32), np.zeros(0, np.float32)
    try:
        with soundfile.SoundFile(str(path)) as file:
            while True:
                new = mix(file.read(size + margin - len(after), dtype="float32", always_2d=True))
                held = np.concatenate([after, new])
                if len(held) == 0:
                    return
                block, after = held[:size], held[size:]
                whole = np.concatenate([before, block, after])
                if not np.isfinite(whole).all():
                    raise ZooError(f"recording {path} holds values that are no numbers; export it again, or remove it")
                yield cut(whole, len(before), len(block), head.sample_rate, sample_rate)
                before = np.concatenate([before, block])[-margin:] if margin else before
    except (soundfile.LibsndfileError, OSError) as error:
        raise unreadable(path, error) from error


def mix(channels: np.ndarray) -> np.ndarray:
    """Return the mean (T,) of channels (T, C), or a loud one where they cancel out, as a pair in antiphase does."""
    mean = channels.mean(axis=1, dtype=np.float32)
    if channels.shape[1] == 1 or not len(channels):
        return mean
    power = np.square(channels, dtype=np.float64).mean(axis=0)
    if np.square(mean, dtype=np.float64).mean() >= CANCELLED * power.max():
        return mean
    return channels[:, int((power >= power.max() / 2).argmax())].copy()  # the first of those that are loud


def cut(wave: np.ndarray, start: int, length: int, rate: int, wanted: int) -> np.ndarray:
    """Return what `length` samples from `start` on become at the wanted rate, with the rest of the waveform beside them."""
    if rate == wanted:
        return wave[start : start + length]
    first = start * wanted // rate
    return resample(wave, rate, wanted)[first : first + -(-length * wanted // rate)]


def resample(wave: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Bring a waveform (T,) from one rate to another with a polyphase low-pass filter; ceil(T · wanted / rate) samples."""
    if wanted <= 0:
        raise ZooError(f"data.sample_rate={wanted} must be a number of samples a second, such as 8000 or 16000")
    if wanted == rate:
        return wave
    from scipy.signal import resample_poly  # takes a second to import, and most data needs none of it

    common = gcd(rate, wanted)
    return resample_poly(wave, wanted // common, rate // common).astype(np.float32)


def is_silent(wave: np.ndarray) -> bool:
    """Tell whether nothing is to be heard in a waveform."""
    return bool(np.abs(wave).max() < SILENT)


def is_clipped(wave: np.ndarray) -> bool:
    """Tell whether a waveform (T,), as it was recorded, was too loud for its microphone: its tops are cut flat.

    A level that was lowered afterwards hides nothing. Resampling does: it rounds the edges of the tops.
    """
    loudest = np.abs(wave).max()
    top = np.abs(wave) >= loudest * (1 - 1e-4)
    flat = top[:-2] & top[1:-1] & top[2:] & (np.abs(np.diff(wave, 2)) < loudest)
    return bool(loudest >= SILENT and flat.sum() >= max(3, CLIPPED * len(wave)))


def without_samples(path: Path) -> ZooError:
    """Say which recording holds nothing."""
    return ZooError(f"recording {path} has a head but no samples; record it again, or remove it")


def unreadable(path: Path, error: BaseException) -> ZooError:
    """Say which recording cannot be read and why."""
    if not path.exists():
        return ZooError(f"recording {path} is not there; check where it is said to be, or fetch the data again")
    if path.is_file() and path.stat().st_size == 0:
        return ZooError(f"recording {path} is empty (0 bytes); record it again, or remove it")
    return ZooError(f"recording {path} cannot be read ({error}); convert it to wav, or remove it")
