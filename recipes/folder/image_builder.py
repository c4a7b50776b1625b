"""Images whose objects are still being read, and the shapes of all their objects made sound at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from recipes.folder import shapes
from recipes.folder.annotations import Region, Value
from zoo.geometry import box_geometry

#: Stands for the box of an object until `complete_shapes` has drawn it around the object's shape.
AROUND = (np.nan,) * 4


@dataclass
class ImageBuilder:
    """An image whose objects are still being read; their shapes and boxes are whole once `complete_shapes` has seen them."""

    source: str = ""
    split: str | None = None
    group: str | None = None
    size: tuple[int, int] | None = None  # width, height as the annotation says
    boxes: list[Sequence[float]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    shapes: dict[int, np.ndarray] = field(default_factory=dict)  # (M, 2) by the object's index
    rotated: dict[int, Sequence[float]] = field(default_factory=dict)  # (5,) by the object's index, until completed
    regions: dict[int, Region] = field(default_factory=dict)  # by the object's index, where a shape does not say all
    outlined: set[int] = field(default_factory=set)
    crowds: set[int] = field(default_factory=set)
    difficult: set[int] = field(default_factory=set)
    attributes: dict[int, dict[str, Value]] = field(default_factory=dict)
    about: dict[str, Value] = field(default_factory=dict)

    def add(self, box: Sequence[float], label: str, place: int) -> None:
        """Add an object: xyxy in pixels."""
        self.boxes.append(box)
        self.labels.append(label)
        self.places.append(place)

    def add_shape(self, points: np.ndarray, label: str, place: int, box: Sequence[float] | None = None) -> None:
        """Add an object of any shape: points (M, 2) in pixels, and the box that is annotated beside them, if one is."""
        self.shapes[len(self.boxes)] = points
        self.outlined.add(len(self.boxes))
        self.add(AROUND if box is None else box, label, place)

    def add_rotated(self, box: Sequence[float], label: str, place: int) -> None:
        """Add a rotated box: centre, width, height in pixels, and degrees counter-clockwise."""
        self.rotated[len(self.boxes)] = box
        self.add(AROUND, label, place)

    def add_region(self, region: Region, label: str, place: int, box: Sequence[float] | None = None) -> None:
        """Add an object of several parts or with holes, and the box that is annotated beside it, if one is."""
        self.regions[len(self.boxes)] = region
        self.outlined.add(len(self.boxes))
        points = np.concatenate([ring for part in region for ring in part])
        self.add([*points.min(axis=0), *points.max(axis=0)] if box is None else box, label, place)

    def describe(self, difficult: bool, attributes: Mapping[str, Value]) -> None:
        """Say more of the object that was added last."""
        if difficult:
            self.difficult.add(len(self.boxes) - 1)
        if attributes:
            self.attributes[len(self.boxes) - 1] = dict(attributes)


def complete_shapes(entries: Iterable[ImageBuilder]) -> list[tuple[ImageBuilder, int]]:
    """Give rotated boxes their corners, and objects of a shape the boxes around them; return which crossed themselves.

    Shapes that are axis-aligned boxes are boxes from then on; of four corners that cross themselves the order is mended.
    """
    entries = list(entries)
    turned = [(entry, index) for entry in entries for index in entry.rotated]
    if turned:
        with np.errstate(invalid="ignore"):  # numbers that are not finite are told later, as boxes
            drawn = box_geometry.corners(np.array([entry.rotated[index] for entry, index in turned]))
        for (entry, index), quad in zip(turned, drawn, strict=True):
            entry.shapes[index] = quad
    quads = []
    for entry in entries:
        for index, shape in entry.shapes.items():
            if len(shape) == 4:
                quads.append((entry, index))
            elif entry.boxes[index] is AROUND:
                entry.boxes[index] = [*shape.min(axis=0), *shape.max(axis=0)]
    return complete_quads(quads) if quads else []


def complete_quads(quads: Sequence[tuple[ImageBuilder, int]]) -> list[tuple[ImageBuilder, int]]:
    """Do so for the objects of four corners."""
    points = np.stack([entry.shapes[index] for entry, index in quads])
    crossing = shapes.crossing(points) & np.isfinite(points).all(axis=(1, 2))
    points[crossing] = shapes.uncrossed(points[crossing])
    plain, hulls = shapes.aligned(points), box_geometry.hulls(points)
    for (entry, index), quad, simple, hull in zip(quads, points, plain.tolist(), hulls.tolist(), strict=True):
        entry.shapes[index] = quad
        if simple or entry.boxes[index] is AROUND:
            entry.boxes[index] = hull
        if simple:
            del entry.shapes[index]
    return [quads[number] for number in np.flatnonzero(crossing).tolist()]
