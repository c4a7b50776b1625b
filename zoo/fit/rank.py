"""Ranking: which models would do best on a data set, and why."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from zoo.fit.report import Fit
from zoo.registry.cards import Card
from zoo.registry.measurements import Measurement, less_is_better, measurements
from zoo.registry.models import card as card_named

#: Aspects whose mismatch says that a model was made for something else; no setting heals it.
PURPOSE = frozenset({"task", "classes"})
#: From this share of the best result on the same data on, a measured result counts for more than what speaks against it.
GOOD = 0.5


@dataclass(frozen=True)
class Candidate:
    """A model with its fit, and its best measured result on this very data or, where there is none, on other data."""

    card: Card
    fit: Fit

    @cached_property
    def results(self) -> Sequence[Measurement]:
        """What was measured of the model, on any data."""
        return measurements(self.card)

    @property
    def measured(self) -> str:
        """The best result as metric and value, and where it is of other data, on which; empty when there is none."""
        here = [row for row in self.results if row.data == self.fit.data]
        known = here or [row for row in self.results if row.data == self.results[0].data]
        alike = [row for row in known if row.metric == known[0].metric]  # only one metric can be compared
        best = max(alike, key=lambda row: row.merit, default=None)
        return "" if best is None else f"{best.metric} {best.value:.3f}{'' if here else f' on {best.data}'}"

    @property
    def other_purpose(self) -> bool:
        """Whether the model solves another task, or names no class."""
        return any(row.aspect in PURPOSE for row in self.fit.mismatches)

    @property
    def domain(self) -> str | None:
        """Whether the model was made for photographs, `fits` or a `note`; None where the data are no photographs."""
        return next((row.verdict for row in self.fit.rows if row.aspect == "domain"), None)

    @property
    def head_start(self) -> int:
        """2 where the whole model has pretrained weights, 1 where its backbone has, else 0."""
        backbone = self.card.options.get("backbone")
        return 2 if self.card.weights else int(isinstance(backbone, str) and bool(card_named(backbone).weights))

    @property
    def why(self) -> str:
        """What stands against the model, or what has to be adapted."""
        against = [row.aspect for row in self.fit.mismatches]
        if against:
            return f"mismatch: {', '.join(against)}"
        adapted = [row.aspect for row in self.fit.rows if row.verdict == "adapted"]
        return f"adapted: {', '.join(adapted)}" if adapted else "fits in every aspect"


def rank(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Order candidates by how well they would do.

    Those of another purpose, and those that are no longer looked after, come last. Then fewest mismatches, none where a
    good result was measured on this data; those made for photographs, where the data are such; the better of two measured
    results, as shares of the best on the same data, of which those on scenes say nothing of photographs; pretrained weights;
    fewest adaptations; the smallest.
    """
    every = list(candidates)
    shares = {candidate.card.name: merits(candidate, every) for candidate in every}

    def order(candidate: Candidate) -> tuple[object, ...]:
        card, fit = candidate.card, candidate.fit
        by_data = shares[card.name]
        proven = by_data.get(fit.data, 0.0) >= GOOD
        alike = sum(by_data.values()) / len(by_data) if by_data and candidate.domain is None else 0.0
        expected = by_data.get(fit.data, alike)
        adapted = sum(row.verdict == "adapted" for row in fit.rows)
        size = card.parameters or 10**12  # an unknown size comes last
        last = candidate.other_purpose, card.status != "active"
        against = 0 if proven else len(fit.mismatches)
        return (
            *last,
            against,
            not proven,
            candidate.domain == "note",
            -expected,
            -candidate.head_start,
            adapted,
            size,
            card.name,
        )

    return sorted(every, key=order)


def merits(candidate: Candidate, others: Sequence[Candidate]) -> Mapping[str, float]:
    """Return the best result of a model on each data set as a share, 0 to 1, of the best that any of the others has there.

    Of several metrics of a data set, the one that most results have is compared.
    """
    found = {}
    for data in {row.data for row in candidate.results}:
        rows = [row for other in others for row in other.results if row.data == data]
        metric = Counter(row.metric for row in rows).most_common(1)[0][0]
        mine = [row.value for row in candidate.results if (row.data, row.metric) == (data, metric)]
        every = [row.value for row in rows if row.metric == metric]
        if mine:
            found[data] = (
                min(every) / min(mine)
                if less_is_better(metric) and min(mine)
                else max(mine) / max(every)
                if max(every) > 0
                else 0.0
            )
    return found
