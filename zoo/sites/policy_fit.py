"""Thresholds from labelled answers: the least score for a wanted precision, recall or cost, cell by cell.

A cell is a class at a place in some hours. Where it has few answers it is held back towards its parent (all places, all
hours): counts of the parent are added with the weight of `PRIOR` answers (an empirical Bayes estimate of the rates), and a
wanted precision must be reached by the lower end of the one-sided 80 % interval of Wilson (1927,
https://doi.org/10.1080/01621459.1927.10502953).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from zoo.errors import ZooError

#: Answers that the parent counts for.
PRIOR = 20.0
#: Normal quantile of a one-sided 80 %.
QUANTILE = 0.8416
Goal = Literal["precision", "recall", "cost"]
GOALS = ("precision", "recall", "cost")


@dataclass(frozen=True)
class Outcomes:
    """Answers of a cell: scores (N,), and whether each was right, bool (N,); `missed` objects have no answer at all."""

    scores: np.ndarray
    right: np.ndarray
    missed: int = 0

    def __post_init__(self) -> None:
        if len(self.scores) != len(self.right):
            raise ZooError(
                f"{len(self.scores)} scores and {len(self.right)} outcomes; there must be one of each an answer"
            )


@dataclass(frozen=True)
class Fitted:
    """A threshold, and what is expected of it: precision and recall of the cell, held back to its parent; N answers."""

    threshold: float
    precision: float
    recall: float
    answers: int
    reached: bool


def rates(cell: Outcomes, thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return right and all answers at each threshold (T,), and how many objects there are."""
    order = np.argsort(cell.scores)
    scores, right = cell.scores[order], cell.right[order].astype(float)
    first = np.searchsorted(scores, thresholds, side="left")
    left = np.concatenate([np.cumsum(right[::-1])[::-1], [0.0]])
    return left[first], (len(scores) - first).astype(float), float(right.sum() + cell.missed)


def wilson(share: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return the lower end of the interval of shares (T,) out of counts (T,)."""
    z = QUANTILE
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = share + z * z / (2 * count)
        spread = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
        found = (middle - spread) / (1 + z * z / count)
    return np.where(count > 0, found, 0.0)


def fit(cell: Outcomes, parent: Outcomes, goal: Goal, wanted: float) -> Fitted:
    """Choose a threshold; `wanted` is a precision, a recall, or what a miss costs against a false alarm.

    Precision: the lowest threshold that reaches it, so that the most is found. Recall: the highest. Cost: the cheapest.
    Where it is not reached, the best there is, and `reached` says so.
    """
    if not len(parent.scores):
        raise ZooError("there are no labelled answers to fit a threshold to; label some, or take another class")
    thresholds = np.unique(np.concatenate([parent.scores, cell.scores]))
    thresholds = (
        np.append(thresholds, np.nextafter(thresholds[-1], 2.0)) if goal == "cost" else thresholds
    )  # none at all
    right, all_, objects = rates(cell, thresholds)
    above, every, whole = rates(parent, thresholds)
    with np.errstate(divide="ignore", invalid="ignore"):
        prior_precision = np.where(every > 0, above / every, 0.0)
    prior_recall = above / whole if whole else np.zeros_like(above)
    precision = (right + PRIOR * prior_precision) / (all_ + PRIOR)
    recall = (right + PRIOR * prior_recall) / (objects + PRIOR)
    share = PRIOR / len(parent.scores)
    costs = (all_ - right) + wanted * (objects - right) + share * ((every - above) + wanted * (whole - above))
    choose: Callable[[], tuple[int, bool]] = {
        "precision": lambda: first_reaching(wilson(precision, all_ + PRIOR), wanted),
        "recall": lambda: last_reaching(recall, wanted),
        "cost": lambda: (int(np.argmin(costs)), True),
    }[goal]
    best, reached = choose()
    return Fitted(float(thresholds[best]), float(precision[best]), float(recall[best]), len(cell.scores), reached)


def first_reaching(values: np.ndarray, wanted: float) -> tuple[int, bool]:
    """Return the first place from which all that come reach what is wanted, where any does; else that of the most."""
    below = np.flatnonzero(values < wanted)
    first = int(below[-1]) + 1 if len(below) else 0
    if first < len(values):
        return first, True
    reaching = np.flatnonzero(values >= wanted)
    return (int(reaching[0]), True) if len(reaching) else (int(np.argmax(values)), False)


def last_reaching(values: np.ndarray, wanted: float) -> tuple[int, bool]:
    """Return the last place that reaches what is wanted; else the first, which keeps the most."""
    reaching = np.flatnonzero(values >= wanted)
    return (int(reaching[-1]), True) if len(reaching) else (0, False)


def joined(cells: Sequence[Outcomes]) -> Outcomes:
    """Return the outcomes of several cells as those of one."""
    scores = np.concatenate([np.zeros(0), *(cell.scores for cell in cells)])
    right = np.concatenate([np.zeros(0, bool), *(cell.right for cell in cells)])
    return Outcomes(scores, right, sum(cell.missed for cell in cells))
