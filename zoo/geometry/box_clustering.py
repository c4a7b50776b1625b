"""Shapes: the widths and heights of objects, drawn together to a few by k-means over 1 - IoU.

Redmon and Farhadi 2016, YOLO9000, https://arxiv.org/abs/1612.08242, section 2: the distance between two boxes of one
centre is 1 - IoU, so that an error of a pixel counts more for what is small.
"""

from collections.abc import Sequence

import numpy as np

ROUNDS = 50
MOST = 20_000  # shapes looked at; a quantile of more tells no more


def cluster(
    sides: "Sequence[Sequence[float]] | np.ndarray", shares: Sequence[float] | None, count: int
) -> list[tuple[float, float, float]]:
    """Return at most `count` shapes (width, height, share of the objects), small to large, for sides (N, 2) in pixels.

    `shares` weigh the sides; None weighs all alike. The same objects give the same shapes, in any order.
    """
    weights = np.ones(len(sides)) if shares is None else np.asarray(shares, np.float64)
    values = np.asarray(sides, np.float64).reshape(-1, 2)
    whole = (values > 0).all(axis=1) & np.isfinite(values).all(axis=1)
    values, weights = values[whole], weights[whole]
    order = np.lexsort((values[:, 1], values[:, 0], values.prod(axis=1)))
    values, weights = values[order], weights[order]
    if len(values) > MOST:
        taken = np.linspace(0, len(values) - 1, MOST).round().astype(int)
        values, weights = values[taken], weights[taken]
    if not len(values):
        return []
    first = np.searchsorted(weights.cumsum(), (np.arange(count) + 0.5) / count * weights.sum())
    centres = np.unique(values[first.clip(max=len(values) - 1)], axis=0)
    owners = np.full(len(values), -1)
    for _ in range(ROUNDS):
        nearest = overlap(values, centres).argmax(axis=1)
        if (nearest == owners).all():
            break
        owners = nearest
        centres = np.stack([mean(values, weights, owners == i, centres[i]) for i in range(len(centres))])
    held = np.bincount(owners, weights, len(centres)) / weights.sum()
    found = [(float(w), float(h), float(share)) for (w, h), share in zip(centres, held, strict=True) if share > 0]
    return sorted(found, key=lambda shape: shape[0] * shape[1])


def overlap(sides: np.ndarray, others: np.ndarray) -> np.ndarray:
    """IoU (N, M) of boxes of sides (N, 2) and (M, 2) that share their centre."""
    common = np.minimum(sides[:, None], others[None]).prod(axis=2)
    return common / (sides.prod(axis=1)[:, None] + others.prod(axis=1)[None] - common)


def mean(values: np.ndarray, weights: np.ndarray, chosen: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The weighted mean (2,) of the chosen values (N, 2), or what was before where none is chosen."""
    return np.average(values[chosen], axis=0, weights=weights[chosen]) if chosen.any() else before
