"""A series, and how series are divided among training, validation and test."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from recipes.module import generator
from zoo.errors import ZooError

SPLITS = ("train", "val", "test")
#: What stands for a step that nothing is said of, and in `tags (B, T)` behind the end of a series.
UNLABELLED = -100


@dataclass(frozen=True)
class Series:
    """Values (T, F) float32, NaN where missing; the class of the whole, or int64 labels (T,) of its steps.

    `group` is what must not be in two splits: a patient, a machine, a well.
    """

    name: str
    values: np.ndarray
    label: int = -1
    group: str = ""
    steps: np.ndarray | None = None

    def cut(self, start: int, end: int) -> "Series":
        """Return the steps from `start` up to `end`."""
        steps = None if self.steps is None else self.steps[start:end]
        return Series(self.name, self.values[start:end], self.label, self.group, steps)


@dataclass(frozen=True)
class Split:
    """Series by split, with what they share: the names of classes and of features (bands), notes, the licence."""

    parts: Mapping[str, Sequence[Series]]
    classes: tuple[str, ...]
    bands: tuple[str, ...]
    notes: tuple[str, ...] = ()
    licence: str = "unknown"


def check_groups(parts: Mapping[str, Sequence[Series]]) -> None:
    """Refuse a group that is in two splits: what is learnt of it in one is known in the other."""
    seen: dict[str, str] = {}
    for part, every in parts.items():
        for series in every:
            before = seen.setdefault(series.group, part) if series.group else part
            if before != part:
                raise ZooError(
                    f"group {series.group!r} is in {before} and in {part}, by series {series.name!r}; put each group into"
                    " one split, or leave the groups away if they do not matter"
                )


def divide(series: Sequence[Series], shares: tuple[float, float], seed: int) -> dict[str, list[Series]]:
    """Draw the shares of val and test, whole groups where there are groups, else so that classes keep their proportions."""
    val, test = shares
    if min(val, test) < 0 or val + test >= 1:
        raise ZooError(f"data.shares=[{val}, {test}] must be shares of val and test, together less than 1")
    parts: dict[str, list[Series]] = {part: [] for part in SPLITS}
    units: dict[str, list[list[Series]]] = {}
    for key, members in grouped(series).items():
        units.setdefault("" if members[0].group else key.rpartition(":")[2], []).append(members)
    for index, name in enumerate(sorted(units)):
        every = units[name]
        order = torch.randperm(len(every), generator=generator(seed, index)).tolist()
        ends = round(test * len(every)), round(test * len(every)) + round(val * len(every))
        for place, unit in enumerate(order):
            parts["test" if place < ends[0] else "val" if place < ends[1] else "train"] += every[unit]
    return parts


def grouped(series: Sequence[Series]) -> dict[str, list[Series]]:
    """Return the series by group; one of no group is a unit of its own, whose key ends in its class."""
    found: dict[str, list[Series]] = {}
    for index, one in enumerate(series):
        found.setdefault(one.group or f"{index}:{one.label}", []).append(one)
    return found


def hold_out(train: Sequence[Series], share: float | None, seed: int) -> tuple[dict[str, list[Series]], str]:
    """Take a stratified share of the training series for validation; None is a tenth, or nothing of fewer than 300.

    Where nothing is taken, the validation is the training data itself, and the note says so.
    """
    taken = (0.1 if len(train) >= 300 else 0.0) if share is None else share
    if not taken:
        how = f"validation: the {len(train)} training series themselves, so its figures mean nothing"
        return {"train": list(train), "val": list(train)}, how
    parts = divide(train, (taken, 0.0), seed)
    counts = Counter(series.label for series in parts["val"])
    how = f"validation: {len(parts['val'])} of the training series, {min(counts.values())} or more of {len(counts)} classes"
    return {"train": parts["train"], "val": parts["val"]}, how
