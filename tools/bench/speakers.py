"""`zoo bench speakers`: a run on recordings for every choice of speakers to hold out; the median, and the worst."""

import itertools
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tools.experiments.reproduce import headline
from tools.train import PROGRAM
from zoo.errors import ZooError
from zoo.files import claim_timestamped
from zoo.files.paths import RUNS
from zoo.runs.run import Run


def command(
    overrides: Annotated[list[str] | None, typer.Argument(help="the run, as for train.py")] = None,
    held_out: Annotated[int, typer.Option(min=1, help="how many speakers are held out at a time")] = 2,
    choices: Annotated[int | None, typer.Option(min=1, help="so many choices, evenly among all; default: all")] = None,
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Train and test once for each choice of held-out speakers, each in a process of its own.

    Example: `zoo bench speakers task=sequence data=speech`, or a few of the pairs with `--choices 5`
    """
    words = overrides or ["task=sequence", "data=speech"]
    every = list(itertools.combinations(speakers(words), held_out))
    chosen = every if choices is None else [every[i * len(every) // choices] for i in range(min(choices, len(every)))]
    report(chosen, [rerun(words, group) for group in chosen], json_)


def speakers(words: Sequence[str]) -> list[str]:
    """Return the speakers of the data that a run is on."""
    from configuration.composition import compose
    from configuration.instantiation import data_of

    cfg = compose(words)
    if "test_speakers" not in cfg.data:
        raise ZooError(f"data={cfg.data.name} knows no speakers; zoo bench speakers is for data=speech and its like")
    data: Any = data_of(cfg)
    data.prepare_data()
    return sorted({recording.speaker for rows in data.read_split().parts.values() for recording in rows})


def rerun(words: Sequence[str], group: Sequence[str]) -> Run:
    """Train with these speakers held out."""
    with claim_timestamped(RUNS / "speakers", f"-{'-'.join(group)}") as folder:
        line = [*PROGRAM, *words, f"data.test_speakers=[{','.join(group)}]", f"run={folder}"]
        done = subprocess.run([sys.executable, *line], check=False)
    if done.returncode:
        raise ZooError(f"the run without {' and '.join(group)} failed (exit code {done.returncode}); see above")
    return Run(folder)


def report(chosen: Sequence[Sequence[str]], runs: Sequence[Run], json_: bool) -> None:
    """Print a row for each choice, the median and the worst."""
    metric = headline(runs[0])
    values = [float(run.metrics[metric]) for run in runs]
    seconds = [float(run.metrics["seconds"]) for run in runs]
    low = metric.endswith(("wer", "cer"))
    worst = values.index(max(values) if low else min(values))
    if json_:
        rows = [
            {"held_out": list(g), "value": v, "seconds": s} for g, v, s in zip(chosen, values, seconds, strict=True)
        ]
        facts = {"metric": metric, "median": statistics.median(values), "worst": values[worst], "runs": rows}
        print(json.dumps(facts, indent=2))
        return
    table = Table(box=None)
    for name in ("held out", metric, "seconds"):
        table.add_column(name, justify="left" if name == "held out" else "right")
    for group, value, took in zip(chosen, values, seconds, strict=True):
        table.add_row(", ".join(group), f"{value:.4f}", f"{took:.0f}")
    table.add_row("median", f"{statistics.median(values):.4f}", f"{statistics.median(seconds):.0f}")
    table.add_row(f"worst: {', '.join(chosen[worst])}", f"{values[worst]:.4f}", "")
    Console().print(table)
