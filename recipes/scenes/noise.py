"""Noise that is a function of place: the same at a pixel whatever window it is computed in.

Value noise after Perlin (https://doi.org/10.1145/325334.325247): random numbers at the points of a lattice, smoothly
interpolated; several octaves make a fractal. The random numbers are hashes of the place, by SplitMix64
(Steele et al. 2014, https://doi.org/10.1145/2660193.2660195).
"""

import numpy as np

from recipes.imagery.scene import Window

GOLDEN, FIRST, SECOND = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
ROW = np.uint64(0xD1B54A32D192ED03)  # odd: the second dimension gets a step of its own


def hashed(seed: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return 64 random bits, uint64, for each pair of whole numbers x and y, which are broadcast."""
    start = np.array([seed & (2**64 - 1)], np.uint64) * SECOND
    bits = x.astype(np.int64).view(np.uint64) * GOLDEN + (y.astype(np.int64).view(np.uint64) * ROW + start)
    bits ^= bits >> np.uint64(30)
    bits *= FIRST
    bits ^= bits >> np.uint64(27)
    bits *= SECOND
    bits ^= bits >> np.uint64(31)
    return bits


def uniform(seed: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return float32 in [0, 1) for each pair of whole numbers."""
    return (hashed(seed, x, y) >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)


def normal(seed: int, window: Window) -> np.ndarray:
    """Return nearly normal numbers (H, W) float32 with deviation 1, independent from pixel to pixel.

    The sum of four uniform ones of 16 bits each (Irwin-Hall): no tails beyond 3.5, which no sensor noise needs.
    """
    x, y, width, height = window
    bits = hashed(seed, np.arange(x, x + width)[None, :], np.arange(y, y + height)[:, None])
    parts = bits.view(np.uint16).reshape(height, width, 4)
    total = parts[..., 0].astype(np.float32)
    for index in range(1, 4):
        total += parts[..., index]
    total -= np.float32(2 * 65535)
    total *= np.float32(np.sqrt(3) / 65536)
    return total


def lattice(start: int, length: int, period: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the lattice points under `length` pixels from `start`, and each pixel's index and weight between two."""
    place = (np.arange(start, start + length) + 0.5) / period
    below = np.floor(place)
    share = (place - below).astype(np.float32)
    points = np.arange(int(below[0]), int(below[-1]) + 2)
    return points, (below - below[0]).astype(np.intp), share * share * (3 - 2 * share)


def value_noise(seed: int, window: Window, period: float) -> np.ndarray:
    """Return smooth noise (H, W) float32 in [-1, 1] over a window, with a wavelength of about two periods, in pixels."""
    x, y, width, height = window
    columns, across, right = lattice(x, width, period)
    rows, down, low = lattice(y, height, period)
    points = 2 * uniform(seed, columns[None, :], rows[:, None]) - 1
    steps = points[:, 1:] - points[:, :-1]
    spread = points[:, across] + steps[:, across] * right  # (rows, W)
    falls = spread[1:] - spread[:-1]
    return spread[down] + falls[down] * low[:, None]


def fractal(seed: int, window: Window, period: float, octaves: int, gain: float = 0.5) -> np.ndarray:
    """Return a sum of noises (H, W) float32 in [-1, 1], each with half the period of the one before and `gain` of it."""
    weights = gain ** np.arange(octaves)
    total = np.zeros((window[3], window[2]), np.float32)
    for octave, weight in enumerate((weights / weights.sum()).tolist()):
        total += np.float32(weight) * value_noise(seed + 7919 * octave, window, period / 2**octave)
    return total


def value_at(seed: int, x: np.ndarray, y: np.ndarray, period: float) -> np.ndarray:
    """Return `value_noise` (N,) float32 at the pixels x and y (N,), wherever they are."""
    place = (np.stack([x, y]) + 0.5) / period
    below = np.floor(place)
    share = (place - below).astype(np.float32)
    right, low = share * share * (3 - 2 * share)
    column, row = below.astype(np.int64)
    a, b, c, d = (2 * uniform(seed, column + i, row + j) - 1 for j in (0, 1) for i in (0, 1))
    above, under = a + (b - a) * right, c + (d - c) * right
    return above + (under - above) * low


def fractal_at(seed: int, x: np.ndarray, y: np.ndarray, period: float, octaves: int, gain: float = 0.5) -> np.ndarray:
    """Return `fractal` (N,) float32 at the pixels x and y (N,)."""
    weights = gain ** np.arange(octaves)
    total = np.zeros(np.shape(x), np.float32)
    for octave, weight in enumerate((weights / weights.sum()).tolist()):
        total += np.float32(weight) * value_at(seed + 7919 * octave, x, y, period / 2**octave)
    return total
