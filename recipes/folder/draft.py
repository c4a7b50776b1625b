"""Annotations in the making: what the readers of all formats write into."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from recipes.folder import shapes
from recipes.folder.annotations import Annotations, ImageAnnotation, Value
from recipes.folder.numbers import is_number
from recipes.folder.problems import Problem, some
from recipes.folder.tree import Tree, join
from recipes.imagery.images import ImageFacts, facts, reason
from zoo.errors import ZooError
from zoo.outlines import corners


@dataclass
class Entry:
    """An image whose objects are still being read."""

    source: str = ""
    split: str | None = None
    group: str | None = None
    size: tuple[int, int] | None = None  # width, height as the annotation says
    boxes: list[Sequence[float]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    shapes: dict[int, np.ndarray] = field(default_factory=dict)  # (M, 2) by the object's index
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
        self.add([*points.min(axis=0), *points.max(axis=0)] if box is None else box, label, place)

    def describe(self, difficult: bool, attributes: Mapping[str, Value]) -> None:
        """Say more of the object that was added last."""
        if difficult:
            self.difficult.add(len(self.boxes) - 1)
        if attributes:
            self.attributes[len(self.boxes) - 1] = dict(attributes)


class Draft:
    """Gathers images, objects, problems and notes; `finish` reads the head of every image and freezes all of it."""

    def __init__(self, tree: Tree, place: str) -> None:
        self.tree, self.place = tree, place
        self.entries: dict[str, Entry] = {}
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self._facts: dict[str, ImageFacts | None] = {}

    def entry(self, rel: str, split: str | None = None, source: str = "") -> Entry:
        """Return the entry of an image, made at its first mention; a second split is a problem."""
        entry = self.entries.setdefault(rel, Entry(source, split))
        if entry.split != split:
            splits = f"in {entry.split or 'no split'} and in {split or 'no split'}"
            self.problem("leak", rel, splits + (f" ({source})" if source else ""))
        return entry

    def problem(self, kind: str, where: str, what: str) -> None:
        """Note something that is wrong."""
        self.problems.append(Problem(kind, where, what))

    def add(self, entry: Entry, sides: Mapping[str, str], label: str, place: tuple[str, int]) -> bool:
        """Add an object whose sides, xyxy in pixels, are still texts by name; False after noting what is wrong.

        `place` is how a sentence calls the place, and its number.
        """
        numbers = self.numbers(sides, label, place[0])
        if numbers is not None:
            entry.add(numbers, label, place[1])
        return numbers is not None

    def add_rotated(
        self, entry: Entry, texts: Mapping[str, str], label: str, place: tuple[str, int], turn: float = 1.0
    ) -> bool:
        """Add a rotated box: centre, width, height and an angle that times `turn` is in degrees counter-clockwise."""
        numbers = self.numbers(texts, label, place[0])
        if numbers is not None:
            *box, angle = numbers
            entry.add_shape(corners(np.array([[*box, angle * turn]]))[0], label, place[1])
        return numbers is not None

    def add_polygon(self, entry: Entry, texts: Mapping[str, str], label: str, place: tuple[str, int]) -> bool:
        """Add a polygon: x and y of each point in turn."""
        numbers = self.numbers(texts, label, place[0])
        if numbers is not None and (len(numbers) < 6 or len(numbers) % 2):
            self.problem(
                "malformed", place[0], f"{len(numbers)} numbers are no polygon, which has x and y of 3 points or more"
            )
            return False
        if numbers is not None:
            entry.add_shape(shapes.without_repeats(np.array(numbers).reshape(-1, 2)), label, place[1])
        return numbers is not None

    def numbers(self, texts: Mapping[str, str], label: str, where: str) -> list[float] | None:
        """Return the numbers in texts by name; None after noting the first that is none, or that there is no label."""
        wrong = [f"{name} is {text!r}" for name, text in texts.items() if not is_number(text)]
        if not label:
            wrong.append("the label is empty")
        if wrong:
            self.problem("malformed", where, wrong[0])
            return None
        return [float(text) for text in texts.values()]

    def names(self) -> list[str]:
        """Return the names of all classes that were met, in alphabetical order."""
        return sorted({label for entry in self.entries.values() for label in entry.labels})

    def malformed(self, error: ZooError) -> None:
        """Note a file that could not be parsed; the sentence begins with the file and the line."""
        where, _, what = str(error).partition(": ")
        self.problem("malformed", where, what)

    def note(self, sentence: str, names: Iterable[object]) -> None:
        """Add a note with the first few names, when there are any."""
        if known := list(names):
            self.notes.append(f"{len(known)} {sentence} ({some(known)})")

    def locate(self, name: str, folders: Sequence[str], where: str, own: str) -> str | None:
        """Return the image that an annotation in the folder `own` names; None after noting why there is none."""
        if join(own, name) is None:
            self.problem("path", where, f"{name!r}")
            return None
        found = self.tree.image_candidates(name, folders)
        if len(found) == 1:
            return found[0]
        if found:
            self.problem("malformed", where, f"image {name!r} can be {' or '.join(found[:3])}; write the folder too")
        else:
            self.problem("orphan", where, f"image {name!r} is not there")
        return None

    def facts(self, rel: str) -> ImageFacts | None:
        """Return what the head of an image says; None, once noted as a problem, when it cannot be read."""
        if rel not in self._facts:
            path = self.tree.path(rel)
            try:
                self._facts[rel] = facts(path)
            except ZooError as error:
                self._facts[rel] = None
                blank = path.is_file() and path.stat().st_size == 0
                self.problem("image", rel, "0 bytes" if blank else reason(error))
        return self._facts[rel]

    def finish(self, classes: Iterable[str]) -> Annotations:
        """Freeze what was read; `classes` in the format's order."""
        self._mend_shapes()
        images = tuple(self._image(rel, self.entries[rel]) for rel in sorted(self.entries))
        self.note("objects are marked difficult and were kept", [i.name for i in images for _ in i.difficult])
        sizes = [self._other_size(image) for image in images]
        self.note(
            "images have another size than their annotation says; boxes are taken in pixels of the image",
            [said for said in sizes if said],
        )
        known = tuple(dict.fromkeys(classes))
        return Annotations(self.tree.root, images, known, self.place, tuple(self.problems), tuple(self.notes))

    def _mend_shapes(self) -> None:
        """Take shapes that are axis-aligned boxes as boxes, and put the corners of those that cross themselves in order."""
        quads = [
            (name, index)
            for name, entry in sorted(self.entries.items())
            for index, shape in entry.shapes.items()
            if len(shape) == 4
        ]
        if not quads:
            return
        points = np.stack([self.entries[name].shapes[index] for name, index in quads])
        crossing = shapes.crossing(points)
        points[crossing] = shapes.uncrossed(points[crossing])
        plain = shapes.aligned(points)
        for (name, index), quad, simple in zip(quads, points, plain, strict=True):
            entry = self.entries[name]
            entry.shapes[index] = quad
            if simple:
                del entry.shapes[index]
                entry.boxes[index] = [*quad.min(axis=0), *quad.max(axis=0)]
        those = [f"{self.entries[n].source}, {self.place} {self.entries[n].places[i]}" for n, i in quads]
        self.note(
            "outlines crossed themselves and were taken as their convex hulls",
            [where for where, flag in zip(those, crossing, strict=True) if flag],
        )

    def _image(self, rel: str, entry: Entry) -> ImageAnnotation:
        return ImageAnnotation(
            rel,
            self.tree.path(rel),
            self.facts(rel),
            np.asarray(entry.boxes, np.float64).reshape(-1, 4),
            tuple(entry.labels),
            entry.source,
            tuple(entry.places),
            entry.split,
            entry.group,
            entry.shapes,
            frozenset(entry.difficult),
            entry.attributes,
            entry.about,
        )

    def _other_size(self, image: ImageAnnotation) -> str:
        said = self.entries[image.name].size
        if said is None or image.facts is None or said == (image.facts.width, image.facts.height):
            return ""
        return f"{image.name} is {image.facts.width} × {image.facts.height}, not {said[0]} × {said[1]}"
