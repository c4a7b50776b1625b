"""Results: which measured blocks can be compared, which way is better, and which of them leads."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from zoo.registry.cards import Card
from zoo.registry.measurements import Measurement, comparisons, measurements


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
    def comparable(self) -> tuple[str, str, str]:
        """Data, metric, and the comparison if it was one: only results that share all can be compared."""
        compared = self.block.experiment in comparisons(self.card.path.parent)
        return self.block.data, self.block.metric, self.block.experiment if compared else ""

    @property
    def place(self) -> str:
        """On what it was measured, and in which comparison, in words."""
        data, _, comparison = self.comparable
        return f"{data}, {comparison}" if comparison else data


def of(cards: Iterable[Card]) -> list[Result]:
    """Return every measured block of `cards`, the best first within what can be compared."""
    found = [Result(card, block) for card in cards for block in measurements(card)]
    return sorted(found, key=lambda one: (one.comparable, -one.block.merit, one.card.name, one.block.experiment))


def groups(results: Sequence[Result]) -> list[list[Result]]:
    """Return the results that can be compared with one another, the largest group first."""
    ordered = sorted(results, key=lambda one: one.comparable)
    found = [list(group) for _, group in groupby(ordered, key=lambda one: one.comparable)]
    return sorted(found, key=lambda group: (-len(group), group[0].comparable))


def headlines(cards: Iterable[Card]) -> Mapping[str, tuple[Result, int]]:
    """Return for each measured model the result to show first, and its rank among all of them.

    A model shows its best result in the comparison, or on the data and metric, that most models of its task share, so that a
    column of them can be read from top to bottom. The rank sorts by task and what can be compared, then by value.
    """
    results = of(cards)
    shared = Counter(key[1:] for key in _once(results))

    def order(one: Result) -> tuple[object, ...]:
        key = (one.card.task, *one.comparable)
        return (-shared[key], *key, -one.block.merit, one.card.name)

    best: dict[str, Result] = {}
    for one in sorted(results, key=order):
        best.setdefault(one.card.name, one)
    return {one.card.name: (one, rank) for rank, one in enumerate(sorted(best.values(), key=order))}


def _once(results: Iterable[Result]) -> set[tuple[str, ...]]:
    """Return model, task and what it can be compared by, once for each model."""
    return {(one.card.name, one.card.task, *one.comparable) for one in results}


def frontier(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points (cost, merit) that no other beats: every cheaper one has less merit. The cheapest first."""
    kept: list[tuple[float, float]] = []
    for cost, merit in sorted(points, key=lambda point: (point[0], -point[1])):
        if not kept or merit > kept[-1][1]:
            kept.append((cost, merit))
    return kept
