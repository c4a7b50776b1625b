"""`zoo bench promotions`: how often zoo promote promotes challengers that are no better, and misses those that are."""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from tools.production.candidates import annotator_of
from tools.production.promote import frozen_of
from tools.production.trials import trial
from zoo.sites.promotion import Gates, Trial, judge
from zoo.sites.site import Site


def command(
    site: Annotated[Path | None, typer.Option(help="take the answers of its champion to its frozen samples")] = None,
    challengers: Annotated[int, typer.Option(min=10, help="of each kind")] = 200,
    samples: Annotated[int, typer.Option(min=30, help="frozen samples, where no site is named")] = 1000,
    accuracy: Annotated[float, typer.Option(min=0.01, max=0.99, help="of the champion, where no site is named")] = 0.8,
    better: Annotated[float, typer.Option(min=0, max=1, help="how much better the better ones are")] = 0.03,
    other: Annotated[
        float, typer.Option(min=0, max=1, help="share of samples that a challenger answers by itself")
    ] = 0.15,
    seed: Annotated[int, typer.Option(help="of what is drawn")] = 0,
) -> None:
    """Judge challengers of which it is known how good they are; equal ones err as often as the champion on samples like these.

    A challenger answers most samples as the champion does, and the share `--other` anew: right as often as the champion is, or
    so much more often that it is `--better` in all.

    Example: `zoo bench promotions`, or `zoo bench promotions --site street`.
    """
    rng, own = np.random.default_rng(seed), None
    if site is not None:
        opened = Site(site)
        own = trial(opened, opened.current(), frozen_of(opened), annotator_of(opened.settings.task)).scores
    shares = {}
    for name, more in (("equal", 0.0), ("better", better)):
        rounds = track(range(challengers), name, console=Console(stderr=True))
        verdicts = [verdict(rng, own, samples, accuracy, more, other) for _ in rounds]
        shares[name] = {one: verdicts.count(one) / challengers for one in ("PROMOTE", "HOLD", "REJECT")}
    count = samples if own is None else len(own)
    print(json.dumps({"challengers": challengers, "samples": count, "better_by": better, **shares}, indent=2))


def verdict(
    rng: np.random.Generator, own: np.ndarray | None, samples: int, accuracy: float, more: float, other: float
) -> str:
    """Return the verdict on one challenger; champion and samples are drawn anew each time."""
    champion = (
        rng.random(samples) < accuracy if own is None else own[rng.integers(0, len(own), len(own))] > 0.5
    ).astype(float)
    anew = rng.random(len(champion)) < other
    rate = (accuracy if own is None else own.mean()) + more / max(other, 1e-9)
    challenger = np.where(anew, rng.random(len(champion)) < min(1.0, rate), champion).astype(float)
    return judge(Trial(champion, 1.0, 1), Trial(challenger, 1.0, 1), {}, Gates()).verdict
