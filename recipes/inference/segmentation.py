"""The predictor of masks: the probabilities of a scene's tiles, blended, become the class of each pixel."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from torch import Tensor

from recipes.inference.scenes import Said, ScenePredictor
from recipes.inference.source import Piece, Source
from recipes.inference.tiling import tiling
from recipes.inference.work import Tiling, Work
from zoo.geometry.tiles import Tile
from zoo.inference.answers import Mask
from zoo.inference.opened import Opened
from zoo.segmentation import IGNORED, STRIDE
from zoo.segmentation.scene import Blender, Region
from zoo.segmentation.views import probabilities


class SegmentationPredictor(ScenePredictor):
    """Gives every pixel a class, in tiles that share so much that seams change few of them; `exact`: none to be seen."""

    gives = Mask
    multiple, mirrored = STRIDE, True

    def __init__(self, opened: Opened, views: int = 1, exact: bool = False) -> None:
        super().__init__(opened, views, exact)
        #: How objects that touch are told apart, by a name of zoo.segmentation.instances.
        self.instances = str(opened.task.get("instances", "none"))

    def compute(self, images: Tensor) -> Tensor:
        """Return the probabilities (B, K, H, W) float32 of images (B, C, H, W), averaged over the views."""
        return probabilities(self.engine.model, images, self.views)

    def prepare(
        self, source: Any, tile: int | None = None, overlap: int | None = None, batch: int | None = None
    ) -> Work:
        """Divide an image into tiles; where neither is said, seams are measured first."""
        opened = self.open(source)
        work = self.resized(opened, tile, overlap)
        return self.divide_by(opened, tiling(self, opened, tile, overlap, self.exact), batch) if work is None else work

    def divide_by(self, source: Source, found: Tiling, batch: int | None = None) -> Work:
        """Return the work on an image in the tiles that were found."""
        return self.divide(source, found.size, found.overlap, batch, found.note)

    def finish(self, prepared: Work, answers: Iterable[Said]) -> Mask:
        """Blend the tiles; where the scene has no data the mask is 255."""
        scene, place = prepared.source.scene, prepared.source.place
        mask = np.full((scene.height, scene.width), IGNORED, np.uint8)
        for region in regions(answers, len(self.classes), Blender[Piece]()):
            tile, part = region.tile, region.probabilities.argmax(axis=0).astype(np.uint8)
            part[missing(region)] = IGNORED
            mask[tile.y : tile.y + region.height, tile.x : tile.x + region.width] = part
        return Mask(mask, self.classes, tuple(place.transform[:6]) if place.transform else None, place.name)


def regions(answers: Iterable[Said], classes: int, blender: Blender[Piece]) -> Iterator[Region[Piece]]:
    """Yield the regions of a scene, each as soon as the tiles that share it are there."""
    for piece, answer in answers:
        yield from blender.add(piece.tile, nowhere(piece.tile, classes) if answer is None else answer.numpy(), piece)


def nowhere(tile: Tile, classes: int) -> np.ndarray:
    """Return the probabilities (K, h, w) of a tile without data: its pixels become 255, whatever they are."""
    return np.zeros((classes, tile.height, tile.width), np.float32)


def missing(region: Region[Piece]) -> np.ndarray:
    """Return where a region (h, w) has no data, bool."""
    valid = region.beside.valid
    if valid is None:
        return np.zeros((region.height, region.width), bool)
    return ~valid[: region.height, : region.width]
