"""`zoo readme`: the parts of README.md that are facts, written from the cards and from a run; with a twin that checks.

A part stands between `<!-- begin: NAME -->` and `<!-- end: NAME -->`. The output and the picture of a run are copied
into docs/ when a run is given, so that the check needs no run.
"""

import re
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

import zoo
from tools.site.results import less_is_better
from zoo.cards import Measured
from zoo.errors import ZooError
from zoo.runs import Run, written

HERE = Path(__file__).parent.parent
README, DOCS = HERE / "README.md", HERE / "docs"
OUTPUT, PICTURE, SPEED = DOCS / "train.txt", DOCS / "trees.jpg", DOCS / "speed_accuracy.png"


def command(
    run: Annotated[str | None, typer.Option(help="the run whose output and picture the README shows")] = None,
    comparison: Annotated[
        Path | None, typer.Option(help="the folder of a comparison whose picture the README shows")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="write nothing; exit 1 when README.md is not up to date")
    ] = False,
) -> None:
    """Write the generated parts of README.md, or check that they are up to date.

    Example: `zoo readme --check`
    """
    if run is not None and not check:
        take(Run.find(run))
    if comparison is not None and not check:
        take_picture(comparison)
    text = README.read_text(encoding="utf-8")
    wanted = render(text)
    if check:
        if wanted != text:
            print("README.md is not up to date; `zoo readme` writes it")
            raise typer.Exit(1)
        return
    with written(README) as part:
        part.write_text(wanted, encoding="utf-8")


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
    from tools.compare_models.command import PICTURE as DRAWN

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
    """Return the models of each task, a row for each recipe that a tool has measured, and the comparisons of models."""
    cards = zoo.cards()
    rows = ["| task | models |", "|---|---|"]
    tasks = {card.task for card in cards.values()}
    for task in sorted(tasks, key=lambda task: (task == "backbone", task)):  # what solves no task by itself comes last
        names = ", ".join(f"`{name}`" for name, card in cards.items() if card.task == task)
        rows.append(f"| {task} | {names} |")
    rows += ["", "| recipe | model | result on data never trained on | time of a run |", "|---|---|---|---|"]
    measured = [(m.recipe, name, m) for name, card in cards.items() for m in card.measured]
    for recipe, name, m in sorted(measured, key=lambda one: one[0]):
        if " " not in recipe:
            rows.append(f"| `{recipe}` | `{name}` | {result(m)}, {m.data} | {m.seconds / 60:.1f} min |")
    for command in sorted({recipe for recipe, _, _ in measured if " " in recipe}):
        rows += ["", f"`{command}`:", "", "| model | result on data never trained on |", "|---|---|"]
        found = [(name, m) for recipe, name, m in measured if recipe == command]
        sign = 1 if less_is_better(found[0][1].metric) else -1
        rows += [f"| `{name}` | {result(m)} |" for name, m in sorted(found, key=lambda one: sign * one[1].value)]
    return "\n".join(rows) + "\n"


def result(m: Measured) -> str:
    """Return what was measured in a cell."""
    low, high = m.spread or (m.value, m.value)
    seeds = f"{low:.3f}–{high:.3f}, {len(m.seeds)} runs" if len(m.seeds) > 1 else "1 run"
    if len(m.seeds) == 1 and low != high:
        seeds = f"mean of folds, {low:.3f}–{high:.3f}"
    return f"{m.metric.removeprefix('test/')} {m.value:.3f} ({seeds})"
