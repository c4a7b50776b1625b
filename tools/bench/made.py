"""What is measured when nothing is given: a scene of noise and blocks, written by rows, and a run of untrained weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import yaml
from affine import Affine
from rasterio.windows import Window

from zoo import hardware
from zoo.errors import ZooError
from zoo.inference.answers import Answer, Detections, Mask
from zoo.registry.tasks import tasks
from zoo.runs.run import Run

BLOCK = 512
#: Candidates that a stand-in for a trained detector has in a tile, as in a dense scene; how much its logits differ.
FOUND, SPREAD = 200, 2.0


@dataclass(frozen=True)
class StandIn:
    """How the usual model of a task stands in for a trained one: with these classes, tiles and options.

    `spread`: its scores are spread first, as those of a trained detector are.
    """

    classes: tuple[str, ...]
    tile: int
    overlap: int
    options: Mapping[str, Any] = field(default_factory=dict)
    spread: bool = False


#: By what is answered. A detector that looks once is the harder case: beside one that looks eight times, all else is little.
STAND_INS: Mapping[type[Answer], StandIn] = {
    Detections: StandIn(("object",), 640, 96, {"views": 1}, spread=True),
    Mask: StandIn(("background", "object"), 512, 128),
}


def scene(
    path: Path, size: int, bands: Sequence[str], value_range: Sequence[float] | None = None, seed: int = 0
) -> Path:
    """Write a tiled GeoTIFF of size × size pixels: land of many scales, and bright blocks upon it."""
    low, high = value_range or (0.0, 255.0)
    kind = "uint8" if low >= 0 and high <= 255 else "uint16"
    profile = {
        "driver": "GTiff", "width": size, "height": size, "count": len(bands), "crs": "EPSG:32616",
        "dtype": kind, "transform": Affine(0.3, 0, 7e5, 0, -0.3, 4e6),
        "tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "compress": "deflate", "bigtiff": "if_safer",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as raster:
        for number, name in enumerate(bands, 1):
            raster.set_band_description(number, name)
        for y in range(0, size, BLOCK):
            rows = land(len(bands), size, np.random.default_rng((seed, y)))[:, : size - y]
            raster.write((low + (high - low) * rows).astype(kind), window=Window(0, y, size, rows.shape[1]))
    return path


def land(bands: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Return a row of blocks (C, BLOCK, W) float32 in [0, 1]."""
    rows = np.full((bands, BLOCK, width), 0.2, np.float32)
    for scale in (4, 32, 128):
        coarse = rng.random((bands, BLOCK // scale, -(-width // scale)), np.float32)
        rows += 0.15 * coarse.repeat(scale, axis=1).repeat(scale, axis=2)[:, :, :width]
    for _ in range(width // 40):
        (x, y), (w, h) = rng.integers(0, (width, BLOCK)), rng.integers(10, 50, 2)
        rows[:, y : y + h, x : x + w] = 0.7 + 0.3 * rng.random((bands, 1, 1), np.float32)
    return rows


def stand_in(task: str) -> StandIn:
    """Return what stands in for a run of a task; ZooError for one whose scenes are not answered so."""
    answers = {name: one.load("predictor").gives for name, one in tasks().items() if one.predictor}
    known = [name for name, gives in answers.items() if gives in STAND_INS]
    if task not in known:
        raise ZooError(f"--task {task!r} is not one of {', '.join(known)}")
    return STAND_INS[answers[task]]


def run(folder: Path, task: str, bands: int) -> Run:
    """Write a run of untrained weights: the time that a network takes does not depend on what it has learnt."""
    import torch

    import zoo

    kind, name, options = stand_in(task), tasks()[task].model, {}
    names = ["red", "green", "blue", "nir", *(f"band{i}" for i in range(5, bands + 1))][:bands]
    torch.manual_seed(0)
    model = zoo.create(name, classes=len(kind.classes), bands=tuple(names), pretrained=False, **kind.options)
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "task": {"name": task, "geometry": "box"},
        "data": {"tile": kind.tile, "overlap": kind.overlap},
        "trainer": {"threads": "auto", "workers": "auto", "precision": "auto", "channels_last": "auto"},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "metrics.json").write_text("{}", encoding="utf-8")
    made = Run(folder)
    if kind.spread:
        options["score_threshold"] = as_if_trained(model.eval(), bands, kind.tile)
    options = {**kind.options, **options}
    made.save_model(model.eval(), {"model": name, "options": options, "classes": list(kind.classes), "bands": names})
    return made


def as_if_trained(model: Any, bands: int, tile: int) -> float:
    """Spread the scores of an untrained detector; returns the least one with which it finds `FOUND` objects in a tile.

    Untrained weights score everything alike, all of it above the threshold of trained ones, and to suppress it box by box
    takes many times what the network takes: what is measured beside such a network seems to cost nothing.
    """
    import torch
    from torch import nn

    images = torch.from_numpy(np.concatenate([tiles(bands, tile, seed) for seed in range(4)]))
    low = hardware.choose().precision == "bf16-mixed"
    norms = [part for part in model.modules() if isinstance(part, nn.BatchNorm2d)]
    for norm in norms:
        norm.train().momentum = None  # the mean over the images
    said: list[torch.Tensor] = []
    model.head.logits.register_forward_hook(lambda layer, given, answer: said.append(answer))
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=low):
        model(images)
        for norm in norms:
            norm.eval()
        said.clear()
        model(images)
        model.head.logits.weight *= SPREAD / torch.cat([logits.float().flatten() for logits in said]).std()
        said.clear()
        model(images)
        scores = torch.cat([logits.float().flatten() for logits in said]).sigmoid()
    return float(scores.sort(descending=True).values[FOUND * len(images)])


def tiles(bands: int, size: int, seed: int) -> np.ndarray:
    """Return a tile (1, C, S, S) of the land."""
    rows = land(bands, size, np.random.default_rng(seed))
    return np.tile(rows, (1, -(-size // BLOCK), 1))[None, :, :size].clip(0, 1)
