"""The report of a fit check: for the terminal, for a run folder, and as facts."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from zoo.errors import ZooError, one_of
from zoo.fit.case import Row

if TYPE_CHECKING:
    from rich.table import Table

Mode = Literal["adapt", "warn", "strict", "off"]
HEADS = ("aspect", "designed for", "your data", "verdict", "what the recipe does")
COLOURS = {"fits": "green", "adapted": "cyan", "mismatch": "bold red", "note": "yellow"}
#: A dotted key, an equals sign, and a value without spaces; lists and mappings in brackets.
OVERRIDE = re.compile(r"(?:[a-z_]+\.)+[a-z_]+=(?:\[[^\]\s]*\]|\{[^}\s]*\}|[^\s;,]+)")


@dataclass(frozen=True)
class Fit:
    """What came out of holding a card against a profile, a row an aspect."""

    model: str
    data: str
    rows: tuple[Row, ...]

    @property
    def mismatches(self) -> tuple[Row, ...]:
        """The aspects that nothing in the run takes care of."""
        return tuple(row for row in self.rows if row.verdict == "mismatch")

    @property
    def overrides(self) -> tuple[str, ...]:
        """The overrides that the mismatches ask for, one a key: of several sizes of tiles the smallest."""
        words = [word.partition("=") for row in self.mismatches for word in OVERRIDE.findall(row.action)]
        words.sort(key=lambda word: int(word[2]) if word[2].isdecimal() else 0, reverse=True)
        found = {key: f"{key}={value}" for key, _, value in words}
        return tuple(found.values())

    @property
    def free_overrides(self) -> tuple[str, ...]:
        """The overrides among them that cost nothing."""
        return replace(self, rows=tuple(row for row in self.mismatches if row.free)).overrides

    def enforce(self, mode: Mode) -> None:
        """Refuse mismatches when `mode` is strict."""
        one_of("fit", mode, get_args(Mode))
        if mode == "strict" and self.mismatches:
            said = "; ".join(f"{r.aspect}: {r.designed_for} against {r.data}: {r.action}" for r in self.mismatches)
            raise ZooError(
                f"model {self.model!r} does not fit data {self.data!r} ({said}); fit=warn trains all the same"
            )

    def facts(self) -> dict[str, Any]:
        """Return plain values, as they are written to fit.json."""
        return {"model": self.model, "data": self.data, "rows": [asdict(row) for row in self.rows]}

    def to_json(self) -> str:
        """Return the facts as JSON."""
        return json.dumps(self.facts(), indent=2, ensure_ascii=False)

    def markdown(self) -> str:
        """Return a Markdown table, for the card of a run."""
        cells = [(r.aspect, r.designed_for, r.data, r.verdict, r.action) for r in self.rows]
        lines: list[Sequence[str]] = [HEADS, ["---"] * len(HEADS), *cells]
        return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)

    def table(self) -> "Table":
        """Return a table for a rich console; it wraps to the width of the terminal."""
        from rich.table import Table
        from rich.text import Text

        table = Table(*HEADS, box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for column in table.columns:
            column.overflow = "fold"
        table.columns[3].no_wrap = True
        for row in self.rows:
            verdict = Text(row.verdict, COLOURS[row.verdict])
            table.add_row(row.aspect, Text(row.designed_for), Text(row.data), verdict, Text(row.action))
        return table
