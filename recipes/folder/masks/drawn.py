"""Masks that are drawn into the cache: of outlines, or of a file for each class."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from posixpath import basename
from typing import NamedTuple

from recipes.folder.mask_pairs import Pair
from recipes.folder.masks.legend import Legend
from recipes.folder.problems import Problem
from recipes.folder.tree import key, without_suffix
from zoo.files import cache_place
from zoo.segmentation import BACKGROUND


class Drawn(NamedTuple):
    """Images with masks that were drawn into the cache, what their values mean, and what there is to say."""

    pairs: tuple[Pair, ...]
    legend: Legend
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def class_numbers(names: Sequence[str]) -> dict[str, int]:
    """Return the number of each class: background is 0, and there even where no object is called so."""
    return {name: number for number, name in enumerate(dict.fromkeys([BACKGROUND, *names]))}


def cached(kind: str, name: str, path: Path, numbers: Mapping[str, int], drawn: str) -> Path:
    """Return where the mask of an image is kept."""
    state = path.stat()
    asked = (str(path.resolve()), state.st_mtime_ns, state.st_size, sorted(numbers.items()), drawn)
    digest = hashlib.sha256(repr(asked).encode()).hexdigest()[:32]
    return cache_place("masks", kind, f"{digest}_{key(without_suffix(basename(name)))[:40]}.tif")
