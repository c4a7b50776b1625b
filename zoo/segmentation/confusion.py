"""The confusion matrix of a segmentation, and what is computed from it: IoU, Dice, accuracy.

IoU is Jaccard's index and Dice his coefficient's sister (https://doi.org/10.2307/1932409), both over all pixels of a
class in all scenes together, not averaged by image: a scene without the class then needs no convention of its own.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from zoo.errors import ZooError
from zoo.segmentation import IGNORED


class Confusion:
    """Counts of pixels (K, K) int64, by true class (rows) and predicted class (columns); sums are exact."""

    def __init__(self, classes: int) -> None:
        self.counts = torch.zeros(classes, classes, dtype=torch.int64)

    def add(self, truth: Tensor, predicted: Tensor) -> Tensor:
        """Count pixels, both int of one shape, and return the counts (K, K) of these alone; truth of 255 counts nowhere."""
        K = len(self.counts)
        known = truth != IGNORED
        truth, predicted = truth[known].long(), predicted[known].long()
        refuse_unknown(truth, K)
        counts = torch.bincount(truth * K + predicted, minlength=K * K).view(K, K).cpu()
        self.counts += counts
        return counts

    def iou(self) -> Tensor:
        """Return the intersection over union of each class (K,) float64; see `iou`."""
        return iou(self.counts)

    def dice(self) -> Tensor:
        """Return the Dice coefficient of each class (K,) float64; NaN as in `iou`."""
        hits = self.counts.diagonal().double()
        return 2 * hits / (self.counts.sum(0) + self.counts.sum(1))

    def accuracy(self) -> float:
        """Return the share of known pixels whose class is right; NaN when no pixel is known."""
        return float(self.counts.diagonal().sum().double() / self.counts.sum())


def iou(counts: Tensor) -> Tensor:
    """Return the IoU of each class (K,) float64; NaN where a class is neither in the truth nor in the prediction."""
    hits = counts.diagonal().double()
    return hits / (counts.sum(0) + counts.sum(1) - counts.diagonal())


def mean_of_present(values: Tensor, chosen: Sequence[int]) -> float:
    """Return the mean over the chosen classes that are present (not NaN); NaN when none is."""
    return float(values[list(chosen)].nanmean())


def refuse_unknown(known: Tensor, classes: int) -> None:
    """Refuse classes outside 0 to `classes` - 1 among the known pixels of a mask."""
    if known.numel() and not 0 <= int(known.min()) <= int(known.max()) < classes:
        wrong = int(known.max()) if int(known.max()) >= classes else int(known.min())
        raise ZooError(
            f"a mask holds the value {wrong}, but there are {classes} classes: masks hold 0 to {classes - 1}, "
            f"and {IGNORED} where the class is not known"
        )
