"""Results: which measured blocks can be compared, which way is better, and which of them leads."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from zoo.registry.cards import Card
from zoo.registry.measurements import Measurement, measurements


@dataclass(frozen=True, slots=True)
class Result:
    """A measured block and the card on which it stands."""

    card: Card
    block: Measurement

    @property
    def metric(self) -> str:
        """The metric's name without the split, which is the test split."""
        return self.block.metric.removeprefix("test/")

    @property
    def comparable(self) -> tuple[str, str]:
        """Data and metric: only results that share both can be compared."""
        return self.block.data, self.block.metric


def of(cards: Iterable[Card]) -> list[Result]:
    """Return every measured block of `cards`, the best first within what can be compared."""
    found = [Result(card, block) for card in cards for block in measurements(card)]
    return sorted(found, key=lambda one: (one.comparable, -one.block.merit, one.card.name, one.block.experiment))


def comparisons(results: Sequence[Result]) -> list[tuple[tuple[str, str], list[Result]]]:
    """Return the results that can be compared with one another, the largest group first."""
    ordered = sorted(results, key=lambda one: one.comparable)
    groups = [(key, list(group)) for key, group in groupby(ordered, key=lambda one: one.comparable)]
    return sorted(groups, key=lambda group: (-len(group[1]), group[0]))


def headlines(cards: Iterable[Card]) -> Mapping[str, tuple[Result, int]]:
    """Return for each measured model the result to show first, and its rank among all of them.

    A model shows its best result on the data and metric that most models of its task share, so that a column of them can
    be read from top to bottom. The rank sorts by task, data and metric, then by value.
    """
    results = of(cards)
    shared = Counter((task, data, metric) for _, task, data, metric in sorted(_once(results)))

    def order(one: Result) -> tuple[int, str, str, str, float, str]:
        key = (one.card.task, *one.comparable)
        return (-shared[key], *key, -one.block.merit, one.card.name)

    best: dict[str, Result] = {}
    for one in sorted(results, key=order):
        best.setdefault(one.card.name, one)
    return {one.card.name: (one, rank) for rank, one in enumerate(sorted(best.values(), key=order))}


def _once(results: Iterable[Result]) -> set[tuple[str, str, str, str]]:
    """Return model, task, data and metric, once for each model."""
    return {(one.card.name, one.card.task, *one.comparable) for one in results}


def frontier(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points (cost, merit) that no other beats: every cheaper one has less merit. The cheapest first."""
    kept: list[tuple[float, float]] = []
    for cost, merit in sorted(points, key=lambda point: (point[0], -point[1])):
        if not kept or merit > kept[-1][1]:
            kept.append((cost, merit))
    return kept
