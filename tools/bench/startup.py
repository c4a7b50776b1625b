"""`zoo bench startup`: how soon commands answer, and the first training step is done, in processes of their own."""

import json
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from tools.bench.first_step import PHASES
from tools.bench.harness import Way, facts, lay_out, report, take_turns
from tools.terminal.columns import table
from tools.terminal.process import said_by
from zoo.quantities import duration

#: Whole processes by name, beside the least that any command line of typer costs.
COMMANDS: Mapping[str, Sequence[str]] = {
    "import typer, rich": ("-c", "import typer, rich"),
    "zoo list": ("-m", "tools.cli", "list"),
    "zoo train --help": ("-m", "tools.cli", "train", "--help"),
    "import torch": ("-c", "import torch"),
    "zoo predict --help": ("-m", "tools.cli", "predict", "--help"),
}


def command(
    words: Annotated[
        list[str] | None, typer.Argument(help="the run, as for train.py; default: the default detector")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="how often each is started")] = 5,
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Measure how long commands take to answer, and a training until its first step is done, by what it does meanwhile.

    What is downloaded once is there before anything counts.

    Example: `zoo bench startup task=detection data=satellite`
    """
    timings = take_turns({name: as_process(argv) for name, argv in COMMANDS.items()}, rounds)
    phases = until_first_step(words or ["task=detection", "data=satellite"], rounds)
    heads = ("until the first training step", "median", "processor")
    rows = [[name, duration(one["median"]), duration(one["processor"])] for name, one in phases.items()]
    text = f"{lay_out(timings)}\n\n{table(heads, rows, right=heads[1:])}"
    report({"commands": facts(timings), "first_step": phases}, text, json_)


def as_process(words: Sequence[str]) -> Way:
    """Return what calls Python with these words, in a process of its own, and waits for it."""
    return lambda: said_by(words)


def until_first_step(words: Sequence[str], rounds: int) -> dict[str, dict[str, float]]:
    """Return what `median_phases` does of a training that is begun so often; a round before warms up."""
    found = []
    with TemporaryDirectory(prefix="zoo-bench-") as folder:
        for number in range(1 + rounds):
            run = [*words, f"run={Path(folder) / str(number)}"]
            said = said_by(["-m", "tools.bench.first_step", str(time.time()), *run])
            found.append(json.loads(said.splitlines()[-1]))
    return median_phases(found[1:])


def median_phases(found: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, dict[str, float]]:
    """Return the median seconds of each phase, and of `all` of a round: on the clock, and of the processor."""
    sums = [{**one, "all": [sum(seconds) for seconds in zip(*one.values(), strict=True)]} for one in found]
    return {
        name: {
            clock: statistics.median(one[name][i] for one in sums) for i, clock in enumerate(("median", "processor"))
        }
        for name in (*PHASES, "all")
    }
