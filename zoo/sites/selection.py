"""What to annotate next: doubt, novelty and diversity weighed together, a random share beside them, no near-duplicates.

Inputs are taken one by one, each the one whose doubt times its distance to all that is known or taken is largest: k-centre
greedy (Sener and Savarese 2018, https://arxiv.org/abs/1708.00489) weighed by doubt, as BADGE weighs gradients by it (Ash et al.
2020, https://arxiv.org/abs/1906.03671). The random share is drawn first and from all inputs, whatever they are, so that
what is measured on it is measured without bias.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from zoo.errors import ZooError

Reason = Literal["random", "doubt", "novelty", "diversity", "given"]
#: Doubt that every input has at the least, so that what is new is taken although a model is sure of it.
FLOOR = 0.1
#: Distances beyond so many medians count alike: what is far from everything is often broken.
FAR = 3.0
#: Of the median distance between neighbours: what is nearer is the same input again.
DUPLICATE = 0.05


@dataclass(frozen=True)
class Candidates:
    """N inputs: `doubt` (N,) from 0 to 1, NaN where it is not known, and embeddings (N, D)."""

    doubt: np.ndarray
    embeddings: np.ndarray

    def __post_init__(self) -> None:
        if len(self.doubt) != len(self.embeddings):
            raise ZooError(f"{len(self.doubt)} doubts and {len(self.embeddings)} embeddings are not of the same inputs")


@dataclass(frozen=True)
class Choice:
    """An input that is taken: its number, why, its doubt, and how far it is from what is known, in median distances."""

    number: int
    reason: Reason
    doubt: float
    novelty: float


def standardised(*parts: np.ndarray) -> list[np.ndarray]:
    """Return embeddings (N, D) of several kinds, each column with mean 0 and deviation 1 over all of them."""
    every = np.concatenate(parts).astype(np.float64)
    spread = every.std(axis=0)
    mean = every.mean(axis=0)
    return [(part - mean) / np.where(spread > 1e-9, spread, 1.0) for part in parts]


def nearest(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the distance (N,) of each point (N, D) to the nearest of others (M, D); infinity without any."""
    found = np.full(len(points), np.inf)
    for first in range(0, len(others), 256):
        part = others[first : first + 256]
        squares = (points**2).sum(1)[:, None] + (part**2).sum(1) - 2 * points @ part.T
        found = np.minimum(found, np.sqrt(np.maximum(squares, 0)).min(axis=1))
    return found


def typical(points: np.ndarray) -> float:
    """Return the median distance of points (N, D) to their nearest neighbour; 1 where there is none."""
    kept = points[:500]
    squares = ((kept[:, None] - kept[None]) ** 2).sum(axis=2)
    np.fill_diagonal(squares, np.inf)
    found = np.sqrt(squares.min(axis=1))
    middle = float(np.median(found)) if len(kept) > 1 else 1.0
    return middle if np.isfinite(middle) and middle > 0 else 1.0


def choose(
    candidates: Candidates, known: np.ndarray, budget: int, share: float, rng: np.random.Generator
) -> list[Choice]:
    """Return at most `budget` inputs, of which `share` are drawn at random; `known` (M, D) are embeddings of labelled ones."""
    if budget < 1 or not 0 <= share <= 1:
        raise ZooError(
            f"a budget of {budget} with a random share of {share} is none; 1 input or more, and a share from 0 to 1"
        )
    count = len(candidates.doubt)
    if not count:
        return []
    known = known if len(known) else np.zeros((0, candidates.embeddings.shape[1]))
    points, old = standardised(candidates.embeddings, known)
    scale = typical(points)
    novelty = nearest(points, old) / scale
    drawn = rng.permutation(count)[: min(count, round(budget * share))].tolist()
    taken = greedy(candidates, points, np.concatenate([old, points[drawn]]), budget - len(drawn), set(drawn), scale)
    doubt = np.nan_to_num(candidates.doubt, nan=0.0)
    ranks = [rank(values) for values in (doubt, np.minimum(novelty, FAR) if len(old) else np.zeros(count))]
    reasons: dict[int, Reason] = {**dict.fromkeys(drawn, "random"), **{i: why(ranks[0][i], ranks[1][i]) for i in taken}}
    return [
        Choice(i, reasons[i], float(doubt[i]), float(novelty[i]) if np.isfinite(novelty[i]) else 0.0)
        for i in (*drawn, *taken)
    ]


def greedy(
    candidates: Candidates, points: np.ndarray, centres: np.ndarray, budget: int, gone: set[int], scale: float
) -> list[int]:
    """Return the numbers of at most `budget` more inputs; those that are near-duplicates of what is there are never taken."""
    doubt = FLOOR + (1 - FLOOR) * np.nan_to_num(candidates.doubt, nan=1.0)
    distance, taken = nearest(points, centres) / scale, list[int]()
    for _ in range(budget):
        gain = doubt * np.minimum(distance, FAR)
        gain[[*gone, *taken]] = -1
        gain[distance < DUPLICATE] = -1
        best = int(np.argmax(gain))
        if gain[best] <= 0:
            break
        taken.append(best)
        distance = np.minimum(distance, nearest(points, points[best : best + 1]) / scale)
    return taken


def rank(values: np.ndarray) -> np.ndarray:
    """Return the share (N,) of values that are smaller."""
    order = np.sort(values)
    return np.searchsorted(order, values, side="left") / max(1, len(values))


def why(doubt: float, novelty: float) -> Reason:
    """Return what speaks most for an input, by the shares that have less of it."""
    if max(doubt, novelty) < 0.5:
        return "diversity"
    return "doubt" if doubt >= novelty else "novelty"


def counts(choices: Sequence[Choice]) -> dict[str, int]:
    """Return how many inputs were taken for each reason."""
    found: dict[str, int] = {}
    for one in choices:
        found[one.reason] = found.get(one.reason, 0) + 1
    return found
