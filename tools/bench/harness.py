"""The harness of the benchmarks: ways to do a job take turns, and their times are told with the machine and the versions.

Taking turns lets a slow moment of the machine meet all ways; the order changes from round to round, so that none of them
always comes after the one that heats the processor or fills the disk's cache.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import Progress

from tools.terminal.columns import table
from zoo import hardware
from zoo.quantities import duration

#: Packages whose version decides how fast something is.
PACKAGES = ("task-zoo", "torch", "torchvision", "numpy", "huggingface-hub", "rasterio", "shapely")
#: Turns that are not counted, in which kernels are compiled and caches filled.
WARMING = 1
Way = Callable[[], object]
K = TypeVar("K")


@dataclass(frozen=True)
class Timing:
    """What one way took: seconds on the clock, a number a turn, and the median of its processor seconds.

    `processors` are these seconds turn by turn.
    """

    seconds: tuple[float, ...]
    processor: float
    processors: tuple[float, ...] = ()

    @property
    def median(self) -> float:
        """The median of the turns, seconds."""
        return statistics.median(self.seconds)


@contextmanager
def one_thread() -> Iterator[None]:
    """Give torch one thread of math, and what it had afterwards."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def take_turns(
    ways: Mapping[K, Way], rounds: int, prepare: Callable[[int], object] | None = None, repeats: int = 1
) -> dict[K, Timing]:
    """Let the ways take turns; a turn is warmed up by one call that is not counted, where it has `repeats`.

    `prepare` is called with the number of the round before each turn, outside the time; the round 0 warms up.
    """
    clock: dict[K, list[float]] = {name: [] for name in ways}
    processor: dict[K, list[float]] = {name: [] for name in ways}
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        for number in bar.track(range(WARMING + rounds), description="measuring"):
            for name in list(ways)[:: 1 if number % 2 else -1]:
                if prepare:
                    prepare(number)
                if repeats > 1:
                    ways[name]()
                for _ in range(repeats):
                    wall, used = measure(ways[name])
                    if number >= WARMING:
                        clock[name].append(wall)
                        processor[name].append(used)
    return {
        name: Timing(tuple(clock[name]), statistics.median(processor[name]), tuple(processor[name])) for name in ways
    }


def measure(way: Way) -> tuple[float, float]:
    """Return the seconds of a call on the clock, and of the processor in this process and those that it waited for."""
    before, began = _processor_seconds(), time.perf_counter()
    way()
    wall = time.perf_counter() - began
    return wall, _processor_seconds() - before


def _processor_seconds() -> float:
    children = os.times()
    return time.process_time() + children.children_user + children.children_system


def facts(timings: Mapping[str, Timing], amount: float = 1.0) -> dict[str, dict[str, float]]:
    """Return of each way the median, fastest and slowest turn, its processor seconds, how much of an `amount` of work it does
    a second, and its speed as a multiple of the first way's."""
    first = next(iter(timings.values())).median
    return {
        name: {
            "median": one.median,
            "fastest": min(one.seconds),
            "slowest": max(one.seconds),
            "processor": one.processor,
            "a_second": amount / one.median,
            "speed": first / one.median,
        }
        for name, one in timings.items()
    }


def lay_out(timings: Mapping[str, Timing], amount: float = 1.0, unit: str = "") -> str:
    """Return the figures of `facts` as a table; the `unit` is what the amount of work is counted in."""
    heads = ["way", "median", "fastest", "slowest", "processor", f"{unit} a second", "speed"]
    rows = [
        [name, *(duration(one[head]) for head in heads[1:5]), f"{one['a_second']:.4g}", f"{one['speed']:.2f}×"]
        for name, one in facts(timings, amount).items()
    ]
    left = [i for i in range(len(heads)) if unit or i != 5]
    return table([heads[i] for i in left], [[row[i] for i in left] for row in rows], right=heads[1:])


def machine() -> dict[str, Any]:
    """Return what figures depend on: the processor, the threads of torch where it is loaded, the versions."""
    threads = sys.modules["torch"].get_num_threads() if "torch" in sys.modules else hardware.cores()
    return {"processor": hardware.processor(), "threads": threads, "versions": versions()}


def report(figures: Mapping[str, Any], text: str, as_json: bool) -> None:
    """Print the figures as JSON with the machine, or as the `text` for people and a line about the machine."""
    on = machine()
    if as_json:
        print(json.dumps({"machine": on, **figures}, indent=2, ensure_ascii=False))
        return
    versions = ", ".join(f"{name} {number}" for name, number in on["versions"].items())
    print(f"{text}\n\non {on['processor']}, threads {on['threads']}; {versions}")


def versions() -> dict[str, str]:
    """Return the versions of the packages that are installed; an extra that is not decides nothing."""
    found = {}
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found
