"""What only a full look at an image shows: cut files, a turned picture, values outside the range that is assumed."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.problems import some
from recipes.imagery.images import ImageFacts, facts, read_values
from recipes.imagery.scene import Scene
from zoo.errors import agreeing

#: A 16-bit image that uses less than this share of its range would reach the network nearly black.
DARK = 1 / 8
#: A picture of one value that is compressed so takes no more bytes than those of its metadata and so many a pixel: JPEG says
#: 14 bits of each 64 pixels where it keeps all of the colours.
COMPRESSED = frozenset({".jpg", ".jpeg", ".jfif", ".png", ".gif", ".webp"})
METADATA, BARE = 65_536, 0.04


@dataclass(frozen=True)
class Look:
    """What the pixels of one image say: `low` and `high` over all bands, without nodata, NaN where there is nothing else."""

    low: float
    high: float
    dtype: str

    @property
    def oddity(self) -> str | None:
        """Return the kind of warning that the values give cause for, if they do."""
        return "nothing" if np.isnan(self.low) else "blank" if self.low == self.high else None


def look(path: Path, nodata: float | None = None) -> Look:
    """Decode every pixel of an image; ZooError when the file is cut or damaged."""
    return Look(*value_range(path, nodata), facts(path).dtype)


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


def pixel_notes(images: Sequence[ImageAnnotation], scenes: Mapping[str, Sequence[Scene]]) -> Iterator[str]:
    """Yield notes on images of one value only, and on copies, as far as they cost no reading of all images.

    Pixels are looked at until two differ, and the bytes of files of one size.
    """
    blank = [image.name for image in images if image.facts is not None and is_blank(image.path, image.facts)]
    if blank:
        yield f"{agreeing(len(blank), '[image has|images have] one value only')} ({some(blank)})"
    for across, pairs in copies(images, scenes):
        yield f"{copy_sentence(across, pairs)} ({some(pairs)})"


def copy_sentence(across: bool, pairs: Sequence[str]) -> str:
    """Say how many images are copies, in one split or across splits."""
    where = " in another split, on which figures measure memory" if across else ""
    return agreeing(len(pairs), f"[image is a copy|images are copies] of one{where}; keep one of them")


def is_blank(path: Path, facts: ImageFacts) -> bool:
    """Say whether an image has one value only: its pixels are read up to the first other one.

    A picture that took more bytes to compress than one value can take is not opened.
    """
    if path.suffix.lower() in COMPRESSED and path.stat().st_size > METADATA + facts.width * facts.height * BARE:
        return False
    seen = np.nan
    for there in (there for there in read_values(path) if there.size):
        seen = there.flat[0] if np.isnan(seen) else seen
        if (there != seen).any():
            return False
    return not np.isnan(seen)


def copies(
    images: Sequence[ImageAnnotation], scenes: Mapping[str, Sequence[Scene]]
) -> Iterator[tuple[bool, list[str]]]:
    """Yield images that are byte for byte another, as `copy = original`: those across splits with True, then the others."""
    splits: dict[Path, set[str]] = defaultdict(set)
    for part, those in scenes.items():
        for scene in those:
            splits[scene.path].add(part)
    by_size: dict[int, list[ImageAnnotation]] = defaultdict(list)
    for image in images:
        by_size[image.path.stat().st_size].append(image)
    first: dict[str, ImageAnnotation] = {}
    found: dict[bool, list[str]] = {True: [], False: []}
    for image in (image for those in by_size.values() if len(those) > 1 for image in those):
        original = first.setdefault(digest(image.path), image)
        if original is not image:
            across = len(splits[image.path] | splits[original.path]) > 1
            found[across].append(f"{image.name} = {original.name}")
    yield from ((across, pairs) for across, pairs in found.items() if pairs)
