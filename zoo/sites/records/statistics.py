"""What an input is like, in a few numbers: brightness, contrast, sharpness, noise, what is missing; and a coarse sketch."""

import numpy as np

#: Cells along a side of the sketch.
CELLS = 4
#: Bands of which the sketch has the mean and the spread.
BANDS = 16
#: Steps that are looked at of a long sequence, evenly over it.
STEPS = 65_536


def statistics(seen: np.ndarray | None) -> dict[str, float]:
    """Return numbers of an input (C, H, W); {} of one of which nothing is seen.

    `noise` is Immerkaer's estimate (1996, https://doi.org/10.1006/cviu.1996.0060) of the deviation of white noise: what is left
    of the second differences; of a sequence those along it. `sharpness` are the first differences over the deviation.
    """
    if seen is None or not seen.size:
        return {}
    pixels = thinned(seen).astype(np.float64)
    known = np.isfinite(pixels)
    pixels = np.where(known, pixels, 0.0)
    low, middle, high = np.quantile(pixels, (0.02, 0.5, 0.98))
    deviation = float(pixels.std())
    steps = [np.abs(np.diff(pixels, axis=axis)).mean() for axis in (1, 2) if pixels.shape[axis] > 1]
    return {
        "mean": float(pixels.mean()),
        "deviation": deviation,
        "low": float(low),
        "middle": float(middle),
        "high": float(high),
        "sharpness": float(np.mean(steps) / deviation) if steps and deviation > 0 else 0.0,
        "noise": noise(pixels),
        "missing": float(1 - known.mean()),
        "length": float(seen.shape[2]),
        **bands(pixels),
    }


def bands(pixels: np.ndarray) -> dict[str, float]:
    """Return the mean of each of several bands (C, H, W)."""
    return {f"mean {i}": float(band.mean()) for i, band in enumerate(pixels[:BANDS])} if len(pixels) > 1 else {}


def thinned(seen: np.ndarray) -> np.ndarray:
    """Return an input of which a long sequence is cut to `STEPS`, in its middle."""
    if seen.shape[1] > 1 or seen.shape[2] <= STEPS:
        return seen
    first = (seen.shape[2] - STEPS) // 2
    return seen[:, :, first : first + STEPS]


def noise(pixels: np.ndarray) -> float:
    """Return the deviation of white noise in pixels (C, H, W)."""
    H, W = pixels.shape[1:]
    if W < 3:
        return 0.0
    along = pixels[:, :, :-2] - 2 * pixels[:, :, 1:-1] + pixels[:, :, 2:]  # (C, H, W - 2)
    if H < 3:
        return float(np.abs(along).mean() * np.sqrt(np.pi / 2) / np.sqrt(6))
    both = along[:, :-2] - 2 * along[:, 1:-1] + along[:, 2:]
    return float(np.abs(both).mean() * np.sqrt(np.pi / 2) / 6)


def sketch(seen: np.ndarray | None) -> list[float]:
    """Return the means of CELLS × CELLS cells of an input (C, H, W), then mean and deviation of each band; [] of none."""
    if seen is None or not seen.size:
        return []
    pixels = np.nan_to_num(thinned(seen).astype(np.float64))
    grey = pixels.mean(axis=0)
    rows = np.array_split(grey, min(CELLS, grey.shape[0]), axis=0)
    cells = [part.mean() for row in rows for part in np.array_split(row, CELLS, axis=1) if part.size]
    flat = pixels[:BANDS].reshape(len(pixels[:BANDS]), -1)
    return [float(value) for value in (*cells, *flat.mean(axis=1), *flat.std(axis=1))]
