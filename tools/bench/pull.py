"""`zoo bench pull`: what `zoo pull` adds to a download by the bare client of the hub: checksum, cache, lock.

Both download the same file from a server on the loopback in a process of its own, take turns, and begin with an empty
cache each time; ours also reads every byte again for its sha256. On a real line, which is slower than a loopback, the
difference is smaller.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from tools.terminal.columns import table
from zoo.errors import ZooError

UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9}
REPOSITORY, FILE = "bench/pull", "model.safetensors"


def command(
    size: Annotated[str, typer.Option(help="how much is downloaded: 200MB, 1GB")] = "200MB",
    rounds: Annotated[int, typer.Option(min=1, help="how often each takes its turn")] = 5,
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Measure a download by zoo pull, checksum included, against the bare client of the hub.

    Example: `zoo bench pull --size 200MB`
    """
    count = bytes_of(size)
    bare, ours = measure(count, rounds)
    rates = [count / statistics.median(seconds) / 1e6 for seconds in (bare, ours)]
    if json_:
        figures = {"bare_mb_per_s": rates[0], "zoo_mb_per_s": rates[1], "ratio": rates[1] / rates[0]}
        print(json.dumps({"bytes": count, "rounds": rounds, **figures}, indent=2))
        return
    named = zip(("huggingface_hub", "zoo pull"), (bare, ours), rates, strict=True)
    rows = [
        (name, f"{statistics.median(s):.3f}", f"{min(s):.3f}", f"{max(s):.3f}", f"{rate:.0f}")
        for name, s, rate in named
    ]
    heads = ("way", "median s", "fastest", "slowest", "MB/s")
    print(table(heads, rows, right=heads[1:]))
    print(f"zoo pull reaches {rates[1] / rates[0]:.2f} of the bare client's speed, with the checksum")


def bytes_of(text: str) -> int:
    """Return 200MB in bytes."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(kB|MB|GB)", text)
    if not found or float(found[1]) == 0:
        raise ZooError(f"--size {text!r} must be a number with kB, MB or GB, as 200MB")
    return int(float(found[1]) * UNITS[found[2]])


def measure(size: int, rounds: int) -> tuple[list[float], list[float]]:
    """Return the seconds of each round, of the bare client and of zoo pull; the first round warms up and is left out."""
    bare, ours = [], []
    with TemporaryDirectory(prefix="zoo-bench-") as name:
        folder = Path(name)
        source = folder / "source"
        with source.open("wb") as file:
            for start in range(0, size, 1 << 20):
                file.write(os.urandom(min(1 << 20, size - start)))
        with served(source) as url:
            for turn in range(rounds + 1):
                seconds = [timed(way, url, folder / f"{way.__name__}{turn}") for way in (by_client, by_zoo)]
                if turn:
                    bare.append(seconds[0])
                    ours.append(seconds[1])
    return bare, ours


@contextmanager
def served(source: Path) -> Iterator[str]:
    """Serve a file in a process of its own; yields the hub's address."""
    command = [sys.executable, "-m", "tools.bench.server", str(source)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as server:
        try:
            if server.stdout is None or not (port := server.stdout.readline().strip()):
                raise ZooError("the server of the benchmark did not start; what it said is above")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def timed(way: Callable[[str, Path], None], url: str, folder: Path) -> float:
    """Return the seconds of a download into an empty folder, which is removed afterwards."""
    from shutil import rmtree

    os.sync()  # what the turn before wrote is not to be written in this one
    began = time.perf_counter()
    way(url, folder)
    seconds = time.perf_counter() - began
    rmtree(folder)
    return seconds


def by_client(url: str, folder: Path) -> None:
    """Download with huggingface_hub alone."""
    from huggingface_hub import hf_hub_download

    hf_hub_download(REPOSITORY, FILE, endpoint=url, cache_dir=folder, token=False)


def by_zoo(url: str, folder: Path) -> None:
    """Download as `zoo pull` does."""
    from zoo.sources import fetch

    before = os.environ.get("HF_ENDPOINT")
    os.environ["HF_ENDPOINT"] = url
    try:
        fetch([f"hf://{REPOSITORY}@main/{FILE}"], cache=folder, report=lambda line: None)
    finally:
        os.environ.pop("HF_ENDPOINT")
        if before is not None:
            os.environ["HF_ENDPOINT"] = before
