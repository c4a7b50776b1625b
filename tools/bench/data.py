"""`zoo bench data`: whether training waits for its batches: reading, cropping and augmenting beside the network's steps."""

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice, repeat
from typing import Annotated, Any

import typer

from tools.bench.harness import Timing, take_turns
from tools.experiments.budget import Ready, ready
from tools.terminal.columns import table, terminal
from zoo import quantities
from zoo.errors import ZooError

#: Ways by name: training as it is, the same steps on batches that are there already, batches without a network.
IN_USE, NETWORK, BATCHES = "training in use", "network alone", "batches alone"


def command(
    words: Annotated[list[str], typer.Argument(help="task=…, data=… and settings, as for train.py")],
    steps: Annotated[int, typer.Option(min=2, help="training steps of a turn")] = 12,
    rounds: Annotated[int, typer.Option(min=1, help="turns of each way")] = 5,
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Measure training in use, the network alone on batches in memory, and the batches alone; in turns.

    The share of a step in which the network waits is what is left of the first when the second is taken off. Nothing is kept
    of what the steps learn.

    Example: `zoo bench data task=detection data=satellite`
    """
    run = ready(words)
    if run is None:
        raise ZooError(f"{' '.join(words)} is solved for at once: it takes no training steps")
    figures = measure(run, steps, rounds)
    if json_:
        print(json.dumps(figures, indent=2))
        return
    rows = [
        [name, f"{figures[name]:.3g}", quantities.duration(1 / figures[name])] for name in (IN_USE, NETWORK, BATCHES)
    ]
    print(table(("", "samples/s", "a sample takes"), rows, ("samples/s",), terminal()))
    print(f"the network waits {figures['waits']:.0%} of a step")


def measure(run: Ready, steps: int, rounds: int) -> dict[str, Any]:
    """Return samples a second of each way, the medians of all turns, and the share of a step in which the network waits."""
    from tasks.budget import train_step

    flowing = chain.from_iterable(repeat(run.loader))
    held = list(islice(flowing, steps))
    run.task.train()

    def train(batches: Iterator[Any] | Sequence[Any]) -> None:
        for batch in batches:
            train_step(run.task, run.optimizer, batch, run.precision)

    ways = {
        IN_USE: lambda: train(islice(flowing, steps)),
        NETWORK: lambda: train(held),
        BATCHES: lambda: sum(1 for _ in islice(flowing, steps)),
    }
    timings = take_turns(ways, rounds)
    samples = sum(len(batch["names"]) for batch in held)
    rates = {name: samples / timing.median for name, timing in timings.items()}
    return {**rates, "waits": waits(timings)}


def waits(timings: Mapping[str, Timing]) -> float:
    """Return the median share of a step that the network does not take, by turns."""
    pairs = zip(timings[IN_USE].seconds, timings[NETWORK].seconds, strict=True)
    return max(0.0, statistics.median(1 - alone / used for used, alone in pairs))
