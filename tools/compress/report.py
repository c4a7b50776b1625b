"""The report of a compression: the original and each candidate by the same samples, in a terminal, as Markdown and as JSON."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from tools.compress.verdict import Candidate, Facts, Number, Pruned
from tools.terminal.columns import table, terminal
from zoo import quantities
from zoo.errors import ZooError, counted
from zoo.errors.validation_messages import explain
from zoo.files import atomic_write, write_json

#: By what the values of a metric are grouped, as in map_50/car.
OF = "/"
#: Layers in float that are named; groups of channels that the metric hangs on.
NAMED, MOST_SENSITIVE = 12, 5


class Report(Facts):
    """What was compressed, by which rule, on what it was judged, what was found, and which candidate was kept, "" for none."""

    version: Literal[1] = 1
    run: str
    weights: str
    goal: str
    metric: str
    samples: int
    seed: int
    max_drop: Number
    rounds: int
    rule: str
    kept: str
    sha256: str = ""
    machine: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    pruned: Pruned | None = None
    candidates: tuple[Candidate, ...]

    @property
    def original(self) -> Candidate:
        """What was trained."""
        return self.candidates[0]

    @property
    def chosen(self) -> Candidate | None:
        """The candidate that was kept."""
        return next((one for one in self.candidates if one.name == self.kept), None)

    def write(self, out: Path) -> list[Path]:
        """Write JSON and Markdown beside a file; return their paths."""
        paths = [out.with_suffix(".json"), out.with_suffix(".md")]
        write_json(paths[0], self.model_dump())
        with atomic_write(paths[1]) as part:
            part.write_text(self.markdown(), encoding="utf-8")
        return paths

    def text(self) -> str:
        """Return it for a terminal."""
        heads, rows = self.rows(SHORT)
        parts = [table(heads, rows, right=heads[1:-1], width=terminal()), *self.remarks()]
        if details := self.details():
            parts.insert(
                1, table(["metric", "original", self.kept, "change"], details, right=["original", self.kept, "change"])
            )
        return "\n\n".join(parts)

    def markdown(self) -> str:
        """Return it as a page."""
        parts = [f"# Compression of {self.run}", self.decision(), marked(*self.rows(tuple(COLUMNS)))]
        if details := self.details():
            parts.append(marked(["metric", "original", self.kept, "change"], details))
        return "\n\n".join([*parts, *self.remarks()]) + "\n"

    def rows(self, names: Sequence[str]) -> tuple[list[str], list[list[str]]]:
        """Return the heads of those of the columns that have something to say, and a row for each candidate."""
        cells = {name: [COLUMNS[name](one, self.original) for one in self.candidates] for name in names}
        cells = {self.metric if name == "metric" else name: column for name, column in cells.items() if any(column)}
        return ["form", *cells, "verdict"], [
            [one.name, *(column[place] for column in cells.values()), one.verdict if place else ""]
            for place, one in enumerate(self.candidates)
        ]

    def details(self) -> list[list[str]]:
        """Return all metrics of the original and of what was kept, by class and by size among them, and of each place."""
        if self.chosen is None:
            return []
        before, after = (all_metrics(one, self.metric) for one in (self.original, self.chosen))
        return [
            [name, f"{value:.4f}", f"{other:.4f}", f"{other - value:+.4f}"]
            for name, value in sorted(before.items())
            if (other := after.get(name)) is not None
        ]

    def decision(self) -> str:
        """Return what was decided."""
        if self.chosen is None:
            return "Nothing is kept: no candidate was accepted."
        return f"Kept: {self.kept}."

    def remarks(self) -> list[str]:
        """Return the decision and its rule, what was left in float, what looks least alike, and what should be known."""
        lines = [f"{self.decision()} Rule: {self.rule}."]
        if self.chosen and self.chosen.floats:
            names = ", ".join(self.chosen.floats[:NAMED])
            more = f" and {len(self.chosen.floats) - NAMED} more" if len(self.chosen.floats) > NAMED else ""
            lines.append(f"Not in 8 bits: {names}{more}.")
        if self.chosen and self.chosen.layers:
            counts = ", ".join(f"{count} {kind}" for kind, count in sorted(self.chosen.layers.items()))
            lines.append(f"Layers with weights as they are computed here: {counts}.")
        if self.chosen and self.chosen.worst:
            lines.append("Least alike: " + ", ".join(f"{name} {share:.3f}" for name, share in self.chosen.worst) + ".")
        if self.pruned:
            lines.append(pruning(self.pruned))
        lines += [f"Note: {note}." for note in self.notes]
        on = self.machine
        lines.append(
            f"Judged on {counted(self.samples, 'validation sample')} of the run's data; {on['processor']}, "
            f"{counted(int(on['threads']), 'thread')}."
        )
        return lines


def load(path: Path) -> Report:
    """Read the report of a compressed file; it is data, whoever brought it."""
    if not path.exists():
        raise ZooError(f"{path} is not there; it is the report of the compression, and lies beside its file")
    try:
        return Report.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise ZooError(f"report {path}: {explain(error, Report)}; compress the run again") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ZooError(f"report {path} cannot be read: {error}") from error


def all_metrics(one: Candidate, metric: str) -> dict[str, float]:
    """Return the metrics of a candidate, and the headline of each place."""
    headline = metric.partition(OF)[2]
    return {**one.metrics, **{f"{headline}, {place}": value for place, value in one.places.items()}}


def pruning(pruned: Pruned) -> str:
    """Return what went, and without which channels most is lost."""
    worst = sorted(pruned.sensitivity.items(), key=lambda pair: -pair[1])[:MOST_SENSITIVE]
    said = ", ".join(f"{loss:+.3f} of {name}" for name, loss in worst)
    return (
        f"Pruned: {pruned.gone:.0%} of {pruned.of:,} multiply-adds are gone, "
        f"channels of {counted(len(pruned.channels), 'layer')}, in {counted(pruned.epochs, 'epoch')} of training. "
        f"Without {pruned.probed:.0%} of its channels alone, untrained, the metric loses most: {said}."
    )


def multiply_adds(one: Candidate) -> str:
    """Return the multiply-adds of a pruned network, in millions."""
    return f"{one.multiply_adds / 1e6:.4g} M" if one.multiply_adds is not None else ""


def signed(values: Sequence[float]) -> str:
    """Return an interval of changes."""
    return f"{values[1]:+.4f} to {values[2]:+.4f}"


def per_second(one: Candidate) -> str:
    """Return samples a second, by one thread and by all."""
    return " / ".join(f"{value:.3g}" for value in one.speed.a_second.values()) if one.speed else ""


def faster(one: Candidate, original: Candidate) -> str:
    """Return how many times as fast as the original a form is."""
    return f"{original.speed.p50 / one.speed.p50:.2f}×" if one.speed and original.speed else ""


Cell = Callable[[Candidate, Candidate], str]
COLUMNS: Mapping[str, Cell] = {
    "metric": lambda one, original: f"{one.value:.4f}",
    "95 %": lambda one, original: f"{one.interval[1]:.4f} to {one.interval[2]:.4f}",
    "change": lambda one, original: "" if one is original else f"{one.change[0]:+.4f}",
    "95 % of change": lambda one, original: "" if one is original else signed(one.change),
    "alike": lambda one, original: "" if one.agreement is None or one is original else f"{one.agreement:.4f}",
    "calibration error": lambda one, original: "" if one.calibration_error is None else f"{one.calibration_error:.4f}",
    "p50": lambda one, original: quantities.duration(one.speed.p50) if one.speed else "",
    "p95": lambda one, original: quantities.duration(one.speed.p95) if one.speed else "",
    "speed": faster,
    "energy": lambda one, original: f"{one.speed.joules:.3g} J" if one.speed and one.speed.joules is not None else "",
    "multiply-adds": lambda one, original: multiply_adds(one),
    "a second, 1 / all threads": lambda one, original: per_second(one),
    "size": lambda one, original: quantities.size(one.bytes),
    "smaller": lambda one, original: f"{original.bytes / one.bytes:.1f}×",
    "memory": lambda one, original: quantities.size(one.memory) if one.memory else "",
}


#: Those that a terminal has room for; the page has all.
SHORT = ("metric", "change", "95 % of change", "alike", "p50", "speed", "size", "smaller", "memory")


def marked(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def as_json(report: Report) -> str:
    """Return the report as it is printed for programs."""
    from zoo.files import finite

    return json.dumps(finite(report.model_dump()), indent=2)
