"""What a reader of any annotation format returns: per image its objects in pixels and the names of their classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from pathlib import Path

import numpy as np

from recipes.folder.problems import Problem
from recipes.folder.tree import Tree
from recipes.imagery.images import ImageFacts

Value = str | int | float | bool
#: Parts of an object, each its outer ring and then its holes: points (M, 2) in pixels.
Region = Sequence[Sequence[np.ndarray]]


@dataclass(frozen=True)
class ImageAnnotation:
    """An image with its objects: `boxes` float64 (N, 4) xyxy in pixels of the file, as annotated; `labels` (N,) names.

    `shapes` holds, by the object's index, the points (M, 2) in pixels of what is no axis-aligned box: four corners of a
    rotated box in their order, or a polygon; `boxes` is then what lies around it, or the box that is annotated beside
    it. `regions` holds those of several parts or with holes, and `outlined` the indices of all that are drawn, as a
    rectangle too, and not only boxed. `crowds` are the indices of objects that stand for many, or
    for what is to be ignored, `difficult` of those that are marked so; `attributes` is what else an object is said to be.
    `name` is the path below the data folder; `places` (N,) tells where in `source` each object stands. `split` is train,
    val or test where the format says so; `group` names what must stay together; `about` is what is said of the image.
    `facts` is None for an unreadable image.
    """

    name: str
    path: Path
    facts: ImageFacts | None
    boxes: np.ndarray
    labels: tuple[str, ...]
    source: str = ""
    places: tuple[int, ...] = ()
    split: str | None = None
    group: str | None = None
    shapes: Mapping[int, np.ndarray] = field(default_factory=dict)
    regions: Mapping[int, Region] = field(default_factory=dict)
    outlined: frozenset[int] = frozenset()
    crowds: frozenset[int] = frozenset()
    difficult: frozenset[int] = frozenset()
    attributes: Mapping[int, Mapping[str, Value]] = field(default_factory=dict)
    about: Mapping[str, Value] = field(default_factory=dict)

    def only(self, kept: np.ndarray) -> "ImageAnnotation":
        """Return the image with the objects that `kept`, bool (N,), says."""
        if kept.all():
            return self
        new = {int(old): index for index, old in enumerate(np.flatnonzero(kept))}
        return replace(
            self,
            boxes=self.boxes[kept],
            labels=tuple(compress(self.labels, kept)),
            places=tuple(compress(self.places, kept)),
            shapes={new[old]: shape for old, shape in self.shapes.items() if old in new},
            regions={new[old]: region for old, region in self.regions.items() if old in new},
            outlined=frozenset(new[old] for old in self.outlined if old in new),
            crowds=frozenset(new[old] for old in self.crowds if old in new),
            difficult=frozenset(new[old] for old in self.difficult if old in new),
            attributes={new[old]: those for old, those in self.attributes.items() if old in new},
        )


@dataclass(frozen=True)
class Annotations:
    """All images of a folder, sorted by name, and the classes in the format's own order; `format` is its name.

    `place` says what `places` count ("line" or "annotation"). `problems` is what the reader could not take; nothing of it
    is in `images`, but for images without objects, boxes and shapes, which are judged later.
    """

    tree: Tree
    images: tuple[ImageAnnotation, ...]
    classes: tuple[str, ...]
    place: str = "line"
    problems: tuple[Problem, ...] = field(default=())
    notes: tuple[str, ...] = ()
    format: str = ""

    @property
    def root(self) -> Path:
        """The folder."""
        return self.tree.root

    def with_notes(self, *notes: str) -> "Annotations":
        """Return the annotations with more notes."""
        return replace(self, notes=(*self.notes, *notes))


def where(annotations: Annotations, image: ImageAnnotation, index: int) -> str:
    """Return how a sentence calls the object `index` of an image: file, place and image."""
    return f"{image.source}, {annotations.place} {image.places[index]}" + (f" ({image.name})" if image.source else "")


def stacked(images: Sequence[ImageAnnotation]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all boxes (N, 4), the width and height (N, 2) of their images, and the index (N,) of their image."""
    counts = [len(image.boxes) for image in images]
    boxes = np.concatenate([np.zeros((0, 4)), *(image.boxes for image in images)])
    sizes = [(image.facts.width, image.facts.height) if image.facts else (np.inf, np.inf) for image in images]
    owner = np.repeat(np.arange(len(images)), counts)
    return boxes, np.asarray(sizes, np.float64).reshape(-1, 2)[owner], owner
