"""Footprints found against those that are there, as SpaceNet scores them: greedy matching by IoU, then F1.

Van Etten et al. 2018, https://arxiv.org/abs/1807.01232, section 3: each footprint found, in its order, takes the one that is
there and not yet taken with the greatest IoU, and is right if that is above 0.5. As in SpaceNet's own code (solaris,
Apache-2.0, whose behaviour this keeps), what is smaller than 20 pixels is neither asked for nor counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from zoo.segmentation import IGNORED

#: The IoU above which a footprint is right, and the least area that counts, pixels.
THRESHOLD, SMALLEST = 0.5, 20.0


@dataclass(frozen=True)
class Tally:
    """How many footprints were right, wrong (nothing is there), and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def precision(self) -> float:
        """The share of those found that is right; 0 where nothing was found, NaN where nothing was there either."""
        return self.share(self.right + self.wrong)

    @property
    def recall(self) -> float:
        """The share of those that are there that was found; NaN and 0 as in `precision`."""
        return self.share(self.right + self.missed)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; NaN where nothing is there and nothing was found."""
        return self.share((2 * self.right + self.wrong + self.missed) / 2)

    def share(self, whole: float) -> float:
        """Return how much of `whole` is right."""
        if self.right + self.wrong + self.missed == 0:
            return float("nan")
        return self.right / whole if whole else 0.0


@dataclass(frozen=True)
class Overlaps:
    """Pairs (P,) of a footprint found and one that is there, by number, with their IoU; and how many there are of each."""

    found: np.ndarray
    truth: np.ndarray
    iou: np.ndarray
    count_found: int
    count_truth: int

    def match(self, threshold: float = THRESHOLD) -> Tally:
        """Match greedily in the order of those found; IoU must be greater than `threshold`."""
        taken = np.zeros(self.count_truth, bool)
        order = np.lexsort((self.truth, -self.iou, self.found))
        settled = -1  # of a footprint found only the best pair that is left counts
        for pair in order:
            found, truth = self.found[pair], self.truth[pair]
            if found != settled and not taken[truth]:
                settled = found
                taken[truth] = self.iou[pair] > threshold
        right = int(taken.sum())
        return Tally(right, self.count_found - right, self.count_truth - right)


def of_polygons(
    truth: Sequence[shapely.Polygon], found: Sequence[shapely.Polygon], smallest: float = SMALLEST
) -> Overlaps:
    """Return the overlaps of polygons; found ones that cross themselves are mended, true ones of that kind overlap nothing."""
    there, seen = (np.array(polygons, object).reshape(-1) for polygons in (truth, found))
    there, seen = there[shapely.area(there) >= smallest], seen[shapely.area(seen) > smallest]
    counts = len(seen), len(there)
    seen = np.where(shapely.is_valid(seen), seen, shapely.buffer(seen, 0.0))
    there = np.where(shapely.is_valid(there), there, shapely.Polygon())
    first, second = shapely.STRtree(there).query(seen, predicate="intersects")
    shared = shapely.area(shapely.intersection(seen[first], there[second]))
    union = shapely.area(seen)[first] + shapely.area(there)[second] - shared
    return Overlaps(first, second, shared / union, *counts)


def of_labels(truth: np.ndarray, found: np.ndarray, smallest: float = SMALLEST) -> Overlaps:
    """Return the overlaps of instances in label images (H, W), 0 where none is: IoU is that of their pixels.

    Instances do not overlap one another, so at most one pair of each has more than half, and the order does not matter.
    """
    sizes = [np.bincount(labels.ravel()) for labels in (found, truth)]
    counts = [
        np.where(size >= least, size, 0) for size, least in zip(sizes, (np.floor(smallest) + 1, smallest), strict=True)
    ]
    for count in counts:
        count[0] = 0
    both = (found > 0) & (truth > 0)
    keys, shared = np.unique(found[both].astype(np.int64) * len(sizes[1]) + truth[both], return_counts=True)
    first, second = np.divmod(keys, len(sizes[1]))
    kept = (counts[0][first] > 0) & (counts[1][second] > 0)
    first, second, shared = first[kept], second[kept], shared[kept]
    iou = shared / (sizes[0][first] + sizes[1][second] - shared)
    number = [np.cumsum(count > 0) - 1 for count in counts]
    return Overlaps(number[0][first], number[1][second], iou, int((counts[0] > 0).sum()), int((counts[1] > 0).sum()))


def known(truth: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return labels (H, W) with 0 where a mask of the truth (H, W) is not known."""
    return np.where(truth == IGNORED, 0, labels)
