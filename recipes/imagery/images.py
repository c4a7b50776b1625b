"""Reading images: any number of bands, windows of files, values scaled to [0, 1] by the range that the data declares."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import UnidentifiedImageError
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError

from recipes.imagery.pictures import CACHE, PICTURES, is_picture, picture_facts, tiff_orientation
from recipes.imagery.rasters import OPEN, RASTERS, has_alpha, open_raster
from recipes.imagery.scene import Window
from zoo.errors import ZooError

SUFFIXES = RASTERS | PICTURES
#: What is no image, whatever its first bytes are.
OTHERS = frozenset(
    {".txt", ".xml", ".json", ".csv", ".tsv", ".yaml", ".yml", ".geojson", ".md", ".names", ".zip", ".pdf"}
)
#: Numbers that a byte of a TIFF holds at most; Deflate comes to 1,030, of one colour Zstandard to some ten thousand.
CLAIMED = 100_000
BEGINNING = 16  # bytes that tell a picture
#: Full range of the types that carry no range of their own; floats are taken as they are.
RANGES = {"uint8": (0.0, 255.0), "uint16": (0.0, 65535.0), "int16": (0.0, 32767.0), "float32": (0.0, 1.0)}
#: What programs write into floats where nothing was measured.
SENTINELS = (-9999.0, -99999.0, -32768.0, float(np.finfo(np.float32).min), 1e20, float(np.float32(1e20)))


class ImageFacts(NamedTuple):
    """What a file says of itself without its pixels being read: the size is that as it is seen, `bands` are those of data.

    `alpha` says that one more band tells where there is data. `pages` counts what is in the file, of which the first is
    read, and `orientation` is the EXIF tag: 1 is upright.
    """

    width: int
    height: int
    bands: int
    dtype: str
    alpha: bool = False
    pages: int = 1
    orientation: int = 1

    @property
    def stored(self) -> tuple[int, int]:
        """Width and height of the pixels in the file, before they are turned."""
        return (self.height, self.width) if self.orientation in range(5, 9) else (self.width, self.height)


def is_image(path: Path) -> bool:
    """Say whether a file is an image by its suffix, or by how it begins where its suffix says nothing."""
    suffix = path.suffix.lower()
    if suffix in SUFFIXES or suffix in OTHERS:
        return suffix in SUFFIXES
    with path.open("rb") as file:
        return is_picture(file.read(BEGINNING))


def is_raster(path: Path) -> bool:
    """Say whether GDAL reads the file at `path`, by windows; other files are pictures."""
    return path.suffix.lower() in RASTERS


def facts(path: Path) -> ImageFacts:
    """Return size, bands, type and orientation of the image at `path`."""
    try:
        return raster_facts(path) if is_raster(path) else ImageFacts(*picture_facts(path))
    except (OSError, UnidentifiedImageError, RasterioError, SyntaxError) as error:
        raise unreadable(path, error) from error


def raster_facts(path: Path) -> ImageFacts:
    """Return the facts of a raster; one of which the pixels are to be turned is refused, as GDAL does not."""
    with open_raster(path) as raster:
        refuse_empty_claims(path, raster.width * raster.height * raster.count)
        alpha = has_alpha(raster)
        pages = max(1, len(raster.subdatasets))
        found = ImageFacts(raster.width, raster.height, raster.count - alpha, raster.dtypes[0], alpha, pages)
        placed = raster.crs is not None or not raster.transform.is_identity
    if not placed and path.suffix.lower() in (".tif", ".tiff"):
        turned = tiff_orientation(path)
        if turned != 1:
            raise ZooError(
                f"image {path} is a TIFF with the orientation {turned}, which is followed in pictures only; save it upright, "
                "as PNG, or with `magick mogrify -auto-orient`"
            )
    return found


def refuse_empty_claims(path: Path, numbers: int) -> None:
    """Refuse a TIFF that claims more numbers than its bytes can hold: predicting it would not end, and find nothing."""
    size = path.stat().st_size
    if path.suffix.lower() in (".tif", ".tiff") and numbers > CLAIMED * size:
        raise ZooError(
            f"image {path} claims {numbers:,} numbers in {size:,} bytes, more than {CLAIMED:,} in each: nothing, or next to "
            "nothing, is stored in it; write it anew from its source"
        )


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
        return OPEN.nodata(path) if self.nodata is None and is_raster(path) else self.nodata


def read(path: Path, window: Window | None = None, bands: tuple[int, ...] | None = None) -> np.ndarray:
    """Read an image, or a window of it, as (C, H, W) in its own type: some bands, counted from 0, or all of data.

    The transparency of a picture, or the alpha band of a raster, is the band after the last of data.
    """
    try:
        if is_raster(path):
            return OPEN.read(path, window, bands)
        picture = CACHE.get(path)
    except (OSError, UnidentifiedImageError, RasterioError, SyntaxError) as error:
        raise unreadable(path, error) from error
    pixels = cut(picture.pixels, window)
    return pixels[list(bands)] if bands is not None else pixels[:-1] if picture.alpha else pixels


def cut(pixels: np.ndarray, window: Window | None) -> np.ndarray:
    """Return a window of pixels (…, H, W)."""
    if window is None:
        return pixels
    x, y, width, height = window
    return pixels[..., y : y + height, x : x + width]


def read_validity(path: Path, window: Window | None = None, bands: tuple[int, ...] | None = None) -> np.ndarray | None:
    """Return where an image says that it has data, bool (H, W): where it is not transparent, or its internal mask is set.

    None where it says nothing of it, or where the transparency is among the `bands` that are read as data.
    """
    if is_raster(path):
        return OPEN.validity(path, window, bands)
    picture = CACHE.get(path)
    if not picture.alpha or (bands is not None and len(picture.pixels) - 1 in bands):
        return None
    return cut(picture.pixels, window)[-1] > 0


def read_values(path: Path, nodata: float | None = None) -> Iterator[np.ndarray]:
    """Yield the measurements of an image block by block, (N,) in its own type, without what is no data; NaN is none."""
    windows = OPEN.blocks(path) if is_raster(path) else [None]
    declared = Values(nodata=nodata).nodata_of(path)
    for window in windows:
        pixels, valid = read(path, window), read_validity(path, window)
        missing = absent(pixels, declared)
        there = np.isfinite(pixels) if missing is None else ~missing & np.isfinite(pixels)
        yield pixels[there if valid is None else there & valid]


def measured(
    path: Path, window: Window, bands: tuple[int, ...] | None, values: Values
) -> tuple[np.ndarray, np.ndarray | None]:
    """Read a window as float32 (C, H, W) in [0, 1], 0 where there is no data.

    Also returns where at least one band has data (H, W) bool; None stands for everywhere.
    """
    return interpreted(path, read(path, window, bands), values, read_validity(path, window, bands))


def interpreted(
    path: Path, pixels: np.ndarray, values: Values, valid: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return what `measured` does, of pixels (C, H, W) and of where the file at `path` says that they are `valid` (H, W)."""
    scaled = unit(pixels, values.value_range)
    missing = absent(pixels, values.nodata_of(path))
    if valid is not None and not valid.all():
        missing = np.broadcast_to(~valid, pixels.shape) if missing is None else missing | ~valid
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
