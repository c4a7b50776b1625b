"""Speed: the prediction of strips of a scene, from file to file, against the bare network on as many tiles in memory.

They take turns, strip by strip, so that a slow moment of the machine meets them all.
"""

import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from recipes.inference.scenes import ScenePredictor
from recipes.inference.work import Work
from tools.bench.harness import Timing, take_turns
from tools.predict.command import writer_of
from tools.predict.journal import Journal
from tools.predict.options import Options
from tools.predict.resume import key_of, stamp_of
from zoo.inference.engine import relieve

#: Tiles that the bare network has in memory; it sees them again and again.
HELD = 32


@dataclass(frozen=True)
class Speeds:
    """What each way took for the tiles of each strip, in the same order."""

    tiles: Sequence[int]
    timings: Mapping[str, Timing]

    def rates(self, name: str) -> list[float]:
        """Return the tiles a second of a way, one number a strip."""
        return [tiles / seconds for tiles, seconds in zip(self.tiles, self.timings[name].seconds, strict=True)]

    def facts(self) -> dict[str, Any]:
        """Return medians, and least, median and largest of the ratios, paired by strip: to the bare network, and to SAHI."""
        ratios = {f"{name}_of_bare": self.ratio(name, "bare") for name in self.timings if name != "bare"}
        if "sahi" in self.timings:
            ratios["predict_of_sahi"] = self.ratio("predict", "sahi")
        medians = {name: round(statistics.median(self.rates(name)), 3) for name in self.timings}
        return {"tiles": sum(self.tiles), **medians, **ratios}

    def ratio(self, name: str, other: str) -> list[float]:
        """Return least, median and largest of what `name` is of `other`, strip by strip."""
        pairs = zip(self.timings[name].seconds, self.timings[other].seconds, strict=True)
        ratios = [theirs / mine for mine, theirs in pairs]
        return [round(value, 3) for value in (min(ratios), statistics.median(ratios), max(ratios))]


def measure(
    predictor: ScenePredictor, work: Work, rounds: int, tiles: int, ways: Mapping[str, Callable[[Work], None]]
) -> Speeds:
    """Let the ways take turns on `rounds` strips of about `tiles` tiles each; the first turn warms up."""
    import torch

    held = [
        torch.from_numpy(piece.image)
        for piece, _ in zip(work.pieces(), range(HELD), strict=False)
        if piece.image is not None
    ]
    strips = [strip_of(predictor, work, number % rounds, rounds, tiles) for number in range(rounds + 1)]
    now = strips[:1]
    every: dict[str, Callable[[Work], None]] = {"bare": lambda strip: bare(predictor, strip, held), **ways}
    turns = {name: (lambda way=way: way(now[0])) for name, way in every.items()}
    timings = take_turns(turns, rounds, prepare=lambda number: now.__setitem__(0, strips[number]))
    return Speeds([len(strip.tiles) for strip in strips[1:]], timings)


def strip_of(predictor: ScenePredictor, work: Work, number: int, count: int, tiles: int) -> Work:
    """Return the work on strip `number` of `count`: as many rows of tiles as make about `tiles`, spread over the scene."""
    scene = work.source.scene
    step = work.size - work.overlap
    columns = len({tile.x for tile in work.tiles})
    rows = max(1, round(tiles / columns))
    height = min(scene.height, work.size + (rows - 1) * step)
    top = (scene.height - height) * number // max(1, count - 1)
    part = replace(scene, window=(0, top, scene.width, height))
    return predictor.divide(replace(work.source, scene=part), work.size, work.overlap, work.batch)


def bare(predictor: ScenePredictor, work: Work, held: list[Any]) -> None:
    """Run the network alone, with all threads, on as many tiles as the work has."""
    import torch

    batch = work.batch * predictor.engine.streams(work.size, work.batches)
    for start in range(0, len(work.tiles), batch):
        count = min(batch, len(work.tiles) - start)
        images = torch.stack([held[(start + i) % len(held)] for i in range(count)])
        predictor.answer({"images": images})
        relieve(images)


def way(predictor: ScenePredictor) -> Callable[[Work], None]:
    """Return the way that predicts a work as `zoo predict` does, from the file to a file."""
    writer = writer_of(predictor.gives)

    def predict(work: Work) -> None:
        with tempfile.TemporaryDirectory(prefix="zoo_bench_") as folder:
            out = Path(folder) / f"found{writer.ENDING}"
            journal = Journal(out, key_of(predictor, work), stamp_of(work.source))
            list(journal.records())
            writer.write_scene(predictor, work, Options(out=out), journal, lambda tiles: None)
            journal.remove()

    return predict


def as_pixels(work: Work) -> np.ndarray:
    """Return the pixels of the work's scene as an array (H, W, C), as who has no windows reads it."""
    from recipes.imagery import images

    scene = work.source.scene
    return np.ascontiguousarray(images.read(scene.path, scene.window, scene.bands).transpose(1, 2, 0))
