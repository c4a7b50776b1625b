"""Reading images: any number of bands, windows of files, values scaled to [0, 1] by the range that the data declares."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError

from recipes.imagery.rasters import OPEN, RASTERS, open_raster
from recipes.imagery.scene import Window
from zoo.errors import ZooError

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp"})
SUFFIXES = RASTERS | PICTURES
#: Full range of the types that carry no range of their own; floats are taken as they are.
RANGES = {"uint8": (0.0, 255.0), "uint16": (0.0, 65535.0), "int16": (0.0, 32767.0), "float32": (0.0, 1.0)}
#: What programs write into floats where nothing was measured.
SENTINELS = (-9999.0, -99999.0, -32768.0, float(np.finfo(np.float32).min), 1e20, float(np.float32(1e20)))
#: A scene from a camera in the air is larger than what Pillow takes for an attack; 2 gigapixels still are one.
Image.MAX_IMAGE_PIXELS = 2_000_000_000


class ImageFacts(NamedTuple):
    """What a file says of itself without its pixels being read."""

    width: int
    height: int
    bands: int
    dtype: str


def facts(path: Path) -> ImageFacts:
    """Return size, number of bands and type of the image at `path`."""
    try:
        if path.suffix.lower() in RASTERS:
            with open_raster(path) as raster:
                return ImageFacts(raster.width, raster.height, raster.count, raster.dtypes[0])
        with Image.open(path) as image:
            array_type = "uint16" if image.mode.startswith("I") else "uint8"
            bands = 1 if image.mode in ("1", "L") or image.mode.startswith("I") else len(image.getbands())
            return ImageFacts(image.width, image.height, 3 if image.mode in ("P", "CMYK") else bands, array_type)
    except (OSError, UnidentifiedImageError, RasterioError, SyntaxError) as error:
        raise unreadable(path, error) from error


@dataclass(frozen=True)
class Values:
    """What the numbers in the files mean: `value_range` becomes [0, 1], `nodata` is no measurement.

    Without a range it is that of the files' type; without `nodata` it is what each file declares. NaN is never data.
    """

    value_range: tuple[float, float] | None = None
    nodata: float | None = None

    def __post_init__(self) -> None:
        if self.value_range is not None and not self.value_range[0] < self.value_range[1]:
            raise ZooError(f"data.value_range={list(self.value_range)} must be [low,high] with low < high")

    def nodata_of(self, path: Path) -> float | None:
        """Return the value that is no measurement in the file at `path`, None where there is no such value."""
        return OPEN.nodata(path) if self.nodata is None and path.suffix.lower() in RASTERS else self.nodata


def read(path: Path, window: Window | None = None, bands: tuple[int, ...] | None = None) -> np.ndarray:
    """Read an image, or a window of it, or some of its bands, counted from 0, as (C, H, W) in its own type."""
    try:
        if path.suffix.lower() in RASTERS:
            return OPEN.read(path, window, bands)
        pixels = CACHE.get(path)
    except (OSError, UnidentifiedImageError, RasterioError, SyntaxError) as error:
        raise unreadable(path, error) from error
    if window is not None:
        x, y, width, height = window
        pixels = pixels[:, y : y + height, x : x + width]
    return pixels if bands is None else pixels[list(bands)]


def measured(
    path: Path, window: Window, bands: tuple[int, ...] | None, values: Values
) -> tuple[np.ndarray, np.ndarray | None]:
    """Read a window as float32 (C, H, W) in [0, 1], 0 where there is no data.

    Also returns where at least one band has data (H, W) bool; None stands for everywhere.
    """
    return interpreted(path, read(path, window, bands), values)


def interpreted(path: Path, pixels: np.ndarray, values: Values) -> tuple[np.ndarray, np.ndarray | None]:
    """Return what `measured` does, of pixels (C, H, W) that were read from the file at `path`."""
    scaled = unit(pixels, values.value_range)
    missing = absent(pixels, values.nodata_of(path))
    if missing is not None and pixels.dtype.kind == "f":
        refuse_undeclared(path, pixels, missing)
    if missing is None or not missing.any():
        return scaled, None
    scaled[missing] = 0.0
    return scaled, np.logical_not(missing.all(axis=0))


def refuse_undeclared(path: Path, pixels: np.ndarray, missing: np.ndarray) -> None:
    """Refuse floats (C, H, W) with a value that looks like nodata and is not among the `missing`."""
    there = ~missing
    value = sentinel(float(pixels.min(initial=np.inf, where=there)), float(pixels.max(initial=-np.inf, where=there)))
    if value is not None:
        raise ZooError(
            f"image {path.name} holds {value:g}, which looks like nodata that the file does not declare; declare it"
            f" (gdal_edit -a_nodata {value:g}), or train with data.nodata={value:g}"
        )


def sentinel(low: float, high: float) -> float | None:
    """Return which extreme of an image's numbers looks like nodata, if one does."""
    return next((value for value in SENTINELS if value in (low, high)), None)


def absent(pixels: np.ndarray, nodata: float | None) -> np.ndarray | None:
    """Return where pixels (C, H, W) are no data, bool; None when there can be no such pixel."""
    numbers = pixels.dtype.kind == "f"
    if nodata is None or np.isnan(nodata):
        return np.isnan(pixels) if numbers else None
    missing = pixels == nodata
    return missing | np.isnan(pixels) if numbers else missing


def unit(pixels: np.ndarray, value_range: tuple[float, float] | None = None) -> np.ndarray:
    """Scale pixels to float32 in [0, 1] by `value_range`, or by the range of their type; NaN becomes 0."""
    kind = pixels.dtype.name
    if pixels.dtype.kind == "c":
        raise ZooError(
            f"images of type {kind} are complex, as radar is before detection; convert them to amplitude or dB"
        )
    if value_range is None and kind not in RANGES:
        raise ZooError(f"images of type {kind} need data.value_range=[low,high]; known ranges: {', '.join(RANGES)}")
    low, high = value_range or RANGES[kind]
    if low:
        scaled = pixels.astype(np.float32)
        scaled -= low
        scaled *= 1 / (high - low)
    else:  # in one pass: this runs for every crop and every tile
        scaled = np.multiply(pixels, np.float32(1 / (high - low)), dtype=np.float32, casting="unsafe")
    if kind == "uint8" and value_range is None:
        return scaled  # nothing can lie outside
    if pixels.dtype.kind == "f":
        np.nan_to_num(scaled, copy=False, nan=0.0)
    return np.clip(scaled, 0.0, 1.0, out=scaled)


def as_picture(pixels: np.ndarray, bands: Sequence[str]) -> np.ndarray:
    """Turn pixels (C, H, W) into uint8 (H, W, 3) for people: red, green, blue by name, else the first band in grey.

    Types other than uint8 are stretched between their 2 % and 98 % quantiles.
    """
    colour = [bands.index(name) for name in ("red", "green", "blue") if name in bands]
    chosen = pixels[colour] if len(colour) == 3 else np.repeat(pixels[:1], 3, axis=0)
    if chosen.dtype != np.uint8:
        low, high = np.nanquantile(chosen, [0.02, 0.98])
        chosen = (unit(chosen, (float(low), float(max(high, low + 1e-6)))) * 255).astype(np.uint8)
    return np.ascontiguousarray(chosen.transpose(1, 2, 0))


def unreadable(path: Path, error: BaseException) -> ZooError:
    """Say which image cannot be read and why."""
    if path.is_file() and path.stat().st_size == 0:
        return ZooError(f"image {path} is empty (0 bytes); replace it, or remove it and its annotation")
    return ZooError(f"image {path} cannot be read ({reason(error)}); replace it, or remove it and its annotation")


def reason(error: BaseException) -> str:
    """Return in one line what the library below said; of rasterio what GDAL said, to which its own words often only point."""
    while isinstance(error, ZooError | RasterioError | CPLE_BaseError) and error.__cause__ is not None:
        error = error.__cause__
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


class PictureCache:
    """Decoded pictures, the last used kept: PNG and JPEG have no windows, and each crop would decode the whole file."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes, self.held = most_bytes, OrderedDict[Path, np.ndarray]()

    def get(self, path: Path) -> np.ndarray:
        """Return the picture at `path` as (C, H, W)."""
        if path in self.held:
            self.held.move_to_end(path)
            return self.held[path]
        pixels = decode(path)
        self.held[path] = pixels
        while sum(kept.nbytes for kept in self.held.values()) > self.most_bytes and len(self.held) > 1:
            self.held.popitem(last=False)
        return pixels


def decode(path: Path) -> np.ndarray:
    """Decode a picture whole: (C, H, W); a palette becomes RGB, one bit becomes 0 and 255."""
    with Image.open(path) as image:
        image.load()
        plain = {"P": "RGB", "1": "L", "CMYK": "RGB"}.get(image.mode)
        pixels = np.array(image.convert(plain) if plain else image)
    if pixels.dtype == np.int32:  # Pillow's mode I holds 16-bit PNG
        pixels = pixels.astype(np.uint16)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


CACHE = PictureCache(most_bytes=512 * 1024**2)
