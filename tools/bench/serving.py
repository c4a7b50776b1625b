"""`zoo bench serve SITE`: what serving costs beside the bare predictor, and how overload is answered, on this machine."""

import contextlib
import http.client
import json
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from zoo.errors import ZooError
from zoo.inference.load import predictor_of
from zoo.inference.opened import of_run
from zoo.sites.site import Site

#: Clients at once that are more than any server of one model can take.
CROWD = 32


def command(
    site: Annotated[Path, typer.Argument(help="a site; what is asked is recorded in it")],
    source: Annotated[Path, typer.Argument(help="a file that its model reads")],
    requests: Annotated[int, typer.Option(min=10, help="how many are asked one after the other")] = 200,
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Measure the milliseconds of an answer, bare and served with its record, and how long a refusal takes under overload.

    Example: `zoo bench serve street new.jpg`.
    """
    if not source.is_file():
        raise ZooError(f"there is no file {source}")
    bare = measured_bare(Site(site), source, requests)
    with serving(site) as port:
        served = [ask(port, source)[1] for _ in range(requests)]
        accepted, refused = overload(port, source)
        after = [ask(port, source)[0] for _ in range(5)]
    facts = {
        "requests": requests,
        "bare_p50_ms": round(statistics.median(bare), 3),
        "served_p50_ms": round(statistics.median(served), 3),
        "added_p50_ms": round(statistics.median(served) - statistics.median(bare), 3),
        "throughput_lost": round(1 - sum(bare) / sum(served), 4),
        "overload_answered": len(accepted),
        "overload_refused_429": len(refused),
        "refusal_p95_ms": round(sorted(refused)[int(0.95 * len(refused))], 3) if refused else None,
        "recovered": after == [200] * 5,
    }
    print(json.dumps(facts, indent=2) if json_ else "\n".join(f"{key:22} {value}" for key, value in facts.items()))


def measured_bare(site: Site, source: Path, count: int) -> list[float]:
    """Return the milliseconds of answers by the predictor alone."""
    predictor = predictor_of(of_run(site.versions.run(site.current())))
    for _ in range(3):
        list(predictor.each([source]))
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        list(predictor.each([source]))
        taken.append(1000 * (time.perf_counter() - began))
    return taken


@contextlib.contextmanager
def serving(site: Path) -> Iterator[int]:
    """Serve a site in a process of its own and give its port."""
    words = [sys.executable, "-m", "tools.cli", "serve", str(site), "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            found = re.search(r":(\d+)/", line)
            if not found:
                raise ZooError(f"{site} is not served; `zoo serve {site}` says why")
            yield int(found[1])
        finally:
            process.terminate()


def ask(port: int, source: Path) -> tuple[int, float]:
    """Ask once; return status and milliseconds."""
    began = time.perf_counter()
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
        connection.request("POST", f"/predict?name=input{source.suffix}", source.read_bytes())
        reply = connection.getresponse()
        reply.read()
    return reply.status, 1000 * (time.perf_counter() - began)


def overload(port: int, source: Path) -> tuple[list[float], list[float]]:
    """Ask from a crowd at once; return the milliseconds of those that were answered, and of those refused with 429."""
    found: list[tuple[int, float]] = []
    threads = [threading.Thread(target=lambda: found.append(ask(port, source))) for _ in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    strange = {status for status, _ in found} - {200, 429}
    if strange or len(found) != CROWD:
        raise ZooError(
            f"under overload {CROWD - len(found)} requests got no answer, others the statuses {sorted(strange)}"
        )
    return [taken for status, taken in found if status == 200], [taken for status, taken in found if status == 429]
