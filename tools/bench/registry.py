"""`zoo bench cards` and `zoo bench fit`: how long the registry and the fit check take when there is much of everything.

Commands are measured as a user meets them, in a process of their own, from its start to its end; medians of repeats.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.bench.harness import Timing, facts, lay_out, measure, report, take_turns
from zoo.detection.task import TASK
from zoo.registry import front_matter
from zoo.registry.card_roots import ROOT

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
        wall, used = measure(partial(run, ["list"], many))
        ways = {
            "zoo list, our cards, warm": partial(run, ["list"], world),
            f"zoo list, {count} cards more, warm": partial(run, ["list"], many),
            f"zoo show, among {count} cards": partial(run, ["show", f"model_{count - 1:06}"], many),
            f"zoo search, among {count} cards": partial(run, ["search", "small", "objects"], many),
        }
        timings = {f"zoo list, {count} cards more, cold": Timing((wall,), used), **take_turns(ways, repeats)}
    report(facts(timings), lay_out(timings), json_)


def fit(
    annotations: Annotated[int, typer.Option(min=SCENES, help="boxes to profile")] = 100_000,
    repeats: Annotated[int, typer.Option(min=1, help="runs of which the median counts")] = 5,
    json_: Annotated[bool, typer.Option("--json", help="print the numbers as JSON")] = False,
) -> None:
    """Measure the profile of many annotations, and the fit check of every model of a task against it.

    Example: `zoo bench fit --annotations 100000`
    """
    from zoo.fit import check
    from zoo.registry.models import cards

    profile = make_profile(annotations, 5)
    detectors = [card for card in cards().values() if card.task == TASK.name]
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "profile.json"
        profile.save(kept)
        ways: dict[str, Callable[[], object]] = {
            f"profile of {annotations} axis-aligned boxes": partial(make_profile, annotations, 4),
            f"profile of {annotations} rotated boxes": partial(make_profile, annotations, 5),
            f"fit checks of {len(detectors)} detectors": lambda: [
                check(card, profile, {"data": {"tile": 640}}) for card in detectors
            ],
            "zoo fit, ranking all models": partial(run, ["fit", "--profile", str(kept)], os.environ),
        }
        timings = take_turns(ways, repeats)
    report(facts(timings), lay_out(timings), json_)


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


def run(words: list[str], environment: Mapping[str, str]) -> None:
    """Run a command of `zoo` in a process of its own."""
    command = [sys.executable, "-m", "tools.cli", *words]
    subprocess.run(command, env=dict(environment), cwd=ROOT.parent, check=True, stdout=subprocess.DEVNULL)


def make_profile(annotations: int, columns: int) -> Any:
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
