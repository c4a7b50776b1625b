"""Rasters as training reads them: tiled and compressed, each file whole or not at all."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning

from zoo.files import atomic_write

#: Blocks of 256 pixels: a window of training reads little beside what it needs.
TILED = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate"}


def write_raster(
    path: Path, pixels: np.ndarray, names: Sequence[str] = (), ranges: Sequence[tuple[float, float]] = ()
) -> None:
    """Write pixels (C, H, W) as GeoTIFF with named bands.

    `ranges` says for each band what its 0 and 1 stand for; it is kept as GDAL's scale and offset.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    bands, height, width = pixels.shape
    shape = {"driver": "GTiff", "width": width, "height": height, "count": bands, "dtype": pixels.dtype}
    with atomic_write(path) as part, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(part, "w", **shape, **TILED) as raster:
            raster.write(pixels)
            if names:
                raster.descriptions = tuple(names)
            if ranges:
                raster.offsets = tuple(low for low, _ in ranges)
                raster.scales = tuple(high - low for low, high in ranges)
