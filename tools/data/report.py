"""What `zoo data check` has found, and how it is shown."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from zoo.errors import clean, counted

LEVELS = ("error", "warning", "note")
SHOWN = 10  # examples of a finding in the table; --json has all


@dataclass(frozen=True)
class Finding:
    """One kind of thing that was found: `level` is error, warning or note; `examples` are all of them."""

    level: str
    kind: str
    sentence: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """What was found: counts of samples and of what is labelled in them, by split and class; findings, errors first.

    `sample` and `label` say what a sample is called, and what is labelled in it.
    """

    root: str
    format: str
    images: int
    objects: int
    splits: Mapping[str, int]
    classes: Mapping[str, Mapping[str, int]]
    values: Mapping[str, tuple[float, float]]
    findings: tuple[Finding, ...]
    sample: str = "image"
    label: str = "object"

    @property
    def exit_code(self) -> int:
        """1 when there is an error, else 0."""
        return int(any(finding.level == "error" for finding in self.findings))

    def facts(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        return asdict(self) | {"exit_code": self.exit_code}


def show(report: Report, console: Console | None = None) -> None:
    """Print the counts, the classes and the findings as tables."""
    console = console or Console(highlight=False, soft_wrap=True)
    values = "; ".join(f"{dtype} {low:g} to {high:g}" for dtype, (low, high) in report.values.items())
    what = [(report.images, report.sample), (report.objects, report.label)]
    counts = ", ".join(counted(*each) for each in (what[:1] if report.label == report.sample else what))
    head = "; ".join(filter(None, (f"{report.root}: {report.format}, {counts}", values)))
    console.print(clean(head), markup=False)
    console.print(classes_shown(report))
    for finding in report.findings:
        console.print(clean(f"{finding.level}: {finding.sentence}"), markup=False)
        for example in finding.examples[:SHOWN]:
            console.print(clean(f"    {example}"), markup=False)
        if len(finding.examples) > SHOWN:
            console.print(f"    and {len(finding.examples) - SHOWN} more")
    errors = sum(finding.level == "error" for finding in report.findings)
    console.print(f"[red]{counted(errors, 'kind')} of errors[/]" if errors else "[green]no errors[/]")


def classes_shown(report: Report) -> Table:
    """Return the table of what is labelled, by class and split."""
    parts = list(next(iter(report.classes.values()), {}))
    counts = (counted(report.splits.get(part, report.images), report.sample) for part in parts)
    table = Table("class", *(f"{part} ({count})" for part, count in zip(parts, counts, strict=True)), box=None)
    for name, numbers in report.classes.items():
        table.add_row(escape(clean(name)), *(str(numbers[part]) for part in parts))
    return table
