"""`zoo card check`: cards held against their schema, their files, and, on request, against the models themselves."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from tools.terminal.columns import table, terminal
from zoo.errors import ZooError, near
from zoo.registry import front_matter
from zoo.registry.card_roots import ROOT, CardRoot, card_files
from zoo.registry.cards import Card, read_named, rewrite
from zoo.registry.measurements import measurements
from zoo.registry.models import TIMM, card
from zoo.registry.tasks import BACKBONE, task

Level = Literal["wrong", "unknown", "holds", "unchecked"]


@dataclass(frozen=True)
class Finding:
    """What was found about one field of a card: wrong, unknown, shown to hold, or not checked."""

    card: str
    field: str
    level: Level
    said: str


def command(
    names: Annotated[list[str] | None, typer.Argument(help="models; all when none is named")] = None,
    recompute: Annotated[
        bool, typer.Option("--recompute", help="build the models and recompute what cards claim")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="with --recompute: write parameters and multiply-adds into the cards")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="print the findings as JSON")] = False,
) -> None:
    """Check cards: every field, file and licence; with --recompute also parameters, multiply-adds, outputs, adaptations.

    Exit code 1 when a card is wrong. Example: `zoo card check ssd300 --recompute`
    """
    if write and not recompute:
        raise ZooError("--write writes what --recompute finds; give both")
    findings: list[Finding] = []
    checked = names or sorted(card_files())
    for name in checked:
        entry, found = examine(name)
        findings += found
        if entry is not None and recompute:
            findings += recomputed(entry, write)
    if json_:
        print(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        print(text(findings, len(checked), recompute))
    if any(finding.level == "wrong" for finding in findings):
        raise typer.Exit(1)


def examine(name: str) -> tuple[Card | None, list[Finding]]:
    """Read a card and look at what needs no model; a card that cannot be read is one finding."""
    if name.startswith(TIMM):
        entry = card(name)
        return entry, list(unknowns(entry))
    known = card_files()
    if name not in known:
        raise ZooError(f"no card {name!r}{near(name, known)}; `zoo list` shows all")
    try:
        entry = read_named(Path(known[name][1].path))
    except ZooError as error:
        return None, [Finding(name, "card", "wrong", str(error))]
    return entry, [*mistakes(entry, known[name][0]), *unknowns(entry)]


def mistakes(entry: Card, root: CardRoot) -> Iterator[Finding]:
    """Yield what the schema cannot see: the folder, the module, the URIs."""
    from zoo.sources.address import parse

    if root.folder == ROOT and entry.path.parent.name != entry.task:
        yield Finding(entry.name, "task", "wrong", f"{entry.task}, but the card lies in {entry.path.parent}")
    base = root.folder.parent if root.package else root.folder
    module = base.joinpath(*entry.build.partition(":")[0].split("."))
    if not (module.with_suffix(".py").is_file() or (module / "__init__.py").is_file()):
        yield Finding(entry.name, "build", "wrong", f"{entry.build}: there is no file {module}.py")
    known = task(entry.task).objectives if entry.task != BACKBONE else {}
    for name in (name for name in entry.objectives if name not in known):
        yield Finding(
            entry.name, "objectives", "wrong", f"{name!r}{near(name, known)}; there are {', '.join(known) or 'none'}"
        )
    for weights in entry.weights:
        for source in weights.sources:
            try:
                parse(source.uri)
            except ZooError as error:
                yield Finding(entry.name, f"weights.{weights.tag}", "wrong", str(error))


def unknowns(entry: Card) -> Iterator[Finding]:
    """Yield what the card leaves open."""
    open_ = [
        (f"licences.{part}", "nobody says under which licence") for part, value in entry.licences if value == "unknown"
    ]
    open_ += [(f"paper.{key}", "nobody says") for key, value in entry.paper if value == "unknown"]
    for weights in entry.weights:
        if weights.licence == "unknown":
            open_.append((f"weights.{weights.tag}.licence", "nobody says under which licence"))
        if not any(source.sha256 for source in weights.sources):
            open_.append((f"weights.{weights.tag}.sources", "no source has a checksum"))
    if entry.parameters is None:
        open_.append(("parameters", "nobody has counted; --recompute --write does"))
    if not measurements(entry) and entry.task != BACKBONE:
        open_.append(("measured", "no recipe was measured; `zoo reproduce RECIPE` writes it"))
    for field, said in open_:
        yield Finding(entry.name, field, "unknown", said)


def recomputed(entry: Card, write: bool) -> list[Finding]:
    """Return what building the model shows; with `write`, put the numbers that were counted into the card."""
    from tools.registry.card_recompute import COUNTS, recompute

    if write and not entry.name.startswith(TIMM):
        for field, (recount, _) in COUNTS.items():
            found = recount(entry)
            if found not in (None, getattr(entry, field)):
                raw = entry.path.read_bytes().decode("utf-8")
                rewrite(entry.path, front_matter.replace(raw, field, f" {found}", entry.path))
                entry = entry.model_copy(update={field: found})
    return [Finding(entry.name, field, level, said) for field, level, said in recompute(entry)]


def text(findings: Sequence[Finding], cards: int, recompute: bool) -> str:
    """Return the findings as a table with a summary below."""
    rows = [(f.card, f.level, f.field, f.said) for f in findings]
    wrong = len({f.card for f in findings if f.level == "wrong"})
    state = "all are right" if not wrong else f"{wrong} wrong"
    ending = f"{cards} cards, {state}" + (
        "" if recompute else "; --recompute builds the models and checks what they claim"
    )
    return f"{table(('card', 'is', 'field', 'what was found'), rows, width=terminal())}\n\n{ending}" if rows else ending
