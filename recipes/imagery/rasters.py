"""Rasters that stay open: training reads thousands of windows, and opening a file costs more than reading one."""

import os
import threading
import warnings
from collections import OrderedDict
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.env import set_gdal_config
from rasterio.errors import NotGeoreferencedWarning
from rasterio.windows import Window as RasterWindow

from recipes.imagery.scene import Window

RASTERS = frozenset({".tif", ".tiff", ".vrt", ".jp2"})
#: Open files of one process; the system's own limit is 1,024 by default, and workers share it.
MOST_OPEN = 64
#: Bytes of decoded blocks that GDAL keeps for one process, for windows at random; `zoo bench windows` measures it.
AT_RANDOM = 256 * 1024**2
#: The same for tiles in order: few blocks are met again, and a larger cache would only grow with the scene.
IN_ORDER = 64 * 1024**2


def keep_blocks(size: int) -> None:
    """Let GDAL keep this many bytes of decoded blocks, unless the environment says how many (GDAL_CACHEMAX).

    GDAL's own default is 5 % of the memory of the machine.
    """
    if "GDAL_CACHEMAX" not in os.environ:
        set_gdal_config("GDAL_CACHEMAX", size)


keep_blocks(AT_RANDOM)


def open_raster(path: Path) -> rasterio.DatasetReader:
    """Open a raster; a plain TIFF without georeference is no cause for a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        return rasterio.open(path)


def has_alpha(raster: rasterio.DatasetReader) -> bool:
    """Say whether the last band of a raster is no data but says where there is data; one with a name of its own is data."""
    last = raster.count - 1
    named = (raster.descriptions[last] or "alpha").strip().lower() != "alpha"
    return last > 0 and raster.colorinterp[last] == ColorInterp.alpha and not named


class OpenRasters(threading.local):
    """The rasters that this thread of this process has open, the last used kept.

    A handle must serve one thread, and none survives a fork: parent and child would move the same place in the file. A
    file that was replaced is opened anew.
    """

    def __init__(self) -> None:
        self.process, self.held = os.getpid(), OrderedDict[tuple[Path, int, int], rasterio.DatasetReader]()

    def get(self, path: Path) -> rasterio.DatasetReader:
        """Return the raster at `path`, open."""
        if self.process != os.getpid():
            self.__init__()  # type: ignore[misc]  # the handles of the parent are the parent's
        state = path.stat()
        key = (path, state.st_mtime_ns, state.st_size)
        if key not in self.held:
            self.held[key] = open_raster(path)
            if len(self.held) > MOST_OPEN:
                self.held.popitem(last=False)[1].close()
        self.held.move_to_end(key)
        return self.held[key]

    def read(self, path: Path, window: Window | None = None, bands: tuple[int, ...] | None = None) -> np.ndarray:
        """Return a window of some bands (counted from 0; all of data when None) as (C, H, W) in the type of the file."""
        raster = self.get(path)
        indexes = [band + 1 for band in (range(raster.count - has_alpha(raster)) if bands is None else bands)]
        return raster.read(indexes, window=None if window is None else RasterWindow(*window))

    def validity(self, path: Path, window: Window | None, bands: tuple[int, ...] | None) -> np.ndarray | None:
        """Return where an alpha band or an internal mask says that there is data, bool (H, W); None where neither is there.

        An alpha band that is among the `bands` that are read as data says nothing.
        """
        raster = self.get(path)
        where = None if window is None else RasterWindow(*window)
        if has_alpha(raster):
            shown = bands is None or raster.count - 1 not in bands
            return raster.read(raster.count, window=where) > 0 if shown else None
        flags = raster.mask_flag_enums[0]
        masked = MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags
        return raster.read_masks(1, window=where) > 0 if masked else None

    def blocks(self, path: Path) -> list[Window]:
        """Return the windows in which a raster is stored."""
        windows = (window for _, window in self.get(path).block_windows(1))
        return [(int(w.col_off), int(w.row_off), int(w.width), int(w.height)) for w in windows]

    def nodata(self, path: Path) -> float | None:
        """Return the value that the file declares to be no data."""
        return self.get(path).nodata


OPEN = OpenRasters()
