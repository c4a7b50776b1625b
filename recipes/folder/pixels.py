"""What only a full look at an image shows: cut files, a picture of one value, values outside the range that is assumed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.problems import some
from recipes.imagery.images import ImageFacts, facts, read_values
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


def blank_notes(images: Sequence[ImageAnnotation]) -> Iterator[str]:
    """Yield a note on images of one value only: pixels are looked at until two differ."""
    blank = [image.name for image in images if image.facts is not None and is_blank(image.path, image.facts)]
    if blank:
        yield f"{agreeing(len(blank), '[image has|images have] one value only')} ({some(blank)})"


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
