"""Answers about whole images: a table, or, of one large image, a map of where each class is seen, as GeoTIFF."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress

from recipes.inference.classification import ClassificationPredictor, Heat
from tools.predict import tables
from tools.predict.cog import NODATA, Sheet, write
from tools.predict.options import Options
from zoo.errors import ZooError
from zoo.files import ensure_dir, refuse_existing

MAPS = (".tif", ".tiff")
#: The options that say something here.
TAKES = (*tables.TAKES, "tile", "overlap")


def predict(
    predictor: Any, inputs: Sequence[Path], options: Options, bar: Progress, console: Console
) -> tuple[list[str], list[str]]:
    """Answer every image into a table, or one into a map where `options.out` is a .tif; return what to say, what failed."""
    if options.out.suffix.lower() in MAPS:
        return draw_map(predictor, inputs, options), []
    for name in ("tile", "overlap"):
        if getattr(options, name) is not None:
            raise ZooError(f"--{name} is about the windows of a map; say --out map.tif, or leave it away")
    return tables.predict(predictor, inputs, options, bar, console)


def draw_map(predictor: ClassificationPredictor, inputs: Sequence[Path], options: Options) -> list[str]:
    """Write the probabilities of one image's windows, a band a class, 0 to 254, 255 where there is no data."""
    if len(inputs) != 1 or inputs[0].is_dir():
        raise ZooError(f"--out {options.out} is the map of one image; {len(inputs)} inputs or a folder go into a table")
    refuse_existing(options.out, options.force)
    ensure_dir(options.out.parent)
    source = predictor.prepare(inputs[0])
    heat = predictor.heat(source, options.tile, options.overlap)
    _, height, width = heat.probabilities.shape
    sheet = Sheet(width, height, heat.place, heat.classes, "average", tags={"cell": f"{heat.step} pixels"})
    write(options.out, sheet, iter([as_bytes(heat)]))
    shares = ", ".join(f"{name} {share:.0%}" for name, share in seen_most(heat).items())
    return [
        *source.notes,
        f"{width} × {height} windows, every {heat.step} pixels ({source.place.said}): {options.out}",
        f"most likely: {shares}",
    ]


def as_bytes(heat: Heat) -> np.ndarray:
    """Return probabilities as uint8 (K, h, w): 0 to 254, 255 without data."""
    known = np.isfinite(heat.probabilities)
    scaled = np.rint(np.where(known, heat.probabilities, 0) * (NODATA - 1)).astype(np.uint8)
    return np.where(known, scaled, np.uint8(NODATA))


def seen_most(heat: Heat) -> dict[str, float]:
    """Return the share of windows in which each class is the likeliest."""
    known = np.isfinite(heat.probabilities[0])
    best = heat.probabilities[:, known].argmax(axis=0)
    counts = np.bincount(best, minlength=len(heat.classes)) / max(1, len(best))
    return dict(zip(heat.classes, counts.tolist(), strict=True))
