"""What only a full look at an image shows: cut files, a turned picture, values outside the range that is assumed."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from rasterio.errors import RasterioError

from recipes.imagery.images import RANGES, RASTERS, absent, open_raster, read, unreadable

ORIENTATION = 274  # the EXIF tag; 1 is upright
#: A 16-bit image that uses less than this share of its range would reach the network nearly black.
DARK = 1 / 8


@dataclass(frozen=True)
class Look:
    """What the pixels of one image say: `low` and `high` over all bands, without nodata, NaN where there is nothing
    else; `digest` of the file."""

    low: float
    high: float
    dtype: str
    upright: bool
    digest: str

    @property
    def oddities(self) -> list[str]:
        """Return the kinds of warnings that the values give cause for."""
        found = [] if self.upright else ["turned"]
        if np.isnan(self.low):
            return [*found, "nothing"]
        if self.low == self.high:
            found.append("blank")
        if self.dtype.startswith("float") and (self.low < 0 or self.high > 1):
            found.append("range")
        if self.dtype in ("uint16", "int16") and 0 < self.high < RANGES[self.dtype][1] * DARK:
            found.append("dark")
        return found


def look(path: Path) -> Look:
    """Decode every pixel of an image; ZooError when the file is cut or damaged."""
    low, high, dtype = raster_range(path) if path.suffix.lower() in RASTERS else picture_range(path)
    return Look(low, high, dtype, is_upright(path), digest(path))


def picture_range(path: Path) -> tuple[float, float, str]:
    """Return least and greatest value of a picture, and its type."""
    pixels = read(path)
    return float(pixels.min()), float(pixels.max()), pixels.dtype.name


def raster_range(path: Path) -> tuple[float, float, str]:
    """Return least and greatest value of a raster, read block by block, and its type; NaN where there is no data."""
    low, high = np.inf, -np.inf
    try:
        with open_raster(path) as raster:
            dtype = raster.dtypes[0]
            for _, window in raster.block_windows(1):
                block = raster.read(window=window)
                missing = absent(block, raster.nodata)
                there = block[np.isfinite(block) & (True if missing is None else ~missing)]
                if there.size:
                    low, high = min(low, float(there.min())), max(high, float(there.max()))
    except (OSError, RasterioError) as error:
        raise unreadable(path, error) from error
    return (low, high, dtype) if low <= high else (np.nan, np.nan, dtype)


def is_upright(path: Path) -> bool:
    """Say whether a picture is stored as it is to be seen; boxes of a turned one may be drawn on the turned picture."""
    if path.suffix.lower() in RASTERS:
        return True
    with Image.open(path) as image:
        return image.getexif().get(ORIENTATION, 1) == 1


def digest(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
