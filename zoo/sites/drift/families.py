"""Families of tests: the whole window, then each place and each part of the day; one false-alarm rate over all of them.

Within a family p-values are adjusted by permutation, between families by Holm (1979): the probability of any false alarm in a
window is at most `rate`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np

from zoo.errors import ZooError
from zoo.sites.drift.permutations import Finding, compare
from zoo.sites.drift.samples import Sample

#: Fewer records than this say nothing; a place or a part of the day with fewer is not tested.
FEWEST = 30
#: Permutations are so many that the smallest p-value is this part of what an alarm needs.
FINER = 4
#: Hours of the parts of a day.
PARTS = ((0, 6), (6, 12), (12, 18), (18, 24))


@dataclass(frozen=True)
class Family:
    """The tests of some records: how many there are, before and after, and what came out; `alarm` by Holm over all families."""

    name: str
    before: int
    after: int
    findings: tuple[Finding, ...]
    alarm: bool = False

    @property
    def p(self) -> float:
        """The smallest adjusted p-value; 1 where nothing was tested."""
        return min((one.adjusted for one in self.findings), default=1.0)


def watch(reference: Sample, window: Sample, rate: float = 0.01, seed: int = 0) -> list[Family]:
    """Compare a window with the reference; at most a share `rate` of windows in which nothing changed has any alarm."""
    if not 0 < rate < 1:
        raise ZooError(f"a false-alarm rate of {rate} is none; it is a share such as 0.01")
    for name, sample in (("reference", reference), ("window", window)):
        if len(sample) < FEWEST:
            raise ZooError(
                f"the {name} has {len(sample)} records; {FEWEST} at the least say something: take a longer time"
            )
    parts = list(slices(reference, window))
    permutations = ceil(FINER * len(parts) / rate) - 1
    found = []
    for number, (name, before, after) in enumerate(parts):
        rng = np.random.default_rng((seed, number))
        found.append(Family(name, len(before), len(after), tuple(compare(before, after, permutations, rng))))
    return holm(found, rate)


def slices(reference: Sample, window: Sample) -> Iterator[tuple[str, Sample, Sample]]:
    """Yield all, each place, and each part of the day, where there are enough records on both sides."""
    yield "all", reference, window
    for place in sorted(set(reference.places) & set(window.places) - {""}):
        yield from enough(f"place {place}", reference, window, reference.places == place, window.places == place)
    for first, last in PARTS:
        kept = [(sample.hours >= first) & (sample.hours < last) for sample in (reference, window)]
        if not all(one.all() for one in kept):
            yield from enough(f"hours {first}–{last}", reference, window, *kept)


def enough(
    name: str, reference: Sample, window: Sample, before: np.ndarray, after: np.ndarray
) -> Iterator[tuple[str, Sample, Sample]]:
    """Yield a slice, if there are enough records on both sides, and it is not all of them."""
    everything = before.all() and after.all()
    if before.sum() >= FEWEST and after.sum() >= FEWEST and not everything:
        yield name, reference.where(before), window.where(after)


def holm(families: list[Family], rate: float) -> list[Family]:
    """Mark the families that alarm: the smallest p-value against rate / K, the next against rate / (K - 1), and so on."""
    order = sorted(range(len(families)), key=lambda i: families[i].p)
    alarms = set[int]()
    for place, i in enumerate(order):
        if families[i].p > rate / (len(families) - place):
            break
        alarms.add(i)
    return [Family(one.name, one.before, one.after, one.findings, i in alarms) for i, one in enumerate(families)]
