"""Cloud-optimised GeoTIFFs: rows of uint8 bands, in the order of the scene, become a tiled file with overviews.

GDAL's driver COG makes it from a plain tiled file, which is written first, block by block.
Layout: https://gdal.org/en/stable/drivers/raster/cog.html
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from recipes.inference.source import Place
from tools.predict.journal import unwritable
from tools.predict.vectors import fresh
from zoo.errors import ZooError

BLOCK = 512
NODATA = 255


@dataclass(frozen=True)
class Sheet:
    """What a raster of uint8 bands is: its size, where it lies, and what its bands mean; 255 is nodata.

    `overviews` says how GDAL makes coarser images: `mode` for classes, `average` for amounts.
    """

    width: int
    height: int
    place: Place
    bands: tuple[str, ...]
    overviews: str
    colours: Mapping[int, tuple[int, int, int, int]] | None = None
    tags: Mapping[str, str] | None = None

    def profile(self) -> dict[str, Any]:
        """Return what rasterio is told of the file."""
        return {
            "driver": "GTiff", "width": self.width, "height": self.height, "count": len(self.bands), "dtype": "uint8",
            "crs": self.place.crs or None, "transform": self.place.transform, "nodata": NODATA,
            "tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "compress": "deflate", "zlevel": 1,
            "bigtiff": "if_safer", "interleave": "band",
        }  # fmt: skip


class Rows:
    """Writes rows from the top down, as they come; blocks are written whole, each once."""

    def __init__(self, raster: Any) -> None:
        self.raster, self.y = raster, 0
        self.waiting = np.zeros((raster.count, 0, raster.width), np.uint8)

    def write(self, rows: np.ndarray) -> None:
        """Add rows (C, n, W)."""
        self.waiting = np.concatenate([self.waiting, rows], axis=1)
        whole = self.waiting.shape[1] // BLOCK * BLOCK
        self.put(whole)

    def put(self, count: int) -> None:
        """Write the first `count` rows that wait."""
        if count:
            window = Window(0, self.y, self.raster.width, count)
            self.raster.write(self.waiting[:, :count], window=window)
            self.waiting, self.y = self.waiting[:, count:], self.y + count

    def close(self) -> None:
        """Write the rest."""
        self.put(self.waiting.shape[1])


def write(out: Path, sheet: Sheet, rows: Iterator[np.ndarray]) -> None:
    """Write rows (C, n, W), from the top down, as a cloud-optimised GeoTIFF at `out`."""
    plain = out.with_name(f".{out.stem}.plain{out.suffix}")
    try:
        with fresh(out) as part, quiet(), rasterio.Env(GDAL_CACHEMAX=128 * 1024**2):
            with rasterio.open(plain, "w", **sheet.profile()) as raster:
                describe(raster, sheet)
                writing = Rows(raster)
                for part_rows in rows:
                    writing.write(part_rows)
                writing.close()
            rasterio.shutil.copy(
                plain, part, driver="COG", compress="deflate", predictor="no", blocksize=BLOCK, bigtiff="if_safer",
                overview_resampling=sheet.overviews, overviews="auto",
            )  # fmt: skip
    except RasterioError as error:
        raise unwritable(out, OSError(0, str(error).splitlines()[0])) from error
    finally:
        plain.unlink(missing_ok=True)


def describe(raster: Any, sheet: Sheet) -> None:
    """Name the bands, and give classes their colours."""
    for number, name in enumerate(sheet.bands, 1):
        raster.set_band_description(number, name)
    if sheet.colours:
        raster.write_colormap(1, dict(sheet.colours))
    raster.update_tags(**(sheet.tags or {}))


@contextmanager
def quiet() -> Iterator[None]:
    """Make no warning of a raster without georeference: it was said."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


def check_suffix(out: Path) -> None:
    """Refuse a file that is no GeoTIFF by its name."""
    if out.suffix.lower() not in (".tif", ".tiff"):
        raise ZooError(f"--out {out} has an unknown suffix {out.suffix!r}; masks are written as .tif")
