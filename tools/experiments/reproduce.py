"""`zoo reproduce RECIPE`: run a recipe again under several seeds, and write what came out where it is stated.

The result goes, sealed, beside the model's card, and in words into the recipe's header. Each seed is a process of its own,
so that one run leaves nothing to the next and its peak of memory is its own.
"""

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import zoo
from tools.train import PROGRAM
from zoo.errors import ZooError, counted, near
from zoo.files import atomic_write, claim_timestamped
from zoo.files.paths import RUNS
from zoo.registry import measurements
from zoo.registry.measurements import Measurement
from zoo.runs.configuration import STARTING, flat
from zoo.runs.run import Run

RECIPES = Path(__file__).parents[2] / "recipes"
#: Lines of a recipe's header: what it is judged by, the recipe that is its plain baseline, the settings of which each is a
#: fold, and those that this tool writes.
METRIC = re.compile(r"^# metric: (\S.*)$", re.MULTILINE)
BASELINE = re.compile(r"^# baseline: (\S+)$", re.MULTILINE)
FOLDS = re.compile(r"^# folds: (.+)$", re.MULTILINE)
WRITTEN = re.compile(r"^# (minutes|expected): .*\n", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    """One seed of a recipe, or a fold of it: its finished run and the wall time of the whole command, seconds."""

    seed: int
    run: Run
    seconds: float


def command(
    recipe: Annotated[str, typer.Argument(help="a recipe: the name of a file in recipes/, without .yaml")],
    seeds: Annotated[int, typer.Option(min=1, help="how many seeds: 0, 1, …")] = 3,
    write: Annotated[bool, typer.Option(help="write the result into the card and the recipe")] = True,
    take: Annotated[list[str] | None, typer.Option(help="a finished run of the recipe, in place of a new one")] = None,
    overrides: Annotated[
        list[str] | None, typer.Argument(help="changes, as for train.py; nothing is written then")
    ] = None,
) -> None:
    """Run a recipe again under several seeds and write the measured block.

    A recipe may name another that is its plain baseline (`# baseline: entities_crf`), whose figure stands beside its own.
    A recipe with folds (`# folds: data.fold=0 data.fold=1`) is run once for each; their mean is what counts for a seed.

    Example: `zoo reproduce satellite_trees --seeds 3`
    """
    path = path_of(recipe)
    results = [taken(recipe, Run.find(name)) for name in take or []]
    results += rerun_all(path, {*range(seeds)} - {result.seed for result in results}, overrides or [])
    metrics = judged_by(path, results[0].run)
    show(results, [*metrics, *dict.fromkeys(results[0].run.metrics.get("baselines", ()))])
    if write and not overrides:
        blocks = [measured(recipe, results, metric) for metric in metrics]
        for block in blocks:
            measurements.write(card_of(results[0].run), block)
        write_header(path, blocks, results)


def path_of(recipe: str) -> Path:
    """Return the file of a recipe."""
    path = RECIPES / f"{recipe}.yaml"
    if not path.exists():
        names = sorted(found.stem for found in RECIPES.glob("*.yaml"))
        raise ZooError(f"no recipe {recipe!r}{near(recipe, names)}; `zoo recipes` lists them")
    return path


def rerun_all(path: Path, seeds: set[int], overrides: Sequence[str]) -> list[Result]:
    """Train the recipe of a file under each of the seeds, and of those each fold."""
    every = folds(path)
    return [rerun(path.stem, seed, [*overrides, *fold]) for seed in sorted(seeds) for fold in every]


def rerun(recipe: str, seed: int, overrides: Sequence[str]) -> Result:
    """Train the recipe under one seed in a process of its own."""
    began = time.perf_counter()
    with claim_timestamped(RUNS / f"reproduce-{recipe}", f"-seed{seed}") as folder:
        words = [*PROGRAM, f"recipes={recipe}", f"seed={seed}", f"run={folder}", *overrides]
        done = subprocess.run([sys.executable, *words], check=False)
    if done.returncode:
        raise ZooError(f"recipe {recipe!r} failed with seed={seed} (exit code {done.returncode}); its message is above")
    return Result(seed, Run(folder), time.perf_counter() - began)


def taken(recipe: str, run: Run) -> Result:
    """Return a finished run as a seed of the recipe; ZooError when it was composed of anything else."""
    from configuration.composition import compose, to_dict

    if FOLDS.search((RECIPES / f"{recipe}.yaml").read_text(encoding="utf-8")):
        raise ZooError(f"--take {run.folder}: recipe {recipe!r} has folds, of which one run is one; run all of it anew")
    seed = run.metrics["seed"]
    wanted = flat(to_dict(compose([f"recipes={recipe}", f"seed={seed}", f"run={run.folder}"])))
    was = flat(run.config)
    # keys that are new say nothing of it, the folder's name bears on nothing, and `auto` was settled by the run
    kept = {key: value for key, value in wanted.items() if key in was and key not in STARTING and value != "auto"}
    other = sorted(key for key, value in kept.items() if was[key] != value)
    if other:
        key = other[0]
        raise ZooError(f"--take {run.folder} is no run of recipe {recipe!r}: {key} was {was[key]} and is {wanted[key]}")
    return Result(seed, run, run.metrics["seconds"])


def judged_by(path: Path, run: Run) -> list[str]:
    """Return the metrics that the recipe's header names (`# metric: test/wer test/cer`), else the task's headline."""
    found = METRIC.search(path.read_text(encoding="utf-8"))
    if not found:
        return [headline(run)]
    for metric in found[1].split():
        if metric not in run.metrics:
            names = [name for name in run.metrics if name.startswith("test/")]
            raise ZooError(
                f"recipe {path.name} is judged by {metric!r}{near(metric, names)}; a run has {', '.join(names)}"
            )
    return found[1].split()


def folds(path: Path) -> list[list[str]]:
    """Return what to change for each fold of a recipe, of those that its header names; nothing, once, where it has none."""
    found = FOLDS.search(path.read_text(encoding="utf-8"))
    return [[setting] for setting in found[1].split()] if found else [[]]


def by_seed(results: Sequence[Result], metric: str) -> list[float]:
    """Return the metric of each seed: the mean of its folds, where it has some."""
    values: dict[int, list[float]] = {}
    for result in results:
        values.setdefault(result.seed, []).append(result.run.metrics[metric])
    return [statistics.fmean(found) for found in values.values()]


def headline(run: Run) -> str:
    """Return the name of the metric that the run's task is judged by, on the test split; of its objective where it has some."""
    return str(run.metrics["headline"])


def card_of(run: Run) -> zoo.Card:
    """Return the card of the model that was trained."""
    return zoo.card(run.config["model"]["name"])


def measured(experiment: str, results: Sequence[Result], metric: str) -> Measurement:
    """Put the runs together: the median of the seeds, and the smallest and the largest of all runs."""
    values = [result.run.metrics[metric] for result in results]
    first = results[0].run
    machine = first.metrics["hardware"]
    return Measurement(
        experiment=experiment,
        data=first.config["data"]["name"],
        metric=metric,
        value=round(statistics.median(by_seed(results, metric)), 4),
        spread=(round(min(values), 4), round(max(values), 4)),
        baselines=(baselines(results, metric) or {}) | plain_baseline(experiment, metric) or None,
        seeds=tuple(dict.fromkeys(result.seed for result in results)),
        hardware=machine["processor"],
        threads=machine["threads"],
        precision=machine["precision"],
        seconds=round(statistics.median(result.seconds for result in results), 1),
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
    )


def baselines(results: Sequence[Result], metric: str) -> dict[str, float] | None:
    """Return the medians of the naive answers that stand beside the headline; None of another metric, or without any."""
    first = results[0].run
    names = first.metrics.get("baselines", ()) if metric == headline(first) else ()
    return {name: round(statistics.median(by_seed(results, name)), 4) for name in names} or None


def plain_baseline(recipe: str, metric: str) -> dict[str, float]:
    """Return what the recipe reached that the header of this one names as its baseline (`# baseline: entities_crf`)."""
    path = RECIPES / f"{recipe}.yaml"  # a comparison has none
    named = BASELINE.search(path.read_text(encoding="utf-8")) if path.exists() else None
    if not named:
        return {}
    path_of(named[1])
    rows = [row for card in zoo.cards().values() for row in measurements.measurements(card)]
    return {row.experiment: row.value for row in rows if (row.experiment, row.metric) == (named[1], metric)}


def write_header(path: Path, blocks: Sequence[Measurement], results: Sequence[Result]) -> None:
    """Write minutes and expected metrics into the header of the recipe, below its command."""
    text = WRITTEN.sub("", path.read_text(encoding="utf-8"))
    block = blocks[0]
    seeds = f"median of {len(block.seeds)} seeds" if len(block.seeds) > 1 else "one seed"
    if len(results) > len(block.seeds):
        seeds = f"mean of {len(results) // len(block.seeds)} folds, {seeds}"
    threads = counted(block.threads, "thread")
    lines = (
        f"# minutes: {block.seconds / 60:.1f} on {threads} of {block.hardware}, {block.precision}\n"
        f"# expected: {', '.join(map(expected, blocks))}, {seeds}, {block.date}\n"
    )
    changed, count = re.subn(r"^(# command: .*\n)", lambda found: found[1] + lines, text, count=1, flags=re.MULTILINE)
    if not count:
        raise ZooError(f"recipe {path} has no header line '# command: …' to write the result below")
    with atomic_write(path) as part:
        part.write_text(changed, encoding="utf-8")


def expected(block: Measurement) -> str:
    """Return a metric with its value and its range."""
    low, high = block.spread or (block.value, block.value)
    return " ".join((f"{block.metric} {block.value:.3f} ({low:.3f} to {high:.3f})", *block.beside))


def show(results: Sequence[Result], metrics: Sequence[str]) -> None:
    """Print a row for each run, and the medians of the seeds."""
    table = Table(box=None)
    for name in ("seed", *metrics, "seconds in all", "samples/s", "peak MB", "run"):
        table.add_column(name, overflow="fold", justify="left" if name == "run" else "right")
    for result in results:
        values = result.run.metrics
        shown = [f"{values[metric]:.4f}" for metric in metrics]
        speed, memory = str(values["samples_per_second"]), str(values["peak_memory_mb"])
        table.add_row(str(result.seed), *shown, f"{result.seconds:.0f}", speed, memory, str(result.run.folder))
    middle = [f"{statistics.median(by_seed(results, metric)):.4f}" for metric in metrics]
    table.add_row("median", *middle, f"{statistics.median(result.seconds for result in results):.0f}")
    Console().print(table)
