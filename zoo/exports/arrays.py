"""Answers that are arrays, of a trained model and of its export, held against each other place by place."""

from dataclasses import dataclass

import numpy as np

#: What may differ: a share of the largest number of an answer.
LIMIT = 1e-4


@dataclass(frozen=True)
class ArrayDifferences:
    """The largest difference, as a share of the largest number of an answer, among so many numbers of so many answers."""

    largest: float = 0.0
    numbers: int = 0
    answers: int = 0
    wrong: str = ""

    def __add__(self, other: "ArrayDifferences") -> "ArrayDifferences":
        """Return those of both."""
        largest = float(np.maximum(self.largest, other.largest))  # NaN stays
        counts = self.numbers + other.numbers, self.answers + other.answers
        return ArrayDifferences(largest, *counts, self.wrong or other.wrong)

    @property
    def said(self) -> tuple[str, ...]:
        """The largest difference, in a sentence."""
        return (
            f"{self.numbers:,} numbers of {self.answers} answers differ by up to {self.largest:.1e} of the largest",
        )

    def disagreement(self) -> str:
        """Return what is beyond the limit, in words; "" if nothing is."""
        if self.wrong:
            return self.wrong
        if not self.numbers:
            return "nothing was compared"
        if not self.largest <= LIMIT:  # NaN too
            return f"its answers differ by up to {self.largest:.3g} of the largest number (at most {LIMIT:g})"
        return ""


def compare(trained: np.ndarray, exported: np.ndarray) -> ArrayDifferences:
    """Compare two answers of one shape; what is not finite must be so in both."""
    if trained.shape != exported.shape:
        return ArrayDifferences(wrong=f"it answers in the shape {exported.shape} instead of {trained.shape}")
    finite = np.isfinite(trained)
    odd = trained[~finite], exported[~finite]
    if not np.array_equal(*odd, equal_nan=True) or not np.isfinite(exported[finite]).all():
        return ArrayDifferences(wrong="it answers with infinite numbers, or none, in other places")
    return ArrayDifferences(apart(trained[finite], exported[finite]), trained.size, 1)


def apart(first: np.ndarray, second: np.ndarray) -> float:
    """Return the largest difference of two arrays, as a share of the largest number of the first."""
    first, second = first.astype(np.float64), second.astype(np.float64)
    scale = max(float(np.abs(first).max(initial=0.0)), 1e-6)
    return float(np.abs(first - second).max(initial=0.0)) / scale
