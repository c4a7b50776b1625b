"""Boundary F1: how near the outlines of a prediction lie to those of the truth, class by class.

Csurka et al. 2013, “What is a good evaluation measure for semantic segmentation?”, http://dx.doi.org/10.5244/C.27.32. Precision
is the share of the predicted boundary that lies within a tolerance of the true one, recall the share of the true one within it
of the predicted, F1 their harmonic mean. The paper averages over images and takes 0.75 % of their diagonal; here the shares
are those of all scenes together, and the tolerance is in pixels, for scenes have any size. Rows come strip by strip, and only
as many are kept as the tolerance reaches: the counts are those of the whole scene, exactly.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from zoo.errors import ZooError
from zoo.segmentation import IGNORED

#: The largest tolerance, pixels: every place within it is looked at.
WIDEST = 32


@dataclass
class Pending:
    """The last rows of a scene, truth and prediction (2, n, W) uint8; the first `done` of them are counted."""

    rows: np.ndarray
    done: int = 0


class Boundaries:
    """Pixels of boundaries (2, 2, K) int64: those of the truth and of the prediction; all, and those near the other's."""

    def __init__(self, classes: int, tolerance: float) -> None:
        if not 0 <= tolerance <= WIDEST:
            raise ZooError(
                f"task.boundary_tolerance={tolerance} must be 0 to {WIDEST} pixels, or null for no boundary F1"
            )
        self.counts = np.zeros((2, 2, classes), np.int64)
        self.reach = int(tolerance)
        steps = np.arange(-self.reach, self.reach + 1)
        self.disc = [(y, x) for y in steps for x in steps if y * y + x * x <= tolerance * tolerance]
        self.pending: dict[str, Pending] = {}

    def add(self, scene: str, rows: np.ndarray, last: bool) -> None:
        """Take the next rows of a scene, truth and prediction (2, n, W) uint8; truth of 255 is not known and no boundary."""
        rows = np.where(rows[0] == IGNORED, np.uint8(IGNORED), rows)
        waiting = self.pending.pop(scene, None)
        first, rows = (0, rows) if waiting is None else (waiting.done, np.concatenate((waiting.rows, rows), axis=1))
        margin = self.reach + 1  # a boundary is seen by the pixel next to it
        end = rows.shape[1] if last else max(first, rows.shape[1] - margin)
        self.count(rows, slice(first, end))
        if not last:
            start = max(0, end - margin)
            self.pending[scene] = Pending(rows[:, start:].copy(), end - start)

    def count(self, rows: np.ndarray, chosen: slice) -> None:
        """Count the boundaries in the chosen ones of rows (2, n, W)."""
        maps = np.stack([boundary(mask) for mask in rows])
        padded = np.pad(maps, ((0, 0), (self.reach, self.reach), (self.reach, self.reach)), constant_values=IGNORED)
        for side in (0, 1):
            y, x = np.nonzero(maps[side, chosen] != IGNORED)
            own = maps[side, chosen][y, x]
            near = np.zeros(len(own), bool)
            for down, right in self.disc:
                near |= padded[1 - side, y + chosen.start + self.reach + down, x + self.reach + right] == own
            for kind, classes in enumerate((own, own[near])):
                self.counts[side, kind] += np.bincount(classes, minlength=self.counts.shape[2])

    def f1(self) -> Tensor:
        """Return the F1 of each class (K,) float64; NaN where a class has a boundary neither in truth nor in prediction."""
        every, near = torch.from_numpy(self.counts).double().unbind(1)  # (2, K) each, of truth and prediction
        recall, precision = near / every.clamp(min=1)
        f1 = 2 * precision * recall / (precision + recall).clamp(min=torch.finfo(torch.float64).tiny)
        return f1.masked_fill(every.sum(0) == 0, torch.nan)


def boundary(mask: np.ndarray) -> np.ndarray:
    """Return the class of the pixels (H, W) uint8 that have a known neighbour of another class, 255 for all others.

    Neighbours are the four; the end of the scene and what is not known make no boundary.
    """
    found = np.zeros(mask.shape, bool)
    for a, b, first, second in (
        (mask[1:], mask[:-1], found[1:], found[:-1]),
        (mask[:, 1:], mask[:, :-1], found[:, 1:], found[:, :-1]),
    ):
        differ = (a != b) & (a != IGNORED) & (b != IGNORED)
        first |= differ
        second |= differ
    return np.where(found, mask, np.uint8(IGNORED))
