"""`zoo bench alarms SITE`: how often zoo monitor alarms over records of a site that were shuffled, so that nothing changed."""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from zoo.errors import ZooError
from zoo.sites.drift.families import watch
from zoo.sites.drift.samples import Sample, sample_of
from zoo.sites.records.table import connect
from zoo.sites.site import Site

#: Records that windows are drawn from at most.
MOST = 5000


def command(
    site: Annotated[Path, typer.Argument(help="a site with records")],
    windows: Annotated[int, typer.Option(min=10, help="how many shuffled windows are watched")] = 1000,
    reference: Annotated[int, typer.Option(min=30, help="records of the reference")] = 200,
    window: Annotated[int, typer.Option(min=30, help="records of a window")] = 100,
    rate: Annotated[float, typer.Option(help="the stated false-alarm rate")] = 0.01,
) -> None:
    """Shuffle records into a reference and a window, again and again, and count alarms: as many as the rate, or fewer.

    Example: `zoo bench alarms street --windows 1000`.
    """
    where = f"id IN (SELECT id FROM records ORDER BY hash(id) LIMIT {MOST})"
    opened = Site(site)
    every = sample_of(connect(site / "records"), opened.settings.timezone, where)
    if len(every) < reference + window:
        raise ZooError(
            f"{site} has {len(every)} records; --reference and --window ask for {reference + window} together"
        )
    alarms = sum(
        alarmed(every, reference, window, rate, seed)
        for seed in track(range(windows), "watching", console=Console(stderr=True))
    )
    share = alarms / windows
    facts = {
        "windows": windows,
        "rate": rate,
        "alarms": alarms,
        "share": share,
        "error": float(np.sqrt(rate * (1 - rate) / windows)),
    }
    print(json.dumps(facts, indent=2))


def alarmed(every: Sample, reference: int, window: int, rate: float, seed: int) -> bool:
    """Tell whether one shuffled window alarms."""
    order = np.random.default_rng((seed, 1)).permutation(len(every))
    first, second = order[:reference], order[reference : reference + window]
    return any(one.alarm for one in watch(every.where(first), every.where(second), rate, seed))
