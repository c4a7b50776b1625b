"""`zoo bench pull`: what `zoo pull` adds to a download by the bare client of the hub: checksum, cache, lock.

Both download the same file from a server on the loopback in a process of its own, take turns, and begin with an empty
cache each time; ours also reads every byte again for its sha256. On a real line, which is slower than a loopback, the
difference is smaller.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from tools.bench.harness import Timing, facts, lay_out, report, take_turns
from zoo.errors import ZooError
from zoo.quantities import parse_size

REPOSITORY, FILE = "bench/pull", "model.safetensors"


def command(
    size: Annotated[str, typer.Option(help="how much is downloaded: 200MB, 1GB")] = "200MB",
    rounds: Annotated[int, typer.Option(min=1, help="how often each takes its turn")] = 5,
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Measure a download by zoo pull, checksum included, against the bare client of the hub.

    Example: `zoo bench pull --size 200MB`
    """
    count = int(parse_size("--size", size))
    timings = measure(count, rounds)
    figures = {"bytes": count, "rounds": rounds, "ways": facts(timings, count / 1e6)}
    report(figures, f"{lay_out(timings, count / 1e6, 'MB')}\nzoo pull reads every byte again for its checksum", json_)


def measure(size: int, rounds: int) -> dict[str, Timing]:
    """Time the bare client and zoo pull, each time into an empty cache."""
    with TemporaryDirectory(prefix="zoo-bench-") as name:
        source, cache = Path(name, "source"), Path(name, "cache")
        with source.open("wb") as file:
            for start in range(0, size, 1 << 20):
                file.write(os.urandom(min(1 << 20, size - start)))

        def empty(number: int) -> None:
            rmtree(cache, ignore_errors=True)
            os.sync()  # what the turn before wrote is not to be written in this one

        with serve(source) as url:
            ways = {"huggingface_hub": partial(by_client, url, cache), "zoo pull": partial(by_zoo, url, cache)}
            return take_turns(ways, rounds, empty)


@contextmanager
def serve(source: Path) -> Iterator[str]:
    """Serve a file in a process of its own; yields the hub's address."""
    command = [sys.executable, "-m", "tools.bench.server", str(source)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as server:
        try:
            if server.stdout is None or not (port := server.stdout.readline().strip()):
                raise ZooError("the server of the benchmark did not start; what it said is above")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


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
