"""`zoo policy`: thresholds by place and time, fitted to labelled answers, and replayed over what was recorded."""

import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import numpy as np
import typer
import yaml
from rich.console import Console
from rich.table import Table

from tools.production.labelled_cells import Cell, cells_of_labels
from zoo.errors import ZooError, one_of
from zoo.files import atomic_write, refuse_existing
from zoo.sites.policy import POLICY, Moment, Policy
from zoo.sites.policy_fit import GOALS, Fitted, Goal, Outcomes, fit, joined
from zoo.sites.records.table import connect
from zoo.sites.site import Site

Folder = Annotated[Path, typer.Argument(help="the folder of the site")]
Json = Annotated[bool, typer.Option("--json", help="print the facts as JSON")]
#: Columns of the file of labels.
COLUMNS = ("record", "number", "right", "label")
#: Parts of a day that cells are made of.
PARTS = ((0, 6), (6, 12), (12, 18), (18, 24))


def fit_command(
    site: Folder,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="CSV: record, number of the answer in it, right (1, 0); or missed and label; default: the site's own"
        ),
    ] = None,
    goal: Annotated[str, typer.Option(help="precision, recall or cost")] = "precision",
    wanted: Annotated[
        float, typer.Option(help="the precision or recall; or what a miss costs, a false alarm being 1")
    ] = 0.9,
    out: Annotated[Path | None, typer.Option(help="the policy to write; default: policy.yaml of the site")] = None,
    force: Annotated[bool, typer.Option(help="replace a policy that is there")] = False,
    json_: Json = False,
) -> None:
    """Choose thresholds by class, place and part of the day from answers that were labelled, and write the policy.

    Without LABELS it takes what `zoo collect` brought back of inputs that were served. A row of LABELS says of an answer
    whether it was right: `record,number,right,label` with the record's id, the answer's number in it from 0, and 1 or 0. An
    object that no answer found is a row with an empty number, `missed` and its class.
    Cells with few answers are held back to those of all places and hours. What is expected of each threshold is printed.

    Example: `zoo policy fit street --wanted 0.95`, or with `--labels checked.csv`, then `zoo policy test street`.
    """
    one_of("--goal", goal, GOALS)
    if not wanted > 0 or (goal != "cost" and wanted > 1):
        raise ZooError(f"--wanted {wanted} must be above 0" + ("" if goal == "cost" else " and at most 1"))
    opened = Site(site)
    target = refuse_existing(out or site / POLICY, force)
    cells = cells_of_labels(opened, part_of) if labels is None else cells_of(opened, labels)
    document, facts = fitted(cells, goal, wanted)  # type: ignore[arg-type]  # one of GOALS
    with atomic_write(target) as part:
        part.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    show(facts, json_, f"{target} is written; `zoo policy test {site}` replays what was recorded")


def part_of(hour: int) -> tuple[int, int]:
    """Return the part of the day that an hour is in."""
    return next(part for part in PARTS if part[0] <= hour < part[1])


def cells_of(site: Site, labels: Path) -> dict[Cell, Outcomes]:
    """Return the outcomes of labelled answers by cell."""
    names = "id, time, place, labels, scores"
    rows = connect(site.folder / "records").execute(f"SELECT {names} FROM records").fetchall()
    records = {row[0]: row[1:] for row in rows}
    zone = ZoneInfo(site.settings.timezone)
    scores, right, missed = (
        defaultdict[Cell, list[float]](list),
        defaultdict[Cell, list[bool]](list),
        defaultdict[Cell, int](int),
    )
    seen = set[tuple[str, str]]()
    for line, row in enumerate(rows_of(labels), 2):
        where = f"{labels}, line {line}"
        if row["record"] not in records:
            raise ZooError(f"{where}: record {row['record']!r} is not in {site.folder / 'records'}")
        time, place, found, given = records[row["record"]]
        hour = time.astimezone(zone).hour
        part = part_of(hour)
        if row["right"] == "missed":
            if row["label"] not in site.settings.classes:
                raise ZooError(
                    f"{where}: label {row['label']!r} is no class of the site; {', '.join(site.settings.classes)}"
                )
            missed[row["label"], place, part] += 1
            continue
        number = int(row["number"]) if row["number"].isdecimal() else -1
        if not 0 <= number < len(found) or row["right"] not in ("0", "1"):
            raise ZooError(
                f"{where}: number must be 0 to {len(found) - 1} and right 1, 0 or missed; it says {dict(row)}"
            )
        if (row["record"], row["number"]) in seen:
            raise ZooError(f"{where}: this answer was labelled before; two who disagree must settle it first")
        seen.add((row["record"], row["number"]))
        cell = (found[number], place, part)
        scores[cell].append(given[number])
        right[cell].append(row["right"] == "1")
    every = sorted({*scores, *missed})
    return {cell: Outcomes(np.array(scores[cell], float), np.array(right[cell], bool), missed[cell]) for cell in every}


def rows_of(path: Path) -> list[dict[str, str]]:
    """Read the file of labels."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = [{key: (value or "").strip() for key, value in row.items() if key} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ZooError(f"--labels {path} cannot be read: {error}") from error
    lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if lacking:
        raise ZooError(f"--labels {path} has no column {', '.join(lacking)}; it needs {', '.join(COLUMNS)}")
    return rows


def fitted(cells: dict[Cell, Outcomes], goal: Goal, wanted: float) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the policy, and what is expected of each of its thresholds."""
    default: dict[str, float] = {}
    rules: list[dict[str, Any]] = []
    facts: list[dict[str, Any]] = []
    for label in sorted({cell[0] for cell in cells}):
        parent = joined([one for cell, one in cells.items() if cell[0] == label])
        if not len(parent.scores):
            raise ZooError(f"class {label!r} was only missed: no answer tells which threshold would find it")
        best = fit(parent, parent, goal, wanted)
        default[label] = best.threshold
        facts.append(facts_of(label, "", None, best))
        for (name, place, part), one in cells.items():
            if name != label:
                continue
            mine = fit(one, parent, goal, wanted)
            when = {**({"place": place} if place else {}), "hours": list(part)}
            rules.append({"when": when, "thresholds": {label: mine.threshold}})
            facts.append(facts_of(label, place, part, mine))
    return {"default": default, "rules": rules}, facts


def facts_of(label: str, place: str, part: tuple[int, int] | None, found: Fitted) -> dict[str, Any]:
    """Return a line of the table."""
    return {
        "class": label, "place": place or "all", "hours": f"{part[0]}–{part[1]}" if part else "all", "answers": found.answers,
        "threshold": found.threshold, "precision": found.precision, "recall": found.recall, "reached": found.reached,
    }  # fmt: skip


def replay_command(site: Folder, json_: Json = False) -> None:
    """Replay what was recorded under the policy of a site: how many answers each line of it keeps.

    Example: `zoo policy test street`.
    """
    opened = Site(site)
    policy = Policy.load(site, opened.settings)
    if policy is None:
        raise ZooError(f"{site} has no {POLICY}; write one, or `zoo policy fit {site} --labels FILE`")
    names = "time, place, longitude, latitude, labels, scores"
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    rows = connect(site / "records").execute(f"SELECT {names} FROM records")
    while found := rows.fetchmany(10_000):
        for time, place, longitude, latitude, labels, scores in found:
            moment = Moment(time, place, longitude, latitude)
            for label, score in zip(labels, scores, strict=True):
                least, line = policy.explain(label, moment)
                count = counts[label, line]
                count[0] += 1
                count[1] += least is None or score >= least
    facts = [
        {"class": label, "line": line, "answers": all_, "kept": kept}
        for (label, line), (all_, kept) in sorted(counts.items())
    ]
    show(facts, json_, "" if facts else "nothing was recorded yet")


def show(facts: list[dict[str, Any]], json_: bool, said: str) -> None:
    """Print facts as a table or as JSON."""
    if json_:
        print(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    console, table = Console(highlight=False, soft_wrap=True), Table(box=None)
    for name in facts[0] if facts else ():
        table.add_column(name)
    for row in facts:
        table.add_row(*(f"{value:.3f}" if isinstance(value, float) else str(value) for value in row.values()))
    if facts:
        console.print(table)
    if said:
        console.print(said, markup=False)
