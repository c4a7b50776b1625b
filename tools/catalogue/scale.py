"""Scales: from values to places along an axis, with round numbers as ticks."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

#: When the largest value is so many times the smallest, the axis is logarithmic.
LOG_FROM = 8
#: Shares, when the best is so high and they span so much, are drawn by their odds: 0.93 and 0.96 differ as 0.2 and 0.3 do.
HIGH, WIDE = 0.9, 0.4
#: Shares beyond these are drawn at the ends.
FARTHEST = 0.005
ODDS = (0.01, 0.05, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
#: Round times, seconds: what a clock counts in.
TIMES = tuple(
    unit * n
    for unit, ns in ((1, (1, 2, 5, 10, 20, 30)), (60, (1, 2, 5, 10, 20, 30)), (3600, (1, 2, 5, 10, 24, 48)))
    for n in ns
)


def log_odds(share: float) -> float:
    """Return the logarithm of p / (1 - p)."""
    kept = min(max(share, FARTHEST), 1 - FARTHEST)
    return math.log(kept / (1 - kept))


STRETCH: Mapping[str, Callable[[float], float]] = {"none": float, "log": math.log, "odds": log_odds}


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `low` to `high`, drawn from `begin` to `end`, with the values of its ticks."""

    low: float
    high: float
    begin: float
    end: float
    stretch: Literal["none", "log", "odds"]
    ticks: tuple[float, ...]

    def __call__(self, value: float) -> float:
        """Return the place of `value`."""
        low, high, at = map(STRETCH[self.stretch], (self.low, self.high, value))
        return round(self.begin + (at - low) / (high - low) * (self.end - self.begin), 1)


def of(values: Sequence[float], begin: float, end: float, most: int) -> Scale:
    """Return a scale that holds `values`, with about `most` ticks; logarithmic where they span a wide range."""
    smallest, largest = min(values), max(values)
    if smallest > 0 and largest >= LOG_FROM * smallest:
        return _logarithmic(smallest, largest, begin, end, most)
    return linear(smallest, largest, begin, end, most)


def of_times(values: Sequence[float], begin: float, end: float, most: int) -> Scale:
    """Return a scale that holds `values`, seconds, with ticks that a clock counts in."""
    found = of(values, begin, end, most)
    if found.stretch != "log":
        least = 1.2 * span_of(min(values), max(values)) / most
        return linear(min(values), max(values), begin, end, most, next((time for time in TIMES if time >= least), None))
    ticks = [time for time in TIMES if found.low <= time <= found.high]
    every = -(-len(ticks) // most) or 1
    return replace(found, ticks=tuple(ticks[::every])) if ticks else found


def linear(smallest: float, largest: float, begin: float, end: float, most: int, step: float | None = None) -> Scale:
    """Return a linear scale with about `most` ticks, `step` apart; a round step where none is given."""
    span = span_of(smallest, largest)
    step = step or _round(span * 1.2 / most)
    first, last = math.floor((smallest - span * 0.05) / step), math.ceil((largest + span * 0.05) / step)
    if smallest >= 0:
        first = max(first, 0)
        last = min(last, math.ceil(1 / step)) if largest <= 1 else last  # a share is at most 1
    ticks = tuple(round(i * step, 10) for i in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], begin, end, "none", ticks)


def of_scores(values: Sequence[float], begin: float, end: float, most: int) -> Scale:
    """Return a scale that holds `values`, of which more is better: linear, but for shares of which the best lie close to 1."""
    smallest, largest = min(values), max(values)
    if not (0 <= smallest <= largest <= 1 and largest >= HIGH and largest - smallest >= WIDE):
        return linear(smallest, largest, begin, end, most)
    low = max((tick for tick in ODDS if tick <= smallest), default=FARTHEST)
    high = min((tick for tick in ODDS if tick >= largest), default=1 - FARTHEST)
    return Scale(low, high, begin, end, "odds", tuple(tick for tick in ODDS if low <= tick <= high))


def span_of(smallest: float, largest: float) -> float:
    """Return how wide an axis is that holds two values; where they are one, as wide as it is large."""
    return (largest - smallest) or abs(largest) or 1.0


def _round(step: float) -> float:
    """Return the next of 1, 2, 5, 10, … times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * 0.999)


def _logarithmic(smallest: float, largest: float, begin: float, end: float, most: int) -> Scale:
    low, high = smallest / 1.3, largest * 1.3
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks: tuple[float, ...] = ()
    for factors in ((1, 2, 5), (1, 3), (1,)):  # the finest that is not too crowded
        ticks = tuple(
            factor * 10.0**power for power in powers for factor in factors if low <= factor * 10.0**power <= high
        )
        if len(ticks) <= most:
            break
    return Scale(low, high, begin, end, "log", ticks)
