"""Whether a compressed model is kept: the rule, what was measured, and how it is told."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tools.terminal.columns import table


@dataclass(frozen=True)
class Limits:
    """How much of the headline metric may be lost, and on how many redrawn validation sets that is judged."""

    max_drop: float = 0.005
    rounds: int = 200

    @property
    def rule(self) -> str:
        """The rule in words."""
        return (
            f"kept if at most {self.max_drop:g} of the metric is lost on the validation samples, and at most "
            f"{2 * self.max_drop:g} at the worse end of the 95 % interval of {self.rounds} paired redraws"
        )


@dataclass(frozen=True)
class Candidate:
    """A compressed model beside the one that it was made of."""

    name: str
    metric: str
    value: float
    before: float
    change: tuple[float, float, float]
    bytes: int
    bytes_before: int
    samples: int
    limits: Limits

    @property
    def accepted(self) -> bool:
        """Whether the rule holds; a metric that is not defined is no evidence."""
        change, low, _ = self.change
        return change >= -self.limits.max_drop and low >= -2 * self.limits.max_drop

    @property
    def verdict(self) -> str:
        """The decision, with the number that decided."""
        change, low, _ = self.change
        if self.accepted:
            return "accepted"
        if not change >= -self.limits.max_drop:
            return f"refused: {change:+.4f}"
        return f"refused: the interval reaches {low:+.4f}"

    def facts(self) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        return {**asdict(self), "ratio": self.bytes_before / self.bytes, "accepted": self.accepted}


def lay_out(candidates: Sequence[Candidate]) -> str:
    """Return the candidates as a table, under the model that they were made of."""
    first = candidates[0]
    heads = [first.metric, "change", "95 %", "bytes", "smaller", "form", "verdict"]
    rows = [[f"{first.before:.4f}", "", "", f"{first.bytes_before:,}", "1×", "as trained", ""]]
    for one in candidates:
        change, low, high = one.change
        ratio = f"{one.bytes_before / one.bytes:.1f}×"
        interval = f"{low:+.4f} to {high:+.4f}"
        rows.append([f"{one.value:.4f}", f"{change:+.4f}", interval, f"{one.bytes:,}", ratio, one.name, one.verdict])
    return table(heads, rows, right=heads[:5])
