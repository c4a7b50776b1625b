"""Scenes with painted rectangles, and a network that sees exactly these: what is tested is all but the network."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rasterio
import torch
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning
from scipy import ndimage
from torch import Tensor, nn

from recipes.inference.detection import DetectionPredictor
from recipes.inference.segmentation import SegmentationPredictor
from zoo.inference.opened import Opened

UTM = Affine(0.5, 0, 733_600, 0, -0.5, 3_725_139)
TURNED = UTM @ Affine.rotation(30)


def opened(tile: int, overlap: int, task: str, classes: tuple[str, ...]) -> Opened:
    """What needs no network: it sees the paint itself."""
    return Opened(
        source="paint",
        model="oracle",
        build=lambda **changed: nn.Identity(),
        classes=classes,
        bands=("paint", "mark"),
        options={},
        task={"name": task},
        data={"tile": tile, "overlap": overlap},
        trainer={"threads": 1, "workers": 0, "precision": "32-true"},
    )


class Mortal:
    """Counts the images that it sees, and dies when it has seen so many."""

    seen = 0
    dies_after: int | None = None

    def see(self, images: Tensor) -> None:
        if self.dies_after is not None and self.seen >= self.dies_after:
            raise RuntimeError("the power went")
        self.seen += len(images)


class Oracle(Mortal, DetectionPredictor):
    """Says of each tile where its painted rectangles are; their brightness in the second band is the score."""

    def __init__(self, tile: int = 64, overlap: int = 24) -> None:
        super().__init__(opened(tile, overlap, "detection", ("barn", "silo")), score=0.1)
        self.engine.batch = lambda tile: 3  # type: ignore[method-assign]

    def compute(self, images: Tensor) -> list[dict[str, Tensor]]:
        self.see(images)
        return [boxes_in(image) for image in images.numpy()]


class Local(Mortal, SegmentationPredictor):
    """Gives probabilities of three classes that each pixel has from its nearest neighbours alone."""

    def __init__(self, tile: int = 64, overlap: int = 24) -> None:
        super().__init__(opened(tile, overlap, "segmentation", ("background", "barn", "silo")))
        self.engine.batch = lambda tile: 3  # type: ignore[method-assign]

    def compute(self, images: Tensor) -> Tensor:
        self.see(images)
        paint = nn.functional.avg_pool2d(nn.functional.pad(images[:, :1], (1, 1, 1, 1), mode="replicate"), 3, 1)
        return (-40 * (paint - torch.tensor([0.04, 0.47, 0.98]).view(1, 3, 1, 1)).square()).softmax(dim=1)


def boxes_in(image: np.ndarray) -> dict[str, Tensor]:
    regions, count = ndimage.label(image[0] > 0.2)
    boxes, scores, labels = np.zeros((count, 4), np.float32), np.zeros(count, np.float32), np.zeros(count, np.int64)
    for i, (rows, columns) in enumerate(ndimage.find_objects(regions)):
        boxes[i] = columns.start, rows.start, columns.stop, rows.stop
        scores[i] = image[1, rows.start, columns.start]
        labels[i] = image[0, rows.start, columns.start] > 0.7
    return {"boxes": torch.from_numpy(boxes), "scores": torch.from_numpy(scores), "labels": torch.from_numpy(labels)}


def rectangles(width: int, height: int, count: int, largest: int, seed: int = 0) -> np.ndarray:
    """Boxes (N, 4) in whole pixels that do not touch."""
    rng, boxes = np.random.default_rng(seed), np.zeros((0, 4), int)
    taken = np.zeros((height, width), bool)
    for _ in range(20 * count):
        w, h = rng.integers(3, largest + 1, 2)
        x, y = rng.integers(0, max(1, width - w)), rng.integers(0, max(1, height - h))
        region = (slice(max(0, y - 2), y + h + 2), slice(max(0, x - 2), x + w + 2))
        if len(boxes) < count and x + w <= width and y + h <= height and not taken[region].any():
            taken[y : y + h, x : x + w] = True
            boxes = np.concatenate([boxes, [[x, y, x + w, y + h]]])
    return boxes


def paint(path: Path, width: int, height: int, boxes: np.ndarray, **profile: object) -> Path:
    """Write a tiled GeoTIFF of two bands with these boxes, of two classes in turn and with scores of their own."""
    pixels = np.full((2, height, width), 10, np.uint8)
    for i, (x0, y0, x1, y1) in enumerate(boxes):
        pixels[0, y0:y1, x0:x1] = 250 if i % 2 else 120
        pixels[1, y0:y1, x0:x1] = 100 + i % 150
    return save(path, pixels, **profile)


def save(path: Path, pixels: np.ndarray, names: Sequence[str] = ("paint", "mark"), **profile: object) -> Path:
    """Write pixels (C, H, W) as a tiled GeoTIFF."""
    settings = {"crs": "EPSG:32616", "transform": UTM, "tiled": True, "blockxsize": 64, "blockysize": 64} | profile
    count, height, width = pixels.shape
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path, "w", driver="GTiff", count=count, height=height, width=width, dtype=pixels.dtype, **settings
        ) as raster:
            for number, name in enumerate(names, 1):
                raster.set_band_description(number, name)
            raster.write(pixels)
    return path
