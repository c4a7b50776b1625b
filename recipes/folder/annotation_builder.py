"""Annotations in the making: what the readers of all formats write into."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from recipes.folder import shapes
from recipes.folder.annotations import Annotations, ImageAnnotation
from recipes.folder.declared_size import fit_declared
from recipes.folder.image_builder import ImageBuilder, complete_shapes
from recipes.folder.numbers import is_number
from recipes.folder.problems import Problem, some
from recipes.folder.tree import Tree, join
from recipes.imagery.images import SUFFIXES, ImageFacts, facts, reason
from zoo.errors import ZooError, agreeing


class AnnotationBuilder:
    """Gathers images, objects, problems and notes; `finish` reads the head of every image and freezes all of it."""

    def __init__(self, tree: Tree, place: str) -> None:
        self.tree, self.place = tree, place
        self.entries: dict[str, ImageBuilder] = {}
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self._facts: dict[str, ImageFacts | None] = {}

    def entry(self, rel: str, split: str | None = None, source: str = "") -> ImageBuilder:
        """Return the entry of an image, made at its first mention; a second split is a problem."""
        entry = self.entries.setdefault(rel, ImageBuilder(source, split))
        if entry.split != split:
            splits = f"in {entry.split or 'no split'} and in {split or 'no split'}"
            self.problem("leak", rel, splits + (f" ({source})" if source else ""))
        return entry

    def problem(self, kind: str, where: str, what: str) -> None:
        """Note something that is wrong."""
        self.problems.append(Problem(kind, where, what))

    def add(self, entry: ImageBuilder, sides: Mapping[str, str], label: str, place: tuple[str, int]) -> bool:
        """Add an object whose sides, xyxy in pixels, are still texts by name; False after noting what is wrong.

        `place` is how a sentence calls the place, and its number.
        """
        numbers = self.numbers(sides, label, place[0])
        if numbers is not None:
            entry.add(numbers, label, place[1])
        return numbers is not None

    def add_rotated(
        self, entry: ImageBuilder, texts: Mapping[str, str], label: str, place: tuple[str, int], turn: float = 1.0
    ) -> bool:
        """Add a rotated box: centre, width, height and an angle that times `turn` is in degrees counter-clockwise."""
        numbers = self.numbers(texts, label, place[0])
        if numbers is not None:
            *box, angle = numbers
            entry.add_rotated([*box, angle * turn], label, place[1])
        return numbers is not None

    def add_polygon(self, entry: ImageBuilder, texts: Mapping[str, str], label: str, place: tuple[str, int]) -> bool:
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
            self.notes.append(f"{agreeing(len(known), sentence)} ({some(known)})")

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
            self.problem("orphan", where, f"image {name!r} {self._missing(name, folders)}")
        return None

    def _missing(self, name: str, folders: Sequence[str]) -> str:
        there = next(
            (rel for folder in folders if (place := join(folder, name)) and (rel := self.tree.file(place))), None
        )
        way_out = f"no image that is read here ({', '.join(sorted(SUFFIXES))}); save it as PNG or JPEG"
        return "is not there" if there is None else f"is there as {there}, and is {way_out}"

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
        crossed = complete_shapes(self.entries[rel] for rel in sorted(self.entries))
        self.note(
            "[outline|outlines] crossed [itself|themselves] and [was|were] taken as [its|their] convex [hull|hulls]",
            [f"{entry.source}, {self.place} {entry.places[index]}" for entry, index in crossed],
        )
        self._fit_sizes()
        self.note("[file is|files are] not UTF-8 and [was|were] read as Windows text (cp1252)", self.tree.windows_texts)
        images = tuple(self._image(rel, self.entries[rel]) for rel in sorted(self.entries))
        self.note(
            "[object is|objects are] marked difficult and [was|were] kept",
            [i.name for i in images for _ in i.difficult],
        )
        known = tuple(dict.fromkeys(classes))
        return Annotations(self.tree, images, known, self.place, tuple(self.problems), tuple(self.notes))

    def _image(self, rel: str, entry: ImageBuilder) -> ImageAnnotation:
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
            entry.regions,
            frozenset(entry.outlined),
            frozenset(entry.crowds),
            frozenset(entry.difficult),
            entry.attributes,
            entry.about,
        )

    def _fit_sizes(self) -> None:
        """Move objects to the pixels of images that have another size than their annotation says; note it."""
        done: dict[str, list[str]] = {}
        for rel in sorted(self.entries):
            entry, known = self.entries[rel], self.facts(rel)
            what = fit_declared(entry, known)
            if what == "" or known is None or entry.size is None:
                continue
            said = f"{known.width} × {known.height}, not {entry.size[0]} × {entry.size[1]}"
            if what is None:
                self.problem("size", rel, f"{said} as {entry.source} says")
            else:
                done.setdefault(what, []).append(f"{rel} is {said}")
        for sentence, names in done.items():
            self.note(sentence, names)
