"""The work on one scene: its tiles, read in order, and as many at a time as go through a stream of the network."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from recipes.inference.source import Piece, Source, pieces
from zoo.geometry.tiles import Tile, seen_size
from zoo.segmentation import STRIDE

#: Pieces, and the images (B, C, H, W) of those that have data.
Batch = tuple[list[Piece], np.ndarray]


@dataclass(frozen=True)
class Tiling:
    """The tiles of a scene: their size, what they share, what there is to say of it, whether seams are in bounds."""

    size: int
    overlap: int
    note: str = ""
    seamless: bool = True


@dataclass(frozen=True)
class Work:
    """A scene as tiles of `size` pixels that share `overlap`, of which `batch` go through a stream at a time.

    A scene smaller than a tile is seen as it is, to the network's stride, or `whole` tiles are. Beyond its edge it is
    `mirrored`, or zeros. `note` is what there is to say of the tiles.
    """

    source: Source
    tiles: Sequence[Tile]
    size: int
    overlap: int
    batch: int
    mirrored: bool = False
    note: str = ""
    whole: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the scene and its tiles."""
        return tuple(filter(None, (*self.source.notes, self.note)))

    @property
    def batches(self) -> int:
        """How many batches there are, if all tiles have data."""
        return -(-len(self.tiles) // self.batch)

    @property
    def seen(self) -> tuple[int, int]:
        """Width and height of the tiles as the network sees them."""
        scene = self.source.scene
        width, height = self.tiles[0].seen or (scene.width, scene.height)
        return seen_size(width, height, self.size, self.size if self.whole else STRIDE)

    def pieces(self, first: int = 0) -> Iterator[Piece]:
        """Read the tiles from number `first` on."""
        return pieces(self.source, self.tiles, self.seen, first, self.mirrored)

    def read(self, first: int = 0) -> Iterator[Batch]:
        """Yield pieces in groups of `batch` that have data, and their images; those without data come along."""
        group: list[Piece] = []
        images: list[np.ndarray] = []
        for piece in self.pieces(first):
            group.append(piece)
            if piece.image is not None:
                images.append(piece.image)
            if len(images) == self.batch or len(group) == 16 * self.batch:
                yield group, stacked(images)
                group, images = [], []
        if group:
            yield group, stacked(images)


def stacked(images: list[np.ndarray]) -> np.ndarray:
    """Stack images; none are an empty array."""
    return np.stack(images) if images else np.zeros((0, 0, 0, 0), np.float32)
