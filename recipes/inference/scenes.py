"""Predictors of scenes: an image of any size is answered tile by tile, and put together to what is said of the whole."""

from abc import abstractmethod
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from recipes.imagery.images import SUFFIXES, facts
from recipes.inference.source import Piece, Source, pieces, source_of
from recipes.inference.work import Batch as Tiles
from recipes.inference.work import Work
from zoo.errors import ZooError
from zoo.geometry.tiles import Tile, grid, whole
from zoo.inference.engine import Engine, relieve
from zoo.inference.flow import flow
from zoo.inference.opened import Opened
from zoo.inference.predictor import Batch, Metadata, Predictor

#: A tile, and what is said of it: None where it has no data.
Said = tuple[Piece, Any]
#: Pixels of the side of what is seen of an image at most.
OVERVIEW = 512


class ScenePredictor(Predictor[Work]):
    """What answers images: a file, or an array (C, H, W) in the numbers that files have.

    `views` are the symmetries of the image that are averaged: 1, 2, 4 or 8. `exact` spares no work that may change an answer.
    """

    options: ClassVar[tuple[str, ...]] = ("views", "exact")
    endings = SUFFIXES
    #: Tiles begin at multiples of so many pixels; beyond its edge the scene is mirrored, or zeros.
    multiple: ClassVar[int] = 1
    mirrored: ClassVar[bool] = False

    def __init__(self, opened: Opened, views: int = 1, exact: bool = False) -> None:
        self.opened, self.views, self.exact = opened, views, exact
        self.engine = Engine(self.build(), opened.trainer, opened.tuned)
        self.classes, self.bands, self.data = opened.classes, opened.bands, opened.data
        self.metadata = Metadata.of_images(
            opened,
            self.engine,
            tile=self.tile,
            thresholds=self.thresholds(),
        )

    @property
    def tile(self) -> int:
        """The side of a tile in the evaluation of the run, pixels."""
        return int(self.data["tile"])

    @property
    def whole(self) -> bool:
        """Whether a small image is padded to a whole tile, as it was in the evaluation of the run."""
        return str(self.data.get("padding", "tile")) == "tile"

    def build(self) -> torch.nn.Module:
        """Build the model."""
        return self.opened.build()

    def thresholds(self) -> dict[str, float]:
        """Return the thresholds of answers by name."""
        return {}

    def settings(self) -> dict[str, Any]:
        """Return what answers depend on beside the weights and the scene's tiles."""
        return {"views": self.views, "exact": self.exact}

    @abstractmethod
    def compute(self, images: Tensor) -> Sequence[Any] | Tensor:
        """Answer images (B, C, H, W), one answer each."""

    def answer(self, batch: Batch) -> Sequence[Any] | Tensor:
        """Answer `images` (B, C, H, W)."""
        with self.engine.computing():
            return self.compute(self.engine.laid_out(batch["images"]))

    def open(self, source: str | Path | np.ndarray | Source) -> Source:
        """Open an image: the bands of a file are matched by name, those of an array stand in the model's order."""
        return source_of(source, self.bands, self.data, self.opened.profile)

    def extent(self, path: Path) -> dict[str, float]:
        """Return the pixels of an image, as its head says."""
        size = facts(path)
        return {"pixels": size.width * size.height}

    def overview(self, source: Any) -> np.ndarray | None:
        """Return the middle of an image (C, H, W) in [0, 1]; None where there is no data."""
        opened = self.open(source)
        scene = opened.scene
        width, height = min(scene.width, OVERVIEW), min(scene.height, OVERVIEW)
        x, y = (scene.width - width) // 2, (scene.height - height) // 2
        return next(pieces(opened, [Tile(x, y, width, height, (0, 0, 0, 0))], (width, height), 0, False)).image

    @abstractmethod
    def prepare(
        self, source: Any, tile: int | None = None, overlap: int | None = None, batch: int | None = None
    ) -> Work:
        """Divide an image into tiles of `tile` pixels that share `overlap`, `batch` at a time; None: as is good."""

    def divide(self, source: Source, size: int, overlap: int, batch: int | None = None, note: str = "") -> Work:
        """Return the work on an image in tiles of this size and overlap."""
        scene = source.scene
        tiles = list(grid(scene.width, scene.height, size, overlap, scene.name, self.multiple))
        return Work(source, tiles, size, overlap, batch or self.engine.batch(size), self.mirrored, note, self.whole)

    def resized(self, source: Source, tile: int | None, overlap: int | None) -> Work | None:
        """Return the work on an image that is seen whole, where the run scaled whole images; None where it did not."""
        side = self.data.get("resize")
        if side is None:
            return None
        if tile is not None or overlap is not None:
            raise ZooError(
                f"{self.opened.source} was trained on whole images scaled to data.resize={side} pixels, and sees no tiles;"
                " leave out --tile and --overlap"
            )
        scene = source.scene
        seen = whole(scene.width, scene.height, side, scene.name)
        return Work(source, [seen], side, 0, 1, self.mirrored, whole=self.whole)

    def answers(self, prepared: Work, first: int = 0) -> Generator[Said, None, None]:
        """Yield the tiles from number `first` on, in their order, each with its answer, None where it has no data."""
        engine = self.engine
        streams = engine.streams(prepared.size, prepared.batches)

        def compute(tiles: Tiles) -> Sequence[Any] | Tensor:
            if not len(tiles[1]):
                return ()
            images = torch.from_numpy(tiles[1])
            found = self.answer({"images": images})
            relieve(images)
            return found

        try:
            with closing(flow(prepared.read(first), compute, streams, lambda: engine.begin(streams))) as flowing:
                for (group, _), found in flowing:
                    each = iter(found)
                    for piece in group:
                        yield piece, None if piece.image is None else next(each)
        finally:
            engine.begin(1)  # a part of torch's settings is that of all threads
