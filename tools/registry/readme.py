"""`zoo readme`: the parts of README.md that are facts, and docs/results.md, written from the cards; with a twin that checks.

A part stands between `<!-- begin: NAME -->` and `<!-- end: NAME -->`. The output and the picture of a run are copied
into docs/ when a run is given, so that the check needs no run.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

import zoo
from zoo.errors import ZooError
from zoo.files import atomic_write
from zoo.quantities import duration
from zoo.registry.cards import Card
from zoo.registry.measurements import Measurement, comparisons, measurements
from zoo.runs.run import Run

HERE = Path(__file__).parents[2]
README, DOCS = HERE / "README.md", HERE / "docs"
OUTPUT, PICTURE, SPEED = DOCS / "train.txt", DOCS / "images" / "trees.jpg", DOCS / "images" / "speed_accuracy.png"
RESULTS = DOCS / "results.md"


def command(
    run: Annotated[str | None, typer.Option(help="the run whose output and picture the README shows")] = None,
    comparison: Annotated[
        Path | None, typer.Option(help="the folder of a comparison whose picture the README shows")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="write nothing; exit 1 when they are not up to date")] = False,
) -> None:
    """Write the generated parts of README.md, and docs/results.md, or check that they are up to date.

    Example: `zoo readme --check`
    """
    if run is not None and not check:
        take(Run.find(run))
    if comparison is not None and not check:
        take_picture(comparison)
    made = {README: render(README.read_text(encoding="utf-8")), RESULTS: results()}
    if check:
        old = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
        if old:
            print(f"{', '.join(str(path.relative_to(HERE)) for path in old)}: not up to date; `zoo readme` writes it")
            raise typer.Exit(1)
        return
    for path, text in made.items():
        with atomic_write(path) as part:
            part.write_text(text, encoding="utf-8")


def take(run: Run) -> None:
    """Copy the output and the first scene of a run into docs/; paths in the output are shortened to the run's name."""
    DOCS.mkdir(exist_ok=True)
    scenes = sorted((run.folder / "plots").glob("scene_*.png"))
    if not scenes:
        raise ZooError(f"run {run.folder} has no picture of a scene in plots/")
    with Image.open(scenes[0]) as picture:
        picture.convert("RGB").save(PICTURE, quality=85, optimize=True)
    said = (run.folder / "logs" / "console.txt").read_text(encoding="utf-8")
    OUTPUT.write_text("\n".join(line.rstrip() for line in said.splitlines()) + "\n", encoding="utf-8")


def take_picture(comparison: Path) -> None:
    """Copy the picture of a comparison of models into docs/."""
    from tools.experiments.compare_models import PICTURE as DRAWN

    try:
        with Image.open(comparison / DRAWN) as picture:
            picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(SPEED, optimize=True)
    except OSError as error:
        raise ZooError(f"--comparison {comparison} holds no picture {DRAWN} ({error.strerror})") from error


def render(text: str) -> str:
    """Return the README with every generated part made anew."""
    for name, made in (("run", run_part()), ("models", models_part())):
        pattern = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise ZooError(f"README.md has no part '<!-- begin: {name} -->' … '<!-- end: {name} -->'")
        text = pattern.sub(partial(between, made), text)
    return text


def between(made: str, found: re.Match[str]) -> str:
    """Return the marks that were found with `made` between them."""
    return f"{found[1]}{made}{found[2]}"


def run_part() -> str:
    """Return the output of the run as a block."""
    return f"```text\n{OUTPUT.read_text(encoding='utf-8')}```\n"


def models_part() -> str:
    """Return the models of each task, and a row for each recipe that a tool has measured."""
    cards = zoo.cards()
    rows = ["| task | models |", "|---|---|"]
    tasks = {card.task for card in cards.values()}
    for task in sorted(tasks, key=lambda task: (task == "backbone", task)):  # what solves no task by itself comes last
        names = ", ".join(f"`{name}`" for name, card in cards.items() if card.task == task)
        rows.append(f"| {task} | {names} |")
    rows += ["", "| recipe | model | result on data never trained on | time of a run |", "|---|---|---|---|"]
    for (recipe, name), rows_ in grouped(results_of(cards, compared=False)):
        said = "; ".join(map(result, rows_))
        rows.append(f"| `{recipe}` | `{name}` | {said}, {rows_[0].data} | {duration(rows_[0].seconds)} |")
    return "\n".join(rows) + "\n"


def results_of(cards: Mapping[str, Card], compared: bool) -> list[tuple[Card, Measurement]]:
    """Return what comparisons gave, or else what recipes gave, with the cards, sorted by experiment and model."""
    every = [(card, row) for card in cards.values() for row in measurements(card)]
    chosen = [one for one in every if (one[1].experiment in comparisons(one[0].path.parent)) is compared]
    return sorted(chosen, key=lambda one: (one[1].experiment, one[0].name))


def grouped(results: Sequence[tuple[Card, Measurement]]) -> Iterator[tuple[tuple[str, str], list[Measurement]]]:
    """Yield what was measured by recipe and model; a recipe may be judged by several metrics."""
    for key, group in groupby(results, key=lambda one: (one[1].experiment, one[0].name)):
        yield key, [row for _, row in group]


def results() -> str:
    """Return docs/results.md: every result with its machine, of recipes and of comparisons of models."""
    cards = zoo.cards()
    rows = [
        "# What was measured\n",
        "Written by `zoo readme` from the measurements beside the cards, which `zoo reproduce`, `zoo compare-models` and"
        " `zoo bench` write.",
        "Results are on data never trained on. A time is that of a whole run, test included; the machines differ.\n",
        "## Recipes\n",
        *table(("recipe", "model", "data"), []),
    ]
    for card, m in results_of(cards, compared=False):
        rows.append(row((f"`{m.experiment}`", f"`{card.name}`", m.data), m))
    rows += [
        "",
        "## Comparisons\n",
        "Models under one budget, or as they come. One may be carried out on several machines: compare within one.\n",
    ]
    for name, group in groupby(results_of(cards, compared=True), key=lambda one: one[1].experiment):
        found = sorted(group, key=lambda one: (one[1].machine, -one[1].merit))
        command = comparisons(found[0][0].path.parent)[name]
        lines = [row((f"`{card.name}`",), m) for card, m in found]
        rows += [f"### {name}\n", f"`{command}`\n", *table(("model",), lines), ""]
    return "\n".join(rows).rstrip() + "\n"


def table(first: Sequence[str], rows: Sequence[str]) -> list[str]:
    """Return a table of results with these first columns."""
    names = (*first, "result", "machine", "time")
    return [f"| {' | '.join(names)} |", "|" + "---|" * len(names), *rows]


def row(first: Sequence[str], m: Measurement) -> str:
    """Return a row of it."""
    return f"| {' | '.join((*first, result(m), m.machine, duration(m.seconds)))} |"


def result(m: Measurement) -> str:
    """Return what was measured in a cell."""
    low, high = m.spread or (m.value, m.value)
    seeds = f"{low:.3f}–{high:.3f}, {len(m.seeds)} runs" if len(m.seeds) > 1 else "1 run"
    if len(m.seeds) == 1 and low != high:
        seeds = f"mean of {low:.3f}–{high:.3f}"
    return f"{m.metric.removeprefix('test/')} {m.value:.3f} ({seeds})"
