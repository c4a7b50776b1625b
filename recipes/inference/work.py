"""The work on one scene: its tiles, read in order, and as many at a time as go through a stream of the network."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from recipes.inference.source import Piece, Source, pieces
from zoo.geometry.tiles import Tile

#: Pieces, and the images (B, C, S, S) of those that have data.
Batch = tuple[list[Piece], np.ndarray]


@dataclass(frozen=True)
class Work:
    """A scene as tiles of `size` pixels that share `overlap`, of which `batch` go through a stream at a time.

    Beyond its edge the scene is `mirrored`, or zeros. `note` is what there is to say of the tiles.
    """

    source: Source
    tiles: Sequence[Tile]
    size: int
    overlap: int
    batch: int
    mirrored: bool = False
    note: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the scene and its tiles."""
        return tuple(filter(None, (*self.source.notes, self.note)))

    @property
    def batches(self) -> int:
        """How many batches there are, if all tiles have data."""
        return -(-len(self.tiles) // self.batch)

    def pieces(self, first: int = 0) -> Iterator[Piece]:
        """Read the tiles from number `first` on."""
        return pieces(self.source, self.tiles, (self.size, self.size), first, self.mirrored)

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
