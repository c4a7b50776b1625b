"""`zoo compare`: two or more cards side by side, where they differ."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tools.registry.show import designed_facts, measured_line
from tools.terminal.columns import clean, terminal
from zoo.errors import ZooError
from zoo.registry import licences
from zoo.registry.cards import Card
from zoo.registry.measurements import measurements
from zoo.registry.models import card


def command(
    names: Annotated[list[str], typer.Argument(help="two or more models")],
    all_: Annotated[bool, typer.Option("--all", help="also where they are the same")] = False,
    json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False,
) -> None:
    """Compare models: what they were made for, size, licences, what was measured; where they differ.

    Example: `zoo compare kestrel_nano ssd300`
    """
    if len(set(names)) < 2:
        raise ZooError(f"zoo compare needs two models, not {' '.join(names)}: zoo compare kestrel_nano ssd300")
    entries = [card(name) for name in dict.fromkeys(names)]
    rows = rows_of(entries)
    if json_:
        named = {key: dict(zip((e.name for e in entries), row, strict=True)) for key, row in rows.items()}
        print(json.dumps(named, indent=2, ensure_ascii=False))
    else:
        tell(entries, rows, all_)


def rows_of(entries: Sequence[Card]) -> dict[str, list[str]]:
    """Return the facts by their name, a value a model; – where its card says nothing."""
    facts = [facts_of(entry) for entry in entries]
    keys = dict.fromkeys(key for one in facts for key in one)
    return {key: [one.get(key, "–") for one in facts] for key in keys}


def tell(entries: Sequence[Card], rows: Mapping[str, Sequence[str]], everything: bool) -> None:
    """Print the facts side by side: where models differ, and by name where they do not."""
    same = [] if everything else [key for key, values in rows.items() if len(set(values)) == 1]
    console = Console(width=terminal() or 160, highlight=False)
    shown = {key: values for key, values in rows.items() if key not in same}
    console.print(side_by_side([entry.name for entry in entries], shown))
    if same:
        console.print(Text(f"\nthe same: {', '.join(same)} (--all shows them)"))


def facts_of(entry: Card) -> dict[str, str]:
    """Return what two models can be compared by."""
    facts = {"summary": entry.summary, "task": entry.task, "status": entry.status, **dict(designed_facts(entry))}
    facts |= {f"licence, {part}": licence for part, licence in entry.licences}
    facts["commercial use"] = licences.use(entry.licences).commercial
    facts["weights"] = "; ".join(f"{w.tag} ({w.trained_on})" for w in entry.weights) or "none of its own"
    facts |= {f"adapts, {key}": how for key, how in entry.adapts.items()}
    facts["not for"] = " ".join(entry.not_for) or "–"
    facts |= {f"measured, {row.experiment}": measured_line(row) for row in measurements(entry)}
    return {key: clean(value) for key, value in facts.items()}


def side_by_side(names: Sequence[str], rows: Mapping[str, Sequence[str]]) -> Table:
    """Return a table with a column a model; every column wraps to its share of the terminal."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    for name in names:
        table.add_column(name, overflow="fold", ratio=1)
    for key, values in rows.items():
        table.add_row(Text(key), *map(Text, values))
    return table
