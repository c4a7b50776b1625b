"""`zoo readme`: the parts of README.md that are facts, written from the cards and from a run; with a twin that checks.

A part stands between two comments, such that the documentation can show it too (`marks`). That of the run is written when a
run is given; what today's program prints is held against it line by line, figures aside (`outline`).
"""

import re
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

import zoo
from configuration.groups import data_for
from tools.docs.results_page import results_of
from zoo.errors import ZooError
from zoo.files import atomic_write
from zoo.registry import tasks
from zoo.registry.measurements import Measurement, less_is_better
from zoo.runs.run import Run

HERE = Path(__file__).parents[2]
README, IMAGES = HERE / "README.md", HERE / "docs" / "images"
PICTURE, SPEED = IMAGES / "trees.jpg", IMAGES / "speed_accuracy.png"
#: The longer side of the picture of a run, pixels.
SIDE = 1280


def command(
    run: Annotated[str | None, typer.Option(help="the run whose output and picture the README shows")] = None,
    comparison: Annotated[
        Path | None, typer.Option(help="the folder of a comparison whose picture the README shows")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="write nothing; exit 1 when they are not up to date")] = False,
) -> None:
    """Write the generated parts of README.md, or check that they are up to date.

    Example: `zoo readme --check`
    """
    text = README.read_text(encoding="utf-8")
    new = put(text, "tasks", tasks_part())
    if check:
        if new != text:
            print("README.md: not up to date; `zoo readme` writes it")
            raise typer.Exit(1)
        return
    if run is not None:
        new = put(new, "run", run_part(Run.find(run)))
    if comparison is not None:
        take_picture(comparison)
    with atomic_write(README) as unfinished:
        unfinished.write_text(new, encoding="utf-8")


def marks(name: str) -> tuple[str, str]:
    """Return the comments around a part; in them are those of pymdownx.snippets, by which a page includes it."""
    return f"<!-- --8<-- [start:{name}] -->\n", f"<!-- --8<-- [end:{name}] -->"


def put(text: str, name: str, new: str) -> str:
    """Return the README with a part written anew."""
    old, (begin, end) = part(text, name), marks(name)
    return text.replace(f"{begin}{old}{end}", f"{begin}{new}{end}")


def part(text: str, name: str) -> str:
    """Return a part of the README."""
    begin, end = marks(name)
    _, found, rest = text.partition(begin)
    inside, ended, _ = rest.partition(end)
    if not found or not ended:
        raise ZooError(f"README.md has no part '{begin.strip()}' … '{end}'")
    return inside


def run_part(run: Run) -> str:
    """Return the output of a run as a block, and copy the picture of its first scene into docs/."""
    scenes = sorted((run.folder / "plots").glob("scene_*.png"))
    if not scenes:
        raise ZooError(f"run {run.folder} has no picture of a scene in plots/")
    with Image.open(scenes[0]) as picture:
        picture.thumbnail((SIDE, SIDE))
        picture.convert("RGB").save(PICTURE, quality=80, optimize=True)
    said = (run.folder / "logs" / "console.txt").read_text(encoding="utf-8")
    return "\n".join(("```text", *(line.rstrip() for line in said.splitlines()), "```\n"))


def outline(said: str) -> list[str]:
    """Return the lines that a run printed without what differs from run to run.

    That is figures, the machine, the folder, from where a file came, the width of columns, and how many epochs there were.
    """
    text = "\n".join(line for line in said.strip().splitlines() if not line.startswith("```"))
    folder = re.search(r"^run +(\S+)", text, re.MULTILINE)
    text = text.replace(folder[1], "RUN") if folder else text
    text = re.sub(r"^hardware .*", "hardware", text, flags=re.MULTILINE)
    text = re.sub(r" from \S+ \(\w+\)$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^(epoch .*?)  val/\S+ \S+", r"\1", text, flags=re.MULTILINE)
    lines = [" ".join(re.sub(r"\d[\d,.]*", "N", line).split()) for line in text.splitlines()]
    return [line for line, _ in groupby(lines)]


def take_picture(comparison: Path) -> None:
    """Copy the picture of a comparison of models into docs/."""
    from tools.experiments.compare_models import PICTURE as DRAWN

    try:
        with Image.open(comparison / DRAWN) as picture:
            picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(SPEED, optimize=True)
    except OSError as error:
        raise ZooError(f"--comparison {comparison} holds no picture {DRAWN} ({error.strerror})") from error


def tasks_part() -> str:
    """Return a row for each task: its models, the data that come with it, and what every measured recipe gave."""
    cards = zoo.cards()
    rows = ["| task | models | data | recipes: what they reach on data never trained on |", "|---|---|---|---|"]
    by_task: dict[str, list[Measurement]] = {}
    for card, found in results_of(cards, compared=False):
        by_task.setdefault(card.task, []).append(found)
    for name, record in tasks.tasks().items():
        models = sum(card.task == name for card in cards.values())
        data = ", ".join(f"`{word}`" for word in data_for(name))
        recipes = groupby(by_task.get(name, []), key=lambda one: one.experiment)
        # of a recipe that took another model since, what the last one gave
        told = ", ".join(f"`{recipe}` {figure(max(group, key=lambda one: one.date))}" for recipe, group in recipes)
        rows.append(f"| [{name}](docs/tasks/{name}.md) | {models}, usually `{record.model}` | {data} | {told} |")
    return "\n".join(rows) + "\n"


def figure(m: Measurement) -> str:
    """Return a result as a metric and its value, with an arrow where less is better."""
    return f"{m.metric.removeprefix('test/')}{'↓' if less_is_better(m.metric) else ''} {m.value:.2f}"
