"""What is measured when nothing is given: a scene of noise and blocks, written by rows, and a run of untrained weights."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import yaml
from affine import Affine
from rasterio.windows import Window

from zoo.runs import Run

BLOCK = 512
#: Objects that a stand-in for a trained detector finds in a tile: as many as there are in a dense scene.
FOUND = 200
#: The model of each task, with the options that make it small enough to be waited for.
MODELS: Mapping[str, tuple[str, dict[str, Any]]] = {"detection": ("kestrel_nano", {}), "segmentation": ("unet", {})}
DATA: Mapping[str, dict[str, int]] = {
    "detection": {"tile": 640, "overlap": 96},
    "segmentation": {"tile": 512, "overlap": 128},
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


def run(folder: Path, task: str, bands: int) -> Run:
    """Write a run of untrained weights: the time that a network takes does not depend on what it has learnt."""
    import torch

    import zoo

    name, options = MODELS[task]
    names = ["red", "green", "blue", "nir", *(f"band{i}" for i in range(5, bands + 1))][:bands]
    classes = ["background", "object"] if task == "segmentation" else ["object"]
    torch.manual_seed(0)
    model = zoo.create(name, classes=len(classes), bands=tuple(names), pretrained=False, **options)
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "task": {"name": task, "geometry": "box"},
        "data": dict(DATA[task]),
        "trainer": {"threads": "auto", "workers": "auto", "precision": "auto", "channels_last": "auto"},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "metrics.json").write_text("{}", encoding="utf-8")
    made = Run(folder)
    if task == "detection":
        options = {**options, "score_threshold": threshold(model.eval(), bands, DATA[task]["tile"])}
    recipe = {"model": name, "options": {**options, "pretrained": False}, "classes": classes, "bands": names}
    made.save_model(model.eval(), recipe)
    return made


def threshold(model: Any, bands: int, tile: int) -> float:
    """Return the least score with which untrained weights find `FOUND` objects in a tile.

    They score everything alike. With the threshold of trained ones all of it would be suppressed, box by box: that takes
    many times what the network takes, and what is measured beside such a network seems to cost nothing.
    """
    import torch

    rows = np.tile(land(bands, tile, np.random.default_rng(0)), (1, 2, 1))[None, :, :tile]
    with torch.inference_mode():
        scores = model(torch.from_numpy(rows).clamp(0, 1))[0]["scores"]
    return float(scores[min(FOUND, len(scores)) - 1])
