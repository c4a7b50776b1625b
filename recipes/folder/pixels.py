"""What only a full look at an image shows: cut files, a turned picture, values outside the range that is assumed."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recipes.imagery.images import RANGES, facts, read_values

#: A 16-bit image that uses less than this share of its range would reach the network nearly black.
DARK = 1 / 8


@dataclass(frozen=True)
class Look:
    """What the pixels of one image say: `low` and `high` over all bands, without nodata, NaN where there is nothing
    else; `digest` of the file."""

    low: float
    high: float
    dtype: str
    digest: str

    @property
    def oddities(self) -> list[str]:
        """Return the kinds of warnings that the values give cause for."""
        found = []
        if np.isnan(self.low):
            return ["nothing"]
        if self.low == self.high:
            found.append("blank")
        if self.dtype.startswith("float") and (self.low < 0 or self.high > 1):
            found.append("range")
        if self.dtype in ("uint16", "int16") and 0 < self.high < RANGES[self.dtype][1] * DARK:
            found.append("dark")
        return found


def look(path: Path) -> Look:
    """Decode every pixel of an image; ZooError when the file is cut or damaged."""
    low, high = value_range(path)
    return Look(low, high, facts(path).dtype, digest(path))


def value_range(path: Path, nodata: float | None = None) -> tuple[float, float]:
    """Return least and greatest value of an image, read block by block; NaN where there is no data."""
    low, high = np.inf, -np.inf
    for there in read_values(path, nodata):
        if there.size:
            low, high = min(low, float(there.min())), max(high, float(there.max()))
    return (low, high) if low <= high else (np.nan, np.nan)


def digest(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
