"""`zoo bench cards` and `zoo bench fit`: how long the registry and the fit check take when there is much of everything.

Commands are measured as a user meets them, in a process of their own, from its start to its end; medians of repeats.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from tools.terminal.columns import table
from zoo.detection.task import TASK
from zoo.registry import front_matter
from zoo.registry.card_roots import ROOT


class Timed(NamedTuple):
    """Seconds on the clock, and seconds of processor time, which other work on the machine stretches less."""

    wall: float
    cpu: float


PATTERN = ROOT / "detection" / "ssd300.md"
SCENES, SIDE, CLASSES = 100, 4000, 15


def cards(
    count: Annotated[int, typer.Option(min=1, help="cards to make, in a folder that is removed again")] = 10_000,
    repeats: Annotated[int, typer.Option(min=1, help="warm runs of which the median counts")] = 5,
    json_: Annotated[bool, typer.Option("--json", help="print the numbers as JSON")] = False,
) -> None:
    """Measure `zoo list` over a folder of many cards: cold, with every card parsed, and warm, from the index.

    Example: `zoo bench cards --count 10000`
    """
    with tempfile.TemporaryDirectory() as made:
        folder, world = Path(made) / "cards", {**os.environ, "ZOO_CACHE": str(Path(made) / "cache")}
        world.pop("ZOO_PATH", None)
        fill(folder, count)
        many = {**world, "ZOO_PATH": str(folder)}
        run(["list"], world)  # Python writes its bytecode
        found = {
            "zoo list, our cards, warm": median(["list"], world, repeats),
            f"zoo list, {count} cards more, cold": run(["list"], many),
            f"zoo list, {count} cards more, warm": median(["list"], many, repeats),
            f"zoo show, among {count} cards": median(["show", f"model_{count - 1:06}"], many, repeats),
            f"zoo search, among {count} cards": median(["search", "small", "objects"], many, repeats),
        }
    tell(found, json_)


def fit(
    annotations: Annotated[int, typer.Option(min=SCENES, help="boxes to profile")] = 100_000,
    repeats: Annotated[int, typer.Option(min=1, help="runs of which the median counts")] = 5,
    json_: Annotated[bool, typer.Option("--json", help="print the numbers as JSON")] = False,
) -> None:
    """Measure the profile of many annotations, and the fit check of every model of a task against it.

    Example: `zoo bench fit --annotations 100000`
    """
    from zoo.fit import check
    from zoo.profile import Profile
    from zoo.registry.models import cards

    found: dict[str, Timed | float] = {}
    for columns, kind in ((4, "axis-aligned"), (5, "rotated")):
        timed = [clocked(lambda columns=columns: measured(annotations, columns)) for _ in range(repeats)]  # type: ignore[misc]
        found[f"profile of {annotations} {kind} boxes"] = typical = median_of(timed)
        found[f"{kind} annotations"] = annotations / typical.wall
    profile = measured(annotations, 5)
    detectors = [card for card in cards().values() if card.task == TASK.name]
    times = [clocked(lambda card=card: check(card, profile, {"data": {"tile": 640}})) for card in detectors]  # type: ignore[misc]
    found["one fit check"] = median_of(times)
    with tempfile.TemporaryDirectory() as made:
        kept = Path(made) / "profile.json"
        profile.save(kept)
        assert Profile.load(kept) == profile
        found["zoo fit, ranking all models"] = median(["fit", "--profile", str(kept)], os.environ, repeats)
    tell(found, json_)


def fill(folder: Path, count: int) -> None:
    """Write `count` cards into `folder`, all different in name and size."""
    folder.mkdir()
    text = PATTERN.read_text(encoding="utf-8")
    for key, value in (("name", " NAME"), ("parameters", " COUNT")):
        text = front_matter.replace(text, key, value, PATTERN)
    for i in range(count):
        name = f"model_{i:06}"
        changed = text.replace("NAME", name, 1).replace("COUNT", str(1000 + i), 1)
        (folder / f"{name}.md").write_text(changed, encoding="utf-8")


def run(words: list[str], world: Mapping[str, str]) -> Timed:
    """Run a command of `zoo` in a process of its own and time it."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "tools.cli", *words],
        env=dict(world),
        cwd=ROOT.parent,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Timed(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def median(words: list[str], world: Mapping[str, str], repeats: int) -> Timed:
    """Return the median times of several runs, after one that is not counted."""
    run(words, world)
    return median_of([run(words, world) for _ in range(repeats)])


def median_of(runs: Sequence[Timed]) -> Timed:
    """Return the medians of wall and processor time."""
    return Timed(*(statistics.median(times) for times in zip(*runs, strict=True)))


def clocked(work: Callable[[], object]) -> Timed:
    """Time a call in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Timed(time.perf_counter() - wall, time.process_time() - cpu)


def measured(annotations: int, columns: int) -> Any:
    """Profile random boxes, spread over scenes as densely as in aerial images of vehicles."""
    import numpy as np

    from zoo.profile import Profile, detection_profile

    rng = np.random.default_rng(0)
    corner, size = rng.uniform(0, SIDE, (annotations, 2)), rng.uniform(8, 80, (annotations, 2))
    turned = rng.uniform(-90, 90, (annotations, 1))
    boxes = np.concatenate([corner, corner + size] if columns == 4 else [corner, size, turned], axis=1)
    labels, images = rng.integers(0, CLASSES, annotations), rng.integers(0, SCENES, annotations)
    sizes = np.full((SCENES, 2), SIDE)
    facts = detection_profile(boxes, labels, images, sizes, [f"class {i}" for i in range(CLASSES)], 640)
    scenes = ((SIDE, SIDE),)
    return Profile(data="random", task=TASK.name, samples=SCENES, scenes=scenes, tile=640, **facts)


def tell(found: Mapping[str, Timed | float], as_json: bool) -> None:
    """Print the numbers: of a time wall and processor seconds, of a speed what it is."""
    if as_json:
        print(json.dumps({name: v._asdict() if isinstance(v, Timed) else v for name, v in found.items()}, indent=2))
        return
    rows = [
        (name, f"{v.wall:.3f} s", f"{v.cpu:.3f} s") if isinstance(v, Timed) else (name, f"{v:,.0f} a second", "")
        for name, v in found.items()
    ]
    print(table(("what", "wall", "processor"), rows, right=("wall", "processor")))
