"""The tests of a family, and their p-values by permutation, adjusted so that the whole family gives false alarms at one rate.

Two samples are compared by the distance of Kolmogorov and Smirnov of every column, by the population stability index, and by
the maximum mean discrepancy of their sketches (Gretton et al. 2012, https://jmlr.org/papers/v13/gretton12a.html). Which records
are of which sample is permuted; for each permutation all statistics are taken together, each in deviations from its mean over
the permutations, and the largest of them is what a statistic must exceed (Westfall and Young 1993, maxT): the rate is kept
whatever depends on what. It holds for records that are exchangeable: where neighbours in time resemble one another more than
others, windows must be long against that time.
"""

from dataclasses import dataclass

import numpy as np

from zoo.sites.drift.samples import Sample

#: Bins of the population stability index, by quantiles of both samples.
BINS = 10
#: Records of each sample that the maximum mean discrepancy looks at, drawn at random: its kernel has a row for each.
KERNEL = 400
#: Permutations that are computed at a time.
CHUNK = 250


@dataclass(frozen=True)
class Finding:
    """A test: what it compares, how far the samples are apart, its p-value, and that of it in its family."""

    name: str
    test: str
    distance: float
    p: float
    adjusted: float
    before: float
    after: float


def compare(reference: Sample, window: Sample, permutations: int, rng: np.random.Generator) -> list[Finding]:
    """Test every column of two samples, and their sketches; the adjusted p-values are those of this family."""
    names = [name for name in reference.columns if name in window.columns]
    names = [name for name in names if varies(reference.columns[name], window.columns[name])]
    n, m = len(reference), len(window)
    pooled = {name: np.concatenate([reference.columns[name], window.columns[name]]) for name in names}
    scorers: list[Ranks | Bins | Kernel] = [Ranks(values, n) for values in pooled.values()]
    scorers += [Bins(values, n) for values in pooled.values()]
    labels = [(name, "KS") for name in names] + [(name, "PSI") for name in names]
    if reference.sketches.shape[1] and reference.sketches.shape[1] == window.sketches.shape[1]:
        scorers.append(Kernel(np.concatenate([reference.sketches, window.sketches]), n, rng))
        labels.append(("sketch", "MMD"))
    if not scorers:
        return []
    own = np.zeros((1, n + m), np.float32)
    own[0, n:] = 1
    observed = np.array([scorer(own)[0] for scorer in scorers])
    drawn = np.concatenate(
        [np.stack([scorer(part) for scorer in scorers], axis=1) for part in permuted(n, m, permutations, rng)]
    )  # (B, tests)
    p, adjusted = adjusted_p(observed, drawn)
    return [
        Finding(name, test, float(observed[i]), float(p[i]), float(adjusted[i]), *means(pooled.get(name), n))
        for i, (name, test) in enumerate(labels)
    ]


def varies(*columns: np.ndarray) -> bool:
    """Tell whether there is anything to compare: columns that are known, and not all the same."""
    values = np.concatenate(columns)
    known = values[~np.isnan(values)]
    return len(known) > 0 and (known.min() < known.max() or len(known) < len(values))


def means(values: np.ndarray | None, n: int) -> tuple[float, float]:
    """Return the means of both samples; NaN where nothing is known."""
    if values is None:
        return float("nan"), float("nan")
    before, after = (part[~np.isnan(part)] for part in (values[:n], values[n:]))
    return tuple(float(part.mean()) if len(part) else float("nan") for part in (before, after))  # type: ignore[return-value]


def permuted(n: int, m: int, count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return permutations, in parts: float32 (b, N), 1 where a record is of the window."""
    parts = []
    for first in range(0, count, CHUNK):
        rows = min(CHUNK, count - first)
        chosen = np.zeros((rows, n + m), np.float32)
        places = np.argpartition(rng.random((rows, n + m), np.float32), m - 1, axis=1)[:, :m]
        np.put_along_axis(chosen, places, 1, axis=1)
        parts.append(chosen)
    return parts


def adjusted_p(observed: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return p-values (tests,), and those adjusted by the largest of each permutation; observed (tests,), drawn (B, tests).

    Roots are nearly normal, so that one test has as much say as another.
    """
    every = np.sqrt(np.maximum(np.concatenate([observed[None], drawn]), 0))  # the one that was observed is one of them
    spread = every.std(axis=0)
    scaled = (every - every.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    most = scaled.max(axis=1)
    p = (scaled >= scaled[:1]).mean(axis=0)
    adjusted = (most[:, None] >= scaled[:1]).mean(axis=0)
    return p, adjusted


class Ranks:
    """The distance of Kolmogorov and Smirnov: the largest between the distributions; NaN is a value above all others."""

    def __init__(self, values: np.ndarray, n: int) -> None:
        self.order = np.argsort(values, kind="stable")
        ordered = values[self.order]
        same = (ordered[1:] == ordered[:-1]) | (np.isnan(ordered[1:]) & np.isnan(ordered[:-1]))
        self.last = np.flatnonzero(np.append(~same, True))
        self.n, self.m = n, len(values) - n

    def __call__(self, chosen: np.ndarray) -> np.ndarray:
        """Return the distances (b,) of permutations (b, N)."""
        above = np.cumsum(chosen[:, self.order], axis=1)[:, self.last]
        below = (self.last + 1)[None] - above
        return np.abs(above / self.m - below / self.n).max(axis=1)


class Bins:
    """The population stability index over bins by quantiles; half a record is added to each, so that none is empty."""

    def __init__(self, values: np.ndarray, n: int) -> None:
        known = values[~np.isnan(values)]
        edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.zeros(0)
        number = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, np.nan_to_num(values), side="left"))
        self.member = (number[:, None] == np.arange(len(edges) + 2)[None]).astype(np.float32)  # (N, bins)
        self.whole, self.n, self.m = self.member.sum(axis=0), n, len(values) - n

    def __call__(self, chosen: np.ndarray) -> np.ndarray:
        """Return the indices (b,) of permutations (b, N)."""
        inside = chosen @ self.member
        bins = self.member.shape[1]
        after = (inside + 0.5) / (self.m + bins / 2)
        before = (self.whole - inside + 0.5) / (self.n + bins / 2)
        index: np.ndarray = ((after - before) * np.log(after / before)).sum(axis=1)
        return np.round(index, 9)  # what is equal is equal, in whatever order it was added


class Kernel:
    """The squared maximum mean discrepancy with a Gaussian kernel, as wide as the median distance of standardised sketches."""

    def __init__(self, sketches: np.ndarray, n: int, rng: np.random.Generator) -> None:
        m = len(sketches) - n
        parts = (rng.permutation(n)[:KERNEL], n + rng.permutation(m)[:KERNEL])
        self.kept = np.sort(np.concatenate(parts))
        values = sketches[self.kept]
        spread = values.std(axis=0)
        values = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        squares = (values**2).sum(axis=1)
        distances = np.maximum(squares[:, None] + squares[None] - 2 * values @ values.T, 0)
        width = np.median(distances[np.triu_indices(len(values), 1)]) if len(values) > 1 else 1.0
        self.kernel = np.exp(-distances / (width if width > 0 else 1.0)).astype(np.float32)

    def __call__(self, chosen: np.ndarray) -> np.ndarray:
        """Return the discrepancies (b,) of permutations (b, N)."""
        inside = chosen[:, self.kept]
        m = np.maximum(inside.sum(axis=1, keepdims=True), 1)
        n = np.maximum((1 - inside).sum(axis=1, keepdims=True), 1)
        weights = inside / m - (1 - inside) / n
        found: np.ndarray = ((weights @ self.kernel) * weights).sum(axis=1)
        return np.round(found, 7)
