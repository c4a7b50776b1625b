"""`zoo ablate`: what each choice is worth, when all else stays the same; the rows of a table such as SSD's own.

Liu et al. 2016 (https://arxiv.org/abs/1512.02325), table 2, is the pattern: augmentation, shapes of default boxes, and so on.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tools.experiments.compare_models import hold, settings_of
from tools.experiments.contest import Contest, Entry
from tools.terminal.columns import terminal
from zoo import quantities
from zoo.errors import ZooError
from zoo.files.paths import RUNS

PICTURE = "ablation.png"
#: Letters of a line of its title.
NARROW = 100


def command(
    words: Annotated[list[str], typer.Argument(help="task=…, data=… and settings, as for train.py")],
    over: Annotated[list[str], typer.Option(help="a key and its values, as augment=none,light; may be given again")],
    seeds: Annotated[int, typer.Option(min=1, help="how many seeds: 0, 1, …")] = 3,
    budget: Annotated[
        str, typer.Option(help="training time of each, as 3m; default: the epochs that the words say")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="folder of the table; an unfinished one is gone on with")] = None,
    metric: Annotated[str, typer.Option(help="what they are judged by, as test/map_50/car; default: as the task")] = "",
) -> None:
    """Train once for each value of a key, with all else the same, and draw what each value is worth.

    Example: `zoo ablate task=detection data=satellite model=ssd300 --over augment=none,light,standard,satellite`
    """
    choices = [choice for text in over for choice in choices_of(text)]
    settings = settings_of(words)
    kept = RUNS / f"ablate-{settings['task']}-{settings['data']}"
    seconds = quantities.parse_duration("--budget", budget) if budget else 0.0
    lines = {choice: [*words, choice] for choice in choices}
    console = Console(width=terminal() or 160, highlight=False)
    contest = hold(words, lines, seconds, seeds, out, kept, console)
    if metric and contest.finished():
        contest.judge(metric)
    tell(contest, choices, console)
    if contest.finished():
        console.print(f"picture   {draw(contest, choices, contest.folder / PICTURE)}", soft_wrap=True)
    if any(entry.failure for entry in contest.entries):
        raise ZooError(f"some choices could not be trained; the reasons are above and in {contest.folder}")


def choices_of(text: str) -> list[str]:
    """Return `key=value` for each value of `key=value,value`; commas inside brackets belong to a value."""
    key, equals, values = text.partition("=")
    parts, depth = [""], 0
    for letter in values:
        depth += (letter in "[{(") - (letter in ")}]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    if not key or not equals or not all(parts) or depth:
        raise ZooError(f"--over {text!r} is not a key with its values, as in --over augment=none,light,standard")
    return [f"{key}={part}" for part in parts]


def ordered(contest: Contest, choices: Sequence[str]) -> list[Entry]:
    """Return the finished entries in the order of the choices."""
    return sorted((e for e in contest.finished() if e.model in choices), key=lambda e: choices.index(e.model))


def tell(contest: Contest, choices: Sequence[str], console: Console) -> None:
    """Print a row a choice: the median of the seeds, their range, and the difference from the first choice of its key."""
    table = Table(box=None)
    for name in ("choice", contest.metric.removeprefix("test/"), "range", "against the first", "training"):
        table.add_column(name, justify="left" if name == "choice" else "right")
    first: dict[str, Entry] = {}
    for entry in ordered(contest, choices):
        base = first.setdefault(entry.model.partition("=")[0], entry)
        spread = f"{min(entry.values):.3f}–{max(entry.values):.3f}" if len(entry.values) > 1 else "one seed"
        against = "" if base is entry else f"{entry.value - base.value:+.3f}"
        table.add_row(entry.model, f"{entry.value:.3f}", spread, against, quantities.duration(entry.training))
    console.print(table)


def draw(contest: Contest, choices: Sequence[str], path: Path) -> Path:
    """Draw a bar a choice, as long as its median, with a point for each seed."""
    from matplotlib.figure import Figure

    from tasks.plots import LINES, save
    from tools.experiments.picture import title

    entries = ordered(contest, choices)
    keys = list(dict.fromkeys(entry.model.partition("=")[0] for entry in entries))
    figure = Figure(figsize=(8, 1.4 + 0.4 * len(entries)), layout="constrained")
    axes = figure.subplots()
    for row, entry in enumerate(entries):
        axes.barh(row, entry.value, color=LINES[keys.index(entry.model.partition("=")[0]) % len(LINES)], alpha=0.6)
        axes.plot(entry.values, [row] * len(entry.values), "k.", markersize=5)
        axes.text(0, row, f"  {entry.value:.3f}", va="center", fontsize=8)
    axes.set_yticks(range(len(entries)), [entry.model for entry in entries], fontsize=8)
    axes.invert_yaxis()
    axes.set(xlabel=contest.metric.removeprefix("test/"))
    axes.margins(x=0.12)
    axes.set_xlim(left=0)
    figure.suptitle(title(contest, NARROW), fontsize=9)
    return save(figure, path)
