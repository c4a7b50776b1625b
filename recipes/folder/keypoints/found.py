"""What is found of annotated keypoints before it is judged: the individuals of each image, the names, and what is wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from recipes.folder.problems import Problem
from recipes.folder.tree import Tree
from recipes.imagery.images import ImageFacts

#: What an individual is called where nobody says what it is.
INDIVIDUAL = "individual"


@dataclass
class Individual:
    """One animal or person: `keypoints` float64 (J, 2), NaN where none is set, and which are `seen` (J,) bool.

    `box` is xyxy and `area` that of the individual, in pixels, None where nobody says it. `where` is its place in a file.
    `hidden` are the numbers of the keypoints that are labelled where something hides them. `label` says what it is, a mouse,
    and `name` which one, the same in every image; "" where nobody says it. `order` is its number among those of its image.
    """

    keypoints: np.ndarray
    seen: np.ndarray
    where: str
    box: tuple[float, float, float, float] | None = None
    area: float | None = None
    hidden: frozenset[int] = frozenset()
    label: str = ""
    name: str = ""
    order: int = 0


@dataclass
class Found:
    """Individuals by image, as a path below the folder; all have the keypoints `names`, in this order.

    `edges` are joined by lines, None where the source says nothing of it; `splits` are those that it names. `facts` are those
    of the images that can be read, each read once; `sizes` are width and height as annotations declare them.
    """

    names: tuple[str, ...] = ()
    images: dict[str, list[Individual]] = field(default_factory=dict)
    edges: list[tuple[str, str]] | None = None
    splits: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    format: str = ""
    facts: dict[str, ImageFacts] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)

    def problem(self, kind: str, where: str, what: str = "") -> None:
        """Note something that is wrong."""
        self.problems.append(Problem(kind, where, what))

    def name_keypoints(self, names: Sequence[str], where: str) -> list[int] | None:
        """Return where each known keypoint stands in `names` of a file; the first file settles which are known.

        Another order is followed by name. Other names are a problem, and None.
        """
        if not self.names:
            self.names = tuple(names)
        if sorted(names) != sorted(self.names) or len(set(names)) != len(names):
            odd = sorted(set(names) ^ set(self.names)) or [name for name in names if list(names).count(name) > 1]
            self.problem(
                "keypoints", where, f"{len(names)} of them, where others have {len(self.names)}: {', '.join(odd[:4])}"
            )
            return None
        if tuple(names) != self.names:
            self.notes.append(f"{where} names the keypoints in another order, and is followed by name")
        return [list(names).index(name) for name in self.names]

    def locate(self, tree: Tree, name: str, folders: Sequence[str], where: str) -> str | None:
        """Return the image that a file means by `name`; none, or more than one, is a problem."""
        candidates = tree.image_candidates(name, folders)
        if len(candidates) == 1:
            return candidates[0]
        many = f"; it may be {', '.join(candidates[:3])}" if candidates else ""
        self.problem("orphan", where, f"{name!r}{many}")
        return None

    def declare(self, image: str, width: object, height: object) -> None:
        """Keep the size of an image that its annotation declares, where it declares one."""
        sides = [int(str(side)) for side in (width, height) if str(side).isdecimal() and int(str(side)) > 0]
        if len(sides) == 2:
            self.sizes[image] = (sides[0], sides[1])

    def add(self, image: str, one: Individual) -> None:
        """Keep an individual of an image, in the order in which they come."""
        those = self.images.setdefault(image, [])
        one.order = len(those)
        those.append(one)

    def readable(self) -> Iterator[tuple[str, ImageFacts, Individual]]:
        """Yield every individual whose image can be read, with that and what its head says."""
        return ((image, self.facts[image], one) for image, one in self.every() if image in self.facts)

    def every(self) -> Iterator[tuple[str, Individual]]:
        """Yield every individual with its image."""
        return ((image, one) for image, those in self.images.items() for one in those)


def numbers(words: Sequence[str]) -> np.ndarray:
    """Return words as numbers, NaN where a word is empty or NaN; ValueError for what is no finite one."""
    found = np.array([float(word) if word.strip() else np.nan for word in words])
    if np.isinf(found).any():
        raise ValueError(f"{words[int(np.isinf(found).argmax())].strip()!r} is no place in an image")
    return found
