"""What is found of labelled images before it is judged: the labels of each image, and what is wrong."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from recipes.folder.problems import Problem


@dataclass
class Labelled:
    """An image: its labels by name, where they stand, and the split and group that its row or folder says."""

    labels: tuple[str, ...]
    where: str
    split: str | None = None
    group: str | None = None


@dataclass
class Found:
    """Images by path below the folder, what is wrong, and notes; `classes` are in an order where the source has one."""

    images: dict[str, Labelled] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    classes: tuple[str, ...] = ()

    def problem(self, kind: str, where: str, what: str = "") -> None:
        """Note something that is wrong."""
        self.problems.append(Problem(kind, where, what))

    def names(self) -> list[str]:
        """Return the names of all labels, sorted: by number where all are numbers."""
        return ordered({label for image in self.images.values() for label in image.labels})


def ordered(names: Iterable[str]) -> list[str]:
    """Return names by their number where all are numbers, else in alphabetical order."""
    every = sorted(names)
    try:
        return sorted(every, key=float)
    except ValueError:
        return every
