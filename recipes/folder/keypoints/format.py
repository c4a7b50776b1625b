"""A format of keypoints as one record, and an image of a data set to be written in one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from recipes.folder.keypoints.found import Found, Individual
from recipes.folder.tree import Tree
from recipes.imagery.images import ImageFacts


@dataclass(frozen=True)
class KeypointImage:
    """An image with its individuals: its path below the new folder, its split, and what its head says."""

    rel: str
    split: str | None
    facts: ImageFacts
    individuals: Sequence[Individual]


@dataclass(frozen=True)
class KeypointFormat:
    """A format of keypoints: how it is known, read and written; `place` says where an image lies, by its name and split.

    `carries` of: hidden (keypoints that are labelled and hidden), skeleton (edges), box, area, label (what an individual is),
    name (which it is), split.
    """

    name: str
    evidence: Callable[[Tree], Iterable[str]]
    read: Callable[[Tree], Found]
    write: Callable[[Sequence[KeypointImage], Found, Path], None]
    place: Callable[[str, str | None], str]
    carries: frozenset[str]
    stems: bool = False
