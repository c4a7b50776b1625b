"""The commands `zoo compare-models` and `zoo select`."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import zoo
from tools.experiments.contest import RESULTS, Contest, Entry, accepted, same, told
from tools.terminal.columns import terminal
from zoo import quantities
from zoo.errors import ZooError
from zoo.files import ensure_dir, make_timestamped
from zoo.files.paths import RUNS
from zoo.registry import tasks
from zoo.runs.run import Run

PICTURE = "speed_accuracy.png"
SAID: Mapping[str, Callable[[Any], str]] = {
    "latency": quantities.duration,
    "size": quantities.size,
    "memory": quantities.size,
}


def compare(
    words: Annotated[list[str], typer.Argument(help="task=…, data=… and settings, as for train.py")],
    models: Annotated[str, typer.Option(help="models, with commas between them; default: all of the task")] = "",
    budget: Annotated[str, typer.Option(help="training time of each, as 10m or 90s")] = "10m",
    seeds: Annotated[int, typer.Option(min=1, help="how many seeds: 0, 1, …")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="folder of the comparison; an unfinished one is gone on with")
    ] = None,
    metric: Annotated[str, typer.Option(help="what they are judged by, as test/map_50/car; default: as the task")] = "",
    write: Annotated[str, typer.Option(help="write what was measured beside the models' cards, under this name")] = "",
) -> None:
    """Train models under the same budget, measure them on this machine, draw speed against accuracy.

    The plain baseline of what is asked (the CRF of words, the seasonal naive) takes part where it reads such data.
    A setting `model.KEY=…` is given to the models that have such an option. Validation and test are outside the budget.

    Example: `zoo compare-models task=detection data=satellite --models kestrel_nano,ssdlite320 --budget 3m`
    """
    settings = settings_of(words)
    task = settings["task"]
    names = [name for name in models.split(",") if name] or every(task)
    for name in names:
        zoo.card(name, task)
    names = [*names, *(name for name in plain_baselines(words) if name not in names)]
    lines = {name: [*accepted(words, name), f"model={name}"] for name in names}
    kept = RUNS / f"compare-{task}-{settings['data']}"
    console = Console(width=terminal() or 160, highlight=False)
    contest = hold(words, lines, quantities.parse_duration("--budget", budget), seeds, out, kept, console)
    if not contest.finished():
        raise ZooError(f"no model could be trained; the reasons are above and in {contest.folder / RESULTS}")
    if metric:
        contest.judge(metric)
    tell(contest, console)
    if write:
        contest.write(write, budget)
    from tools.experiments.picture import draw

    console.print(
        f"picture   {draw(contest, contest.folder / PICTURE)}\nnext      zoo select {contest.folder} --max-latency 50ms"
    )


def hold(
    words: list[str],
    lines: Mapping[str, Sequence[str]],
    budget: float,
    seeds: int,
    out: Path | None,
    kept: Path,
    console: Console,
) -> Contest:
    """Hold a contest of models, or choices, each by its words in `lines`, in the folder `out` or a fresh one in `kept`.

    All words are composed first: a wrong one is refused before anything is made or trained.
    """
    from configuration.composition import compose

    for line in lines.values():
        compose(line)
    contest = begun(words, budget, seeds, out or make_timestamped(kept))
    enter_rest(contest, lines, console)
    return contest


def enter_rest(contest: Contest, lines: Mapping[str, Sequence[str]], console: Console) -> None:
    """Let those of the models, or choices, compete that have not yet, each by its words; say which took no part."""
    done = {entry.model for entry in contest.entries if not entry.failure}
    for name in [name for name in lines if name not in done]:
        console.rule(name)
        entry = contest.enter(name, lines[name])
        if entry.failure:
            console.print(f"{name} took no part: {entry.failure}", markup=False)


def settings_of(words: list[str]) -> dict[str, str]:
    """Return the settings that the words give, by key; a task and data must be among them."""
    settings = dict(word.partition("=")[::2] for word in words)
    missing = [key for key in ("task", "data") if key not in settings]
    if missing:
        raise ZooError(f"{missing[0]}=… is missing, as in: zoo compare-models task=detection data=satellite")
    return settings


def every(task: str) -> list[str]:
    """Return the active models of a task."""
    return [name for name, card in zoo.cards().items() if card.task == task and card.status == "active"]


def plain_baselines(words: Sequence[str]) -> list[str]:
    """Return the plain model that the record of the task names for what is asked, where it reads data of this kind."""
    from configuration.composition import compose
    from tools.data.profiles import profile_of

    cfg = compose([word for word in words if not word.startswith("model.")])
    name = tasks.task(cfg.task.name).for_objective(cfg.task.get("objective")).baseline
    if not name:
        return []
    reads = zoo.card(name).designed_for.dtype
    return [name] if profile_of(cfg).dtype == reads else []


def begun(words: list[str], budget: float, seeds: int, folder: Path) -> Contest:
    """Return a new contest, or the one that the folder holds when it was asked the same."""
    if (folder / RESULTS).exists():
        contest = Contest.load(folder)
        if not same(contest, words, budget, seeds):
            raise ZooError(f"--out {folder} holds a comparison of other words, budget or seeds; choose another folder")
        return contest
    contest = Contest(folder, list(words), budget, seeds)
    ensure_dir(folder)
    contest.save()
    return contest


def tell(contest: Contest, console: Console) -> None:
    """Print the table, the best first; * is on the frontier of latency."""
    table = Table(box=None)
    metric = contest.metric.removeprefix("test/")
    for name in ("model", metric, "range", "latency", "memory", "weights", "parameters", "whole run"):
        table.add_column(name, justify="left" if name == "model" else "right")
    leading = contest.best_by_cost("latency")
    for entry in contest.finished():
        table.add_row(*row(entry, entry in leading))
    console.print(table)
    known = Run(Path(contest.finished()[0].runs[-1])).metrics
    for name in known.get("baselines", ()):  # naive answers to the same samples
        console.print(f"naive     {name.removeprefix('test/')} {known[name]:.3f}", markup=False)


def row(entry: Entry, leading: bool) -> list[str]:
    """Return the cells of a model."""
    low, high = min(entry.values), max(entry.values)
    return [
        f"{'*' if leading else ' '} {entry.model}",
        f"{entry.value:.3f}",
        f"{low:.3f}–{high:.3f}" if len(entry.values) > 1 else "one seed",
        quantities.duration(entry.latency),
        quantities.size(entry.memory),
        quantities.size(entry.size),
        quantities.count(entry.parameters),
        quantities.duration(entry.training),
    ]


def select(
    comparison: Annotated[Path | None, typer.Argument(help="folder of a comparison; default: the newest")] = None,
    max_latency: Annotated[str | None, typer.Option(help="of one sample, as 50ms")] = None,
    max_size: Annotated[str | None, typer.Option(help="of the weights, as 10MB")] = None,
    max_memory: Annotated[
        str | None, typer.Option(help="of the process that answers, torch included, as 800MB")
    ] = None,
    min_value: Annotated[float | None, typer.Option(help="of the metric; with it the fastest model is chosen")] = None,
    json_: Annotated[bool, typer.Option("--json", help="print the choice as JSON")] = False,
) -> None:
    """Choose the best model of a comparison that keeps the limits.

    Example: `zoo select --max-latency 50ms --max-size 10MB`
    """
    contest = Contest.load(comparison or newest())
    limits = {
        "latency": max_latency and quantities.parse_duration("--max-latency", max_latency),
        "size": max_size and quantities.parse_size("--max-size", max_size),
        "memory": max_memory and quantities.parse_size("--max-memory", max_memory),
    }
    entry = chosen(contest, {key: value for key, value in limits.items() if value}, min_value)
    if json_:
        print(json.dumps(told(entry), indent=2))
        return
    console = Console(soft_wrap=True)
    console.print(
        f"{entry.model}: {contest.metric} {entry.value:.3f}, {quantities.duration(entry.latency)} a sample, "
        f"weights {quantities.size(entry.size)}, memory {quantities.size(entry.memory)}"
    )
    console.print(f"of {len(contest.finished())} models compared in {contest.folder}\nrun       {entry.runs[-1]}")


def newest() -> Path:
    """Return the folder of the newest comparison."""
    found = sorted(RUNS.glob(f"compare-*/*/{RESULTS}"), key=lambda path: path.parent.name)
    if not found:
        raise ZooError(f"there is no comparison in {RUNS}; `zoo compare-models task=… data=…` makes one")
    return found[-1].parent


def chosen(contest: Contest, limits: dict[str, float], least: float | None) -> Entry:
    """Return the best entry within the limits or, with a `least` value asked for, the fastest one that reaches it."""
    from zoo.registry.measurements import less_is_better

    within = [e for e in contest.finished() if all(getattr(e, key) <= limit for key, limit in limits.items())]
    if least is not None:
        sign = -1 if less_is_better(contest.metric) else 1
        within = sorted((e for e in within if contest.merit(e) >= sign * least), key=lambda e: e.latency)
    if not within:
        raise ZooError(
            f"no model of {contest.folder} keeps these limits ({least_there(contest, limits, least)});"
            " loosen one, or compare more models"
        )
    return within[0]


def least_there(contest: Contest, limits: dict[str, float], least: float | None) -> str:
    """Say what the models of a comparison do reach, of what was asked for."""
    if not contest.finished():
        return "none was finished"
    parts = [
        f"{key} {SAID[key](limit)}: the least is {SAID[key](min(getattr(e, key) for e in contest.finished()))}"
        for key, limit in limits.items()
    ]
    best = contest.finished()[0]
    return "; ".join([*parts, *([f"--min-value {least}: the best is {best.value:.4g}"] if least is not None else [])])
