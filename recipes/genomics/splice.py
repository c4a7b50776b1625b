"""Splice junctions of primate genes: 3,190 windows of 60 bases around a donor (EI), an acceptor (IE), or neither (N).

Noordewier, Towell and Shavlik 1991, UCI Machine Learning Repository, https://doi.org/10.24432/C5M888; CC-BY 4.0. Ten
folds: fold i is the test, fold i + 1 the validation, stratified by class; copies of one sequence stay in one fold.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recipes.genomics import fasta
from recipes.kit.module import Change
from recipes.kit.sampler import generator
from recipes.kit.split import SPLITS, Split
from recipes.kit.text_file import lines_of
from recipes.series.future import Timed
from recipes.series.module import SeriesModule
from recipes.series.series import Series
from zoo.errors import ZooError
from zoo.sources import Source, fetch_files

SOURCE = "github://joely-nelson/deep_learning_DNA_CNN@be21512/splice.data"
SHA256 = "ebbae10c85d3c285e2a2489a37e42bc2ee8d91d15005e391a9962fa3389a114f"
CLASSES = ("EI", "IE", "N")
FOLDS = 10
#: The folds are the same for every seed of training.
FOLD_SEED = 1991


class SpliceJunctions(SeriesModule):
    """Windows of DNA with a class; `fold` of ten is the test.

    `root` is a file of your own, a line `class, name, bases` each, with `,` or `;` or a tab between them. Bases are of either
    case, and may be any code of the IUPAC, N among them.
    """

    new_input, endings = "NEW.fasta", fasta.ENDINGS

    def __init__(
        self, name: str, augment: Change | None = None, fold: int = 0, root: str | None = None, **settings: Any
    ) -> None:
        super().__init__(name, augment, **settings)
        if fold not in range(FOLDS):
            raise ZooError(f"data.fold={fold} must be one of 0 … {FOLDS - 1}")
        self.fold, self.root = fold, root

    def sources(self) -> Sequence[Source]:
        """Return the one file."""
        return [] if self.root is not None else [Source(SOURCE, SHA256)]

    def read_split(self) -> Split[Series]:
        """Read the windows and divide them into folds."""
        path = Path(self.root) if self.root is not None else fetch_files(self.sources())[0]
        every = read(path)
        classes = CLASSES if self.root is None else tuple(sorted({word for word, _, _ in every}))
        series = [Series(name, letters(bases), classes.index(word), same(bases)) for word, name, bases in every]
        parts: dict[str, list[Series]] = {part: [] for part in SPLITS}
        for one, fold in zip(series, folds(series), strict=True):
            place = (fold - self.fold) % FOLDS
            parts["test" if place == 0 else "val" if place == 1 else "train"].append(one)
        copies = len(every) - len({one.group for one in series})
        note = f"test: fold {self.fold} of ten, validation: fold {(self.fold + 1) % FOLDS}, by class"
        if copies:
            note += f"; the {copies} windows that are copies of another are in its fold"
        return Split(parts, classes, ("letter",), (note,), "CC-BY-4.0" if self.root is None else "unknown")

    def read_new(self, path: Path) -> tuple[tuple[str, ...], Sequence[Timed]]:
        """Read FASTA, or a line for each sequence: bases, or a name and bases, or a class too."""
        every = [Timed(Series(name, letters(bases)), np.zeros(0)) for name, bases in fasta.read(path)]
        return ("letter",), every

    def measure(self) -> dict[str, Any]:
        """Measure the training windows; what is carried as float32 are whole numbers, of letters."""
        return {**super().measure(), "dtype": "int64", "value_range": None}


def read(path: Path) -> list[tuple[str, str, str]]:
    """Return class, name and bases of every line; ZooError names the line that is another thing."""
    found = []
    for number, line in enumerate(lines_of(path), 1):
        if not line.strip():
            continue
        parts = fasta.fields(line)
        if len(parts) != 3 or not all(parts):
            raise ZooError(f"{path}, line {number}: {line[:60]!r} is not: class, name, bases")
        if number == 1 and parts[2].lower() in fasta.NAMED:
            continue
        fasta.refuse_strange(parts[2], path, number)
        found.append((parts[0], f"{parts[1]} {number}", parts[2]))
    if not found:
        raise ZooError(f"{path} holds no sequence; a line is: class, name, bases")
    return found


def same(bases: str) -> str:
    """Return bases as they are compared: capitals, and U as T."""
    return bases.upper().replace("U", "T")


def letters(bases: str) -> np.ndarray:
    """Return bases as numbers of characters, (T, 1) float32; the model knows what they mean."""
    return np.frombuffer(bases.encode("ascii"), np.uint8).astype(np.float32)[:, None]


def folds(series: Sequence[Series]) -> list[int]:
    """Return the fold of each: groups of equal bases in a drawn order, each into the fold with the fewest of its class."""
    groups: dict[str, list[int]] = {}
    for index, one in enumerate(series):
        groups.setdefault(one.group, []).append(index)
    order = torch.randperm(len(groups), generator=generator(FOLD_SEED)).tolist()
    members, filled, found = list(groups.values()), Counter[tuple[int, int]](), [0] * len(series)
    for place in order:
        label = series[members[place][0]].label
        fold = min(range(FOLDS), key=lambda fold: filled[label, fold])
        filled[label, fold] += len(members[place])
        for index in members[place]:
            found[index] = fold
    return found
