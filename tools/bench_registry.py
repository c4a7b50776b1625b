"""`zoo bench cards` and `zoo bench fit`: how long the registry and the fit check take when there is much of everything.

Commands are measured as a user meets them, in a process of their own, from its start to its end; medians of repeats.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.columns import table
from zoo import head
from zoo.shelves import ROOT

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
        seconds(["list"], world)  # Python writes its bytecode
        found = {
            "zoo list, our cards, warm": median(["list"], world, repeats),
            f"zoo list, {count} cards more, cold": seconds(["list"], many),
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
    from zoo.registry import cards

    found: dict[str, float] = {}
    for columns, kind in ((4, "axis-aligned"), (5, "rotated")):
        timed = []
        for _ in range(repeats):
            began = time.perf_counter()
            profile = measured(annotations, columns)
            timed.append(time.perf_counter() - began)
        found[f"profile of {annotations} {kind} boxes"] = statistics.median(timed)
        found[f"{kind} annotations a second"] = annotations / statistics.median(timed)
    detectors = [card for card in cards().values() if card.task == "detection"]
    began = time.perf_counter()
    for card in detectors:
        check(card, profile, {"data": {"tile": 640, "overlap": 96}})
    found["one fit check"] = (time.perf_counter() - began) / len(detectors)
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
    for key, value in (("measured", " []"), ("name", " NAME"), ("parameters", " COUNT")):
        text = head.replace(text, key, value, PATTERN)
    for i in range(count):
        name = f"model_{i:06}"
        changed = text.replace("NAME", name, 1).replace("COUNT", str(1000 + i), 1)
        (folder / f"{name}.md").write_text(changed, encoding="utf-8")


def seconds(words: list[str], world: Mapping[str, str]) -> float:
    """Run a command of `zoo` in a process of its own; return its wall time."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "tools.cli", *words],
        env=dict(world),
        cwd=ROOT.parent,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - began


def median(words: list[str], world: Mapping[str, str], repeats: int) -> float:
    """Return the median wall time of several runs, after one that is not counted."""
    seconds(words, world)
    return statistics.median(seconds(words, world) for _ in range(repeats))


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
    return Profile(data="random", task="detection", samples=SCENES, scenes=scenes, tile=640, **facts)


def tell(found: Mapping[str, float], as_json: bool) -> None:
    """Print the numbers, times in seconds."""
    if as_json:
        print(json.dumps(found, indent=2))
        return
    rows = [(name, f"{value:,.0f}" if "a second" in name else f"{value:.3f} s") for name, value in found.items()]
    print(table(("what", "measured"), rows))
