"""Rasters that stay open: training reads thousands of windows, and opening a file costs more than reading one."""

import os
import threading
import warnings
from collections import OrderedDict
from pathlib import Path

import numpy as np
import rasterio
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
        """Return a window of some bands (counted from 0; all when None) as (C, H, W) in the type of the file."""
        indexes = None if bands is None else [band + 1 for band in bands]
        return self.get(path).read(indexes, window=None if window is None else RasterWindow(*window))

    def nodata(self, path: Path) -> float | None:
        """Return the value that the file declares to be no data."""
        return self.get(path).nodata


OPEN = OpenRasters()
