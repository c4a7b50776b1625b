"""The score of the Numenta Anomaly Benchmark: early detections inside of labelled windows, false alarms outside.

Lavin and Ahmad 2015, https://arxiv.org/abs/1510.03336; rules as in the published runner, https://github.com/numenta/NAB
(MIT; written anew): a probationary part that is not scored, a sigmoid along each window, one threshold for the whole
corpus, chosen on it, and a scale on which saying nothing is 0 and every window at its first step 100.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Costs(NamedTuple):
    """What a profile weighs: a window found, a false alarm, a window missed."""

    found: float = 1.0
    alarm: float = 0.11
    missed: float = 1.0


#: The profiles of the benchmark, config/profiles.json.
PROFILES = {"standard": Costs(), "low_fp": Costs(alarm=0.22), "low_fn": Costs(missed=2.0)}
#: The share of a series that is not scored, of at most so many rows: nab/sweeper.py.
PROBATION, MOST_ROWS = 0.15, 5000


class Points(NamedTuple):
    """Scored steps: what the detector says, what an alarm there is worth (without costs), its window or -1."""

    scores: np.ndarray
    worth: np.ndarray
    window: np.ndarray


def probation(steps: int) -> int:
    """Return how many steps at the beginning of a series are not scored."""
    return int(np.ceil(min(np.floor(PROBATION * steps), PROBATION * MOST_ROWS)))


def windows(anomalous: np.ndarray) -> list[tuple[int, int]]:
    """Return first and last step of each run of anomalous steps (T,)."""
    edges = np.diff(np.concatenate([[0], anomalous.astype(np.int8), [0]]))
    return list(zip(np.flatnonzero(edges == 1).tolist(), (np.flatnonzero(edges == -1) - 1).tolist(), strict=True))


def sigmoid(place: np.ndarray) -> np.ndarray:
    """Return the worth of a place: -1 the beginning of a window, 0 its end, beyond 0 outside; +1 falls to -1 far outside."""
    return np.where(place > 3.0, -1.0, 2 / (1 + np.exp(5 * np.minimum(place, 3.0))) - 1)


def points(scores: np.ndarray, anomalous: np.ndarray, numbers: int) -> Points:
    """Return the scored steps of one series (T,); `numbers` is the number of windows in the series before it."""
    T = len(scores)
    worth, window = np.full(T, -1.0), np.full(T, -1)
    every = windows(anomalous)
    for index, (start, end) in enumerate(every):
        width = end - start + 1
        window[start : end + 1] = numbers + index
        worth[start : end + 1] = sigmoid(-(end - np.arange(start, end + 1) + 1) / width) / sigmoid(np.array(-1.0))
        behind = np.arange(end + 1, every[index + 1][0] if index + 1 < len(every) else T)
        worth[behind] = sigmoid((behind - end) / max(width - 1, 1))
    kept = slice(probation(T), None)
    return Points(scores[kept], worth[kept], window[kept])


def corpus(scores: Sequence[np.ndarray], anomalous: Sequence[np.ndarray]) -> Points:
    """Return the scored steps of all series, with their windows numbered through."""
    found, numbers = [], 0
    for one, labels in zip(scores, anomalous, strict=True):
        found.append(points(one, labels, numbers))
        numbers += len(windows(labels))
    return Points(*(np.concatenate(part) for part in zip(*found, strict=True)))


def curve(every: Points, costs: Costs) -> tuple[np.ndarray, np.ndarray]:
    """Return thresholds, falling, and the raw score when steps at or above each are alarms; the first is of no alarm at all."""
    order = np.argsort(-every.scores, kind="stable")
    scores, worth, window = every.scores[order], every.worth[order], every.window[order]
    gained = np.where(window < 0, worth * costs.alarm, 0.0)
    best = np.full(window.max(initial=-1) + 1, -costs.missed)
    for place in np.flatnonzero(window >= 0):
        better = worth[place] * costs.found - best[window[place]]
        if better > 0:
            gained[place] = better
            best[window[place]] += better
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
    silent = -costs.missed * len(np.unique(window[window >= 0]))
    return np.append(np.inf, scores[last]), np.append(silent, silent + gained.cumsum()[last])


def normalise(raw: float, every: Points, count: int, costs: Costs) -> float:
    """Return a raw score on the scale from silence (0) to all of `count` windows at their first step (100)."""
    silent = -costs.missed * len(np.unique(every.window[every.window >= 0]))
    return 100 * (raw - silent) / (count * costs.found - silent)


def score(every: Points, count: int, costs: Costs, threshold: float | None = None) -> float:
    """Return the NAB score of a corpus with `count` windows at a threshold; None takes the best one, as the runner does."""
    thresholds, raw = curve(every, costs)
    if threshold is None:
        return normalise(float(raw.max()), every, count, costs)
    return normalise(float(raw[np.flatnonzero(thresholds >= threshold)[-1]]), every, count, costs)
