"""What masks hold, value by value: every mask of a folder is read once and counted, before anything is decided."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recipes.folder.mask_pairs import Pair
from recipes.folder.masks.grid import lay
from recipes.folder.masks.legend import unpacked
from recipes.folder.problems import Problem
from recipes.folder.tree import Tree
from recipes.imagery import images
from recipes.imagery.images import ImageFacts, facts, reason
from recipes.imagery.pictures import decode, open_picture
from recipes.imagery.rasters import RASTERS, open_raster
from zoo.errors import ZooError

#: The code of pixels that the file itself says are no data; no mask holds such a number.
NO_DATA = -(2**30)
#: The code of pixels of 0 where the file says that 0 is no data: mostly it is the background.
EMPTY = -(2**29)
#: The number that masks usually hold where nothing is known, beside 255.
UNKNOWN = -1
#: Numbers that masks hold are less than this, and more than what is less than 0 by it.
MOST = 2**29
#: Counts of classes are told for so many values of a mask.
TOLD = 6


@dataclass(frozen=True)
class Surveyed:
    """A pair as it was found: what the image is, and the pixels of each code in its mask; see `codes`."""

    pair: Pair
    facts: ImageFacts
    counts: Mapping[int, int]
    coloured: bool
    laid: str = ""  # what was done to bring the mask onto the grid of its image


def codes(path: Path, coloured: bool) -> tuple[np.ndarray, bool]:
    """Return a mask as codes (H, W) int32, and whether they are colours.

    A code is a number of the file, or 256² r + 256 g + b; `NO_DATA` where the file says so, `EMPTY` where it says so of 0.

    A palette PNG is numbers, or its colours when `coloured`; grey that was saved in three bands is numbers. Shares from 0
    to 1 in floats become 0 to 255.
    """
    pixels = raw(path, coloured)
    if len(pixels) >= 3:
        red, green, blue = (pixels[band].astype(np.int32) for band in range(3))
        return red << 16 | green << 8 | blue, True
    nodata = declared_nodata(path)
    missing = images.absent(pixels, nodata)
    strange = ~np.isfinite(pixels[0])
    missing = strange if missing is None else missing[0] | strange
    numbers = whole_numbers(np.where(missing, 0, pixels[0]), path)
    numbers[missing] = EMPTY if nodata == 0 else NO_DATA
    numbers[strange] = NO_DATA
    return numbers, False


def declared_nodata(path: Path) -> float | None:
    """Return the value that a raster declares to be no data; pictures declare none."""
    if path.suffix.lower() not in RASTERS:
        return None
    with open_raster(path) as raster:
        return raster.nodata


def raw(path: Path, coloured: bool) -> np.ndarray:
    """Return the bands of a mask (C, H, W): one where it is grey or indices of a palette, else its colours."""
    if path.suffix.lower() not in RASTERS and not coloured and is_palette(path):
        with open_picture(path) as picture:
            return np.array(picture)[None]
    pixels = images.read(path) if path.suffix.lower() in RASTERS else decoded(path)
    if coloured or len(pixels) < 3:
        return pixels
    return pixels[:1] if (pixels[0] == pixels[1]).all() and (pixels[0] == pixels[2]).all() else pixels


def decoded(path: Path) -> np.ndarray:
    """Return the bands of a picture (C, H, W), read anew: masks are read once and need no cache."""
    try:
        picture = decode(path)
    except (OSError, SyntaxError) as error:
        raise images.unreadable(path, error) from error
    return picture.pixels[:-1] if picture.alpha else picture.pixels


def is_palette(path: Path) -> bool:
    """Say whether a picture holds numbers of a palette."""
    try:
        with open_picture(path) as picture:
            return picture.mode == "P"
    except OSError as error:
        raise images.unreadable(path, error) from error


def palettes_differ(paths: Sequence[Path]) -> bool:
    """Tell whether a number stands for two colours in pictures that hold numbers of palettes: then only colours say a class."""
    palettes = {path: palette for path in paths if (palette := palette_of(path)) is not None}
    if len(set(palettes.values())) < 2:
        return False
    meant: dict[int, bytes] = {}
    for path, palette in palettes.items():
        for number in np.unique(raw(path, False)).tolist():
            colour = palette[3 * number : 3 * number + 3]
            if meant.setdefault(number, colour) != colour:
                return True
    return False


def palette_of(path: Path) -> bytes | None:
    """Return the palette of a picture, three bytes a number, None where it has none."""
    if path.suffix.lower() in RASTERS or not is_palette(path):
        return None
    with open_picture(path) as picture:
        return bytes(picture.getpalette() or ())


def whole_numbers(pixels: np.ndarray, path: Path) -> np.ndarray:
    """Return pixels (H, W) as int32: shares from 0 to 1 become 0 to 255; ZooError for what counts no classes."""
    if pixels.dtype.kind == "f" and (pixels != np.round(pixels)).any():
        if pixels.min() < 0 or pixels.max() > 1:
            raise ZooError(
                f"mask {path} holds fractions from {pixels.min():g} to {pixels.max():g}; masks hold class numbers, or "
                "shares from 0 to 1 with data.threshold"
            )
        pixels = np.round(pixels * 255)
    strange = np.abs(pixels.astype(np.float64)) >= MOST
    if strange.any():
        raise ZooError(
            f"mask {path} holds {int(pixels[strange][0]):,}, which is no class number; write what is not known as 255"
        )
    return pixels.astype(np.int32)


def count(numbers: np.ndarray) -> dict[int, int]:
    """Count the pixels of each code."""
    if numbers.size and 0 <= int(numbers.min()) <= int(numbers.max()) < 2**16:
        found = np.bincount(numbers.ravel())
        return {int(value): int(found[value]) for value in np.flatnonzero(found)}
    values, found = np.unique(numbers, return_counts=True)
    return dict(zip(values.tolist(), found.tolist(), strict=True))


def survey(tree: Tree, pairs: Sequence[Pair], coloured: bool) -> tuple[list[Surveyed], list[Problem]]:
    """Read and count every mask; masks of another size than their image are problems, and so is what cannot be read."""
    found, problems = [], []
    for pair in pairs:
        try:
            seen = facts(tree.path(pair.image))
        except ZooError as error:
            problems.append(Problem("image", pair.image, reason(error)))
            continue
        try:
            numbers, colours, laid = codes_on_image(tree, pair, seen, coloured)
        except ZooError as error:
            problems.append(Problem("malformed", pair.mask, reason(error)))
            continue
        height, width = numbers.shape
        if (width, height) != (seen.width, seen.height):
            what = f"{width} × {height} pixels, and {pair.image} has {seen.width} × {seen.height}"
            problems.append(Problem("mask_size", pair.mask, what))
            continue
        found.append(Surveyed(pair, seen, count(numbers), colours, laid))
    return found, problems


def codes_on_image(tree: Tree, pair: Pair, seen: ImageFacts, coloured: bool) -> tuple[np.ndarray, bool, str]:
    """Return the codes of a mask on the grid of its image, whether they are colours, and what was done for it."""
    numbers, colours = codes(tree.path(pair.mask), coloured)
    numbers, laid = lay(numbers, tree.path(pair.mask), tree.path(pair.image), seen, NO_DATA)
    return numbers, colours, laid


def total(surveyed: Sequence[Surveyed]) -> Counter[int]:
    """Return the pixels of each code over all masks."""
    summed: Counter[int] = Counter()
    for one in surveyed:
        summed.update(one.counts)
    return summed


def listed(counts: Mapping[int, int], coloured: bool, most: int = TOLD) -> str:
    """Say which values there are, the frequent ones first, and how many pixels have each."""
    ordered = sorted((code for code in counts if code not in (NO_DATA, EMPTY)), key=lambda code: -counts[code])
    said = [f"{unpacked(code) if coloured else code} ({counts[code]:,} pixels)" for code in ordered[:most]]
    return ", ".join(said) + (f" and {len(ordered) - most} more" if len(ordered) > most else "")
