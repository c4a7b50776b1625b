"""Ranking: which models fit a data set best, and why."""

from collections.abc import Iterable
from dataclasses import dataclass

from zoo.fit.report import Fit
from zoo.registry.cards import Card
from zoo.registry.measurements import measurements


@dataclass(frozen=True)
class Candidate:
    """A model with its fit, and its best measured result on this very data, if there is one."""

    card: Card
    fit: Fit

    @property
    def measured(self) -> str:
        """The best result measured on this data, as metric and value; empty when none was."""
        results = [row for row in measurements(self.card) if row.data == self.fit.data]
        alike = [row for row in results if row.metric == results[0].metric]  # only one metric can be compared
        best = max(alike, key=lambda row: row.merit, default=None)
        return f"{best.metric} {best.value:.3f}" if best else ""

    @property
    def why(self) -> str:
        """What stands against the model, or what has to be adapted."""
        against = [row.aspect for row in self.fit.mismatches]
        if against:
            return f"mismatch: {', '.join(against)}"
        adapted = [row.aspect for row in self.fit.rows if row.verdict == "adapted"]
        return f"adapted: {', '.join(adapted)}" if adapted else "fits in every aspect"


def rank(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Order candidates: fewest mismatches, then measured on this data, then fewest adaptations, then smallest."""

    def order(candidate: Candidate) -> tuple[object, ...]:
        card, fit = candidate.card, candidate.fit
        adapted = sum(row.verdict == "adapted" for row in fit.rows)
        size = card.parameters or 10**12  # an unknown size comes last
        return (card.status != "active", len(fit.mismatches), not candidate.measured, adapted, size, card.name)

    return sorted(candidates, key=order)
