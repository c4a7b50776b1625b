"""A format to write: what it can carry, where its images lie, and how its numbers are written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recipes.folder.annotations import ImageAnnotation
from zoo.geometry.box_geometry import corners

#: Decimals of a pixel; the shortest number that says it is written.
DECIMALS = 6


@dataclass(frozen=True)
class Placed:
    """An image of a data set to be written: its annotation, and its path below the new folder."""

    image: ImageAnnotation
    rel: str


#: What is written: the images, the names of the classes in order, and the folder, which is there.
Write = Callable[[Sequence[Placed], Sequence[str], Path], None]


@dataclass(frozen=True)
class Target:
    """A format: `reader` names who reads it; `place` says where an image lies, by its bare name and split.

    `carries` of: rectangle (rotated), corners (four of any kind), polygon, difficult, attributes, group, spaces (in names
    of classes), unsplit (images without a split beside images with one). `about` are the facts of images that it carries,
    None for all of them.
    """

    reader: str
    write: Write
    place: Callable[[str, str | None], str]
    carries: frozenset[str]
    about: frozenset[str] | None = frozenset()
    stems: bool = True  # an image has a label of its own, called by its stem


def short(number: float, decimals: int = DECIMALS) -> str:
    """Return a number with as few digits as say it to so many decimals."""
    return repr(round(float(number), decimals)).removesuffix(".0")


def rounded(numbers: np.ndarray) -> list[float]:
    """Return numbers, in a row, to `DECIMALS`, for JSON."""
    return np.round(np.asarray(numbers, np.float64), DECIMALS).ravel().tolist()


def four_corners(image: ImageAnnotation) -> np.ndarray:
    """Return the corners (N, 4, 2) of all objects; of a polygon, those of the box around it."""
    found = corners(image.boxes)
    for index, shape in image.shapes.items():
        if len(shape) == 4:
            found[index] = shape
    return found


def save(path: Path, text: str) -> None:
    """Write a text, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def by_split(placed: Sequence[Placed]) -> dict[str | None, list[Placed]]:
    """Return the images by their split, in the order of train, val, test, none."""
    order = ("train", "val", "test", None)
    parts = {split: [one for one in placed if one.image.split == split] for split in order}
    return {split: those for split, those in parts.items() if those}
