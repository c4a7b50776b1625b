"""`zoo show`: a card as a person wants to read it, with what is unknown said as such and the next command at its end."""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from configuration.groups import data_for
from tools.terminal.columns import clean, terminal
from zoo.errors import counted
from zoo.quantities import count, duration
from zoo.registry import licences
from zoo.registry.cards import Card, Weights
from zoo.registry.measurements import Measurement, comparisons, measurements
from zoo.registry.models import card, trained_for
from zoo.registry.tasks import BACKBONE

Fact = tuple[str, str]
USES = {"yes": "green", "no": "bold red", "unknown": "yellow"}


def command(
    name: Annotated[str, typer.Argument(help="a model, or timm/NAME for a backbone of timm")],
    json_: Annotated[bool, typer.Option("--json", help="print the card as JSON")] = False,
) -> None:
    """Show the card of a model: what it was made for, its licences, its weights, what was measured.

    Example: `zoo show ssd300`
    """
    entry = card(name)
    if json_:
        measured = [row.model_dump(mode="json") for row in measurements(entry)]
        print(json.dumps({**entry.model_dump(mode="json"), "measured": measured}, indent=2, ensure_ascii=False))
        return
    console = Console(width=terminal() or 120, highlight=False)
    state = "" if entry.status == "active" else f", {entry.status}: take another for new work"
    console.print(Text.assemble((entry.name, "bold"), f"  {entry.task}", (state, USES["no"])))
    console.print(Text(clean(entry.summary) + "\n"))
    for title, facts in sections(entry):
        console.print(Text(title, "bold"))
        console.print(grid(facts, console.width // 3))
        console.print()
    if entry.text:
        console.print(Text(clean(entry.text)), soft_wrap=True)
    console.print(Text(following(entry)), soft_wrap=True)


def sections(entry: Card) -> Iterator[tuple[str, list[Fact]]]:
    """Yield the parts of a card that say something, each a title and facts."""
    yield "Licences", licence_facts(entry)
    yield "Designed for", designed_facts(entry)
    if entry.not_for:
        yield "Not for", [("–", sentence) for sentence in entry.not_for]
    if entry.adapts:
        yield "Adapts", list(entry.adapts.items())
    if entry.options:
        yield "Options", [(f"model.{key}", str(value)) for key, value in entry.options.items()]
    for weights in entry.weights:
        yield f"Weights {weights.tag}", weights_facts(weights)
    if rows := measurements(entry):
        yield "Measured here", [(row.experiment, measured_line(row)) for row in rows]
        compared = comparisons(entry.path.parent)
        if named := {row.experiment: compared[row.experiment] for row in rows if row.experiment in compared}:
            yield "Comparisons", list(named.items())
    yield "From", origin_facts(entry)


def licence_facts(entry: Card) -> list[Fact]:
    """Return the three licences and what they allow together."""
    use = licences.use(entry.licences)
    return [*entry.licences, ("together", str(use))]


def designed_facts(entry: Card) -> list[Fact]:
    """Return what the card says of the data that the model was made for, with parameters and domains."""
    said = entry.designed_for.model_dump(exclude_defaults=True, exclude={"size", "scaled"})
    facts = [(key.replace("_", " "), plain(value)) for key, value in said.items()]
    if size := entry.designed_for.size:
        scaled = "; every image is scaled to it" if entry.designed_for.scaled else ""
        facts.append(("input", f"{size[0]} × {size[1]}{scaled}"))
    parameters = "unknown" if entry.parameters is None else count(entry.parameters)
    facts.append(("parameters", parameters))
    if entry.multiply_adds is not None:
        facts.append(("multiply-adds", f"{count(entry.multiply_adds)} an image of that size"))
    return [*facts, *([("domains", ", ".join(entry.domains))] if entry.domains else [])]


def weights_facts(weights: Weights) -> list[Fact]:
    """Return where weights come from, what they were trained on, what they expect, and their published figures."""
    pre = weights.preprocessing
    facts = [
        ("trained on", weights.trained_on),
        ("initialised from", weights.initialised_from),
        ("licence", weights.licence),
        ("expects", f"{', '.join(pre.bands)}; mean {plain(pre.mean)}; std {plain(pre.std)}"),
    ]
    for source in weights.sources:
        checked = f"sha256 {source.sha256[:12]}…" if source.sha256 else "no checksum"
        facts.append(("source", f"{source.uri} ({checked})"))
    for metric in weights.metrics:
        said = (
            f"{metric.name} {metric.value:g} on {metric.data} {metric.split}, by {metric.measured_by} ({metric.source})"
        )
        facts.append(("published", said))
    return [(key, value) for key, value in facts if value]


def measured_line(block: Measurement) -> str:
    """Return a result that a tool measured, in one line."""
    spread = (
        f" ({block.spread[0]:.3f} to {block.spread[1]:.3f})"
        if block.spread and block.spread[0] < block.spread[1]
        else ""
    )
    seeds, threads = counted(len(block.seeds), "seed"), counted(block.threads, "thread")
    return (
        f"{block.metric} {block.value:.3f}{spread} on {block.data}, {seeds}, {duration(block.seconds)} on"
        f" {threads} of {block.hardware}, {block.precision}, {block.date}"
    )


def origin_facts(entry: Card) -> list[Fact]:
    """Return the publication and the code that was followed."""
    paper, source = entry.paper, entry.source
    return [
        ("paper", f"{paper.title}; {paper.authors}, {paper.year}; {paper.url}"),
        ("code", f"{source.url} ({source.licence}){'; ' + source.follows if source.follows else ''}"),
        ("card", str(entry.path)),
    ]


def plain(value: object) -> str:
    """Write a value of a card for people."""
    if isinstance(value, (list, tuple)):
        numbers = all(isinstance(item, (int, float)) for item in value)
        return (" to " if numbers and len(value) == 2 else ", ").join(map(plain, value))
    return f"{value:g}" if isinstance(value, float) else f"{value:,}" if type(value) is int else str(value)


def grid(facts: Sequence[Fact], widest: int) -> Table:
    """Return facts as two columns that wrap, the first at `widest` letters; what is unknown or forbidden stands out."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(overflow="fold", max_width=widest)
    table.add_column(overflow="fold")
    for key, value in facts:
        style = USES["no"] if value.startswith("not for") else USES["unknown"] if "unknown" in value else ""
        table.add_row(f"  {clean(key)}", Text(clean(value), style))
    return table


def following(entry: Card) -> str:
    """Return what to type next, with data that serves the task."""
    task = trained_for(entry)
    data = next((name for name in data_for(task) if name != "folder"), "folder")
    if entry.task == BACKBONE:
        return f"next: python train.py task={task} data={data} model.backbone={entry.name}"
    return (
        f"next: zoo fit {entry.name} --data {data}    how it goes together with data, without training\n"
        f"      python train.py task={entry.task} data={data} model={entry.name}"
    )
