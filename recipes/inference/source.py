"""Sources: an image as a predictor can see it, its bands in the model's order, and where on the ground it lies."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine

from recipes.imagery.bands import own_names, places, repeats_grey
from recipes.imagery.images import SUFFIXES, ImageFacts, Values, facts, is_image, open_raster, reason
from recipes.imagery.parts import Part, padded, part_of, read_pixels, read_shown
from recipes.imagery.rasters import IN_ORDER, RASTERS, keep_blocks
from recipes.imagery.resizing import scale_image
from recipes.imagery.scene import Scene, Window
from recipes.inference.value_range import refuse_other_range
from zoo.errors import ZooError
from zoo.geometry.tiles import Tile
from zoo.profile import Profile


@dataclass(frozen=True)
class Place:
    """Where an image lies: the coordinate reference system as WKT, "" when unknown, and pixels → map."""

    crs: str = ""
    transform: Affine | None = None
    name: str = ""  # EPSG:32616
    metres: float | None = None  # a unit of the map, None in degrees and without a reference

    @classmethod
    def of(cls, path: Path) -> "Place":
        """Read the georeference of an image."""
        if path.suffix.lower() not in RASTERS:
            return cls()
        with open_raster(path) as raster:
            crs, transform = raster.crs, raster.transform
        transform = None if transform == Affine.identity() else transform
        if not crs or transform is None:
            return cls(transform=transform)
        code = crs.to_authority()
        metres = None if crs.is_geographic else float(crs.linear_units_factor[1])
        return cls(crs.to_wkt(), transform, ":".join(code) if code else "", metres)

    def map(self, points: np.ndarray) -> np.ndarray:
        """Turn points (..., 2), x and y in pixels from the upper left corner, into map coordinates."""
        if self.transform is None:
            return points
        a, b, c, d, e, f = self.transform[:6]
        x, y = points[..., 0], points[..., 1]
        return np.stack([a * x + b * y + c, d * x + e * y + f], axis=-1)

    @property
    def pixel(self) -> float:
        """The side of a pixel, in units of the map; the geometric mean of its two sides."""
        return 1.0 if self.transform is None else float(abs(self.transform.determinant)) ** 0.5

    @property
    def digits(self) -> int:
        """Decimals that tell a tenth of a pixel at the least, and a millimetre in metres."""
        return max(3, 1 - int(np.floor(np.log10(self.pixel))))

    @property
    def said(self) -> str:
        """What coordinates mean, in words."""
        if self.transform is None:
            return "without a georeference: coordinates are pixels, y points down"
        if not self.crs:
            return "its coordinate reference system is unknown: coordinates are those of its geotransform"
        return f"coordinates in {self.name or 'the reference system of the scene, which has no code'}"


@dataclass(frozen=True)
class Source:
    """An image to predict: the scene, what its values mean, where it lies, and what the user should know.

    An image that is in memory is `pixels` (C, H, W); of others windows of the file are read.
    """

    scene: Scene
    values: Values
    place: Place
    notes: tuple[str, ...] = ()
    pixels: np.ndarray | None = None

    @classmethod
    def open(cls, path: Path, bands: Sequence[str], data: Mapping[str, Any]) -> "Source":
        """Open the image at `path` for a run that knows `bands` and was trained with the settings `data`."""
        if not path.is_file():
            raise ZooError(f"there is no image {str(path)!r}")
        if not is_image(path):
            raise ZooError(f"{path} is no image that is known here; these are: {', '.join(sorted(SUFFIXES))}")
        keep_blocks(IN_ORDER)
        size = facts(path)
        where, note = matched(path, bands, data.get("band_names"))
        scene = Scene(str(path), path, (0, 0, size.width, size.height), bands=where)
        return cls(scene, values_of(data), Place.of(path), (*filter(None, [note]), *seen_notes(path, size)))

    @classmethod
    def of_array(cls, pixels: np.ndarray, bands: Sequence[str], data: Mapping[str, Any]) -> "Source":
        """Take an image (C, H, W) in the numbers that files have, its bands in the order of the model's."""
        if pixels.ndim != 3 or len(pixels) != len(bands):
            raise ZooError(
                f"an array of shape {pixels.shape} is no image here; give (C, H, W) with C = {len(bands)}: {', '.join(bands)}"
            )
        scene = Scene("array", Path("array"), (0, 0, pixels.shape[2], pixels.shape[1]))
        return cls(scene, values_of(data), Place(), pixels=pixels)

    def read(self, window: Window) -> np.ndarray:
        """Read what is there of a window (C, h, w), in the numbers that the image has."""
        if self.pixels is None:
            return read_pixels(self.scene, window)
        x, y, width, height = window
        return self.pixels[:, y : y + height, x : x + width]

    def read_shown(self, window: Window) -> np.ndarray | None:
        """Return where the file says that there is data in what is there of a window, bool (h, w); None everywhere."""
        return read_shown(self.scene, window) if self.pixels is None else None

    @property
    def path(self) -> Path:
        """The file."""
        return self.scene.path


def values_of(data: Mapping[str, Any]) -> Values:
    """Return what numbers mean to a model by the settings of its data."""
    value_range = data.get("value_range")
    return Values(tuple(value_range) if value_range else None, data.get("nodata"))


def matched(path: Path, bands: Sequence[str], declared: Sequence[str] | None) -> tuple[tuple[int, ...] | None, str]:
    """Return where in the file the run's bands are, counted from 0 (None: all in order), and what to say of it.

    Bands are matched by name. A file that does not name them is taken as it is, if it has as many.
    """
    if repeats_grey(path, bands):
        return (0,) * len(bands), f"{path.name} is grey, and its band is read as each of {', '.join(bands)}"
    seen = facts(path)
    if declared and seen.alpha and len(declared) == seen.bands + 1:
        return places(path, bands, declared), ""
    count = seen.bands
    own = own_names(path, count) or (tuple(declared) if declared and len(declared) == count else ())
    known = {name.lower() for name in bands} & {name.lower() for name in own}
    if len(known) == len(bands):
        return places(path, bands, own), ""
    if count != len(bands):
        named = f" ({', '.join(own)})" if own else ""
        raise ZooError(f"image {path} has {count} bands{named}; the run knows {len(bands)}: {', '.join(bands)}")
    if known:
        raise ZooError(
            f"image {path} has the bands {', '.join(own)}; the run knows {', '.join(bands)}: "
            "give an image with these, or correct the names of its bands (gdal_edit, rasterio edit-info)"
        )
    if own in ((), ("grey",)):
        return None, ""
    return None, f"{path.name} calls its bands {', '.join(own)}; they are taken in their order for {', '.join(bands)}"


def seen_notes(path: Path, seen: ImageFacts) -> Iterator[str]:
    """Yield what is done with an image that is turned, or of which a part is read."""
    if seen.orientation != 1:
        yield f"{path.name} is turned as its EXIF says: coordinates are those of what is seen"
    if seen.pages > 1:
        yield f"{path.name} holds {seen.pages} pages or frames, of which the first is read"


def source_of(
    given: str | Path | np.ndarray | Source, bands: Sequence[str], data: Mapping[str, Any], profile: Profile | None
) -> Source:
    """Open an image for a model of these bands; a file of other values than those of the `profile` that it knows is refused."""
    if isinstance(given, Source):
        return given
    if not isinstance(given, str | Path):
        return Source.of_array(np.asarray(given), bands, data)
    opened = Source.open(Path(given), bands, data)
    if profile is not None:
        refuse_other_range(opened.scene, opened.values, profile.dtype)
    return opened


@dataclass(frozen=True)
class Piece:
    """A tile that was read: its number in the scene, pixels float32 (C, H, W), where there is data (h, w).

    `image` is None where there is no data at all, `valid` is None where there is data everywhere; `checksum` is that of the
    pixels as they are in the file.
    """

    number: int
    tile: Tile
    image: np.ndarray | None
    valid: np.ndarray | None
    checksum: int


def seen(part: Part, scaled: tuple[int, int], size: tuple[int, int], mirrored: bool) -> np.ndarray:
    """Return the image (C, S, S) of a part that is seen `scaled` to a width and height, padded to `size`."""
    image, valid = scale_image(part.image, part.valid, scaled)
    return padded(image, (0, 0, *scaled), valid, (0, 0, *size), mirrored).image


def pieces(source: Source, tiles: Sequence[Tile], size: tuple[int, int], first: int, mirrored: bool) -> Iterator[Piece]:
    """Read the tiles of a scene from number `first` on, padded to `size`, width and height (see `part_of`)."""
    for number in range(first, len(tiles)):
        tile = tiles[number]
        wanted = (tile.x, tile.y, *(size if tile.seen is None else (tile.width, tile.height)))
        try:
            pixels, shown = source.read(wanted), source.read_shown(wanted)
        except ZooError as error:
            raise ZooError(
                f"scene {source.path} cannot be read in its tile at x {tile.x}, y {tile.y} ({reason(error)}); "
                f"what was found in the {number} tiles before is kept: repeat the command when the file is whole"
            ) from error
        part = part_of(source.scene, wanted, pixels, shown, source.values, mirrored)
        empty = part.valid is not None and not part.valid.any()
        image = None if empty else part.image if tile.seen is None else seen(part, tile.seen, size, mirrored)
        yield Piece(number, tile, image, part.valid, zlib.crc32(np.ascontiguousarray(pixels).data))
