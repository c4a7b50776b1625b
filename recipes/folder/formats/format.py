"""A format of annotations as one record, and how numbers are written in all of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recipes.folder.annotations import Annotations, ImageAnnotation
from recipes.folder.tree import Tree
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


def no_evidence(tree: Tree) -> Iterator[str]:
    """Yield nothing: a format that another one's reader reads speaks for itself by no file."""
    yield from ()


@dataclass(frozen=True)
class Format:
    """A format of annotations: how it is known, read and written.

    `evidence` yields the files of a tree that speak for it, of which `looked_for` says what they are; `place` says where an
    image lies in what is written, by its bare name and split.

    `carries` of: rectangle (rotated), corners (four of any kind), polygon, difficult, attributes, group, spaces (in names
    of classes), unsplit (images without a split beside images with one). `about` are the facts of images that it carries,
    None for all of them. Where `stems`, an image has a label of its own, called by its stem; where `lists_classes` not,
    `classes.txt` is the list of the classes.
    """

    name: str
    looked_for: str
    evidence: Callable[[Tree], Iterable[str]]
    read: Callable[[Tree], Annotations]
    write: Write
    place: Callable[[str, str | None], str]
    carries: frozenset[str]
    about: frozenset[str] | None = frozenset()
    stems: bool = True
    lists_classes: bool = True


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
