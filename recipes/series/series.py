"""A series, and how series are divided among training, validation and test."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recipes.kit.split import SPLITS, draw

#: What stands for a step that nothing is said of, and in `tags (B, T)` behind the end of a series.
UNLABELLED = -100


@dataclass(frozen=True)
class Series:
    """Values (T, F), NaN where missing; the class of the whole, or int64 labels (T,) of its steps.

    Values are float64 as they are read, and float32 as a model takes them. `group` is what must not be in two splits: a
    patient, a machine, a well. `times` (T,) are those of the steps, seconds.
    """

    name: str
    values: np.ndarray
    label: int = -1
    group: str = ""
    steps: np.ndarray | None = None
    times: np.ndarray | None = None

    def cut(self, start: int, end: int) -> "Series":
        """Return the steps from `start` up to `end`."""
        steps = None if self.steps is None else self.steps[start:end]
        times = None if self.times is None else self.times[start:end]
        return Series(self.name, self.values[start:end], self.label, self.group, steps, times)


def divide(series: Sequence[Series], ratios: Sequence[float], seed: int) -> dict[str, list[Series]]:
    """Draw train, val and test: whole groups where there are groups, else so that classes keep their proportions."""
    alone = {id(one): str(index) for index, one in enumerate(series)}
    return draw(
        series,
        ratios,
        seed,
        group=lambda one: one.group or alone[id(one)],
        stratum=lambda one: "" if one.group else str(one.label),
        parts=SPLITS[: len(ratios)],
    )


def hold_out(train: Sequence[Series], ratios: Sequence[float] | None, seed: int) -> tuple[dict[str, list[Series]], str]:
    """Divide the training series by the ratios of train and val; None holds a tenth out, or nothing of fewer than 300.

    Where nothing is held out, the validation is the training data itself, and the note says so.
    """
    if ratios is None and len(train) < 300:
        how = f"validation: the {len(train)} training series themselves, so its figures mean nothing"
        return {"train": list(train), "val": list(train)}, how
    parts = divide(train, ratios or (0.9, 0.1), seed)
    counts = Counter(series.label for series in parts["val"])
    how = f"validation: {len(parts['val'])} of the training series, {min(counts.values())} or more of {len(counts)} classes"
    return parts, how
