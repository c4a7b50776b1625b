"""The work on one scene: its tiles, what is done of them already, and the flow of the rest through the network."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tools.predict.flow import flow
from tools.predict.journal import Journal
from tools.predict.network import Network
from tools.predict.source import Piece, Source, pieces
from zoo.geometry.tiles import Tile
from zoo.runs.run import WEIGHTS

Take = Callable[[Piece, Any], None]
#: Pieces, and the images (B, C, S, S) of those that have data.
Batch = tuple[list[Piece], np.ndarray]


@dataclass(frozen=True)
class Work:
    """A scene as tiles of `size` pixels that share `overlap`, of which `batch` go through a stream at a time."""

    network: Network
    source: Source
    tiles: Sequence[Tile]
    size: int
    overlap: int
    batch: int

    @property
    def streams(self) -> int:
        """How many batches go through the network at a time."""
        return self.network.streams(self.size, -(-len(self.tiles) // self.batch))

    def key(self) -> dict[str, Any]:
        """Return what the answers depend on: under another key, what is done already is worth nothing."""
        hardware = self.network.hardware
        return {
            **identity(self.network, self.source),
            "tile": self.size,
            "overlap": self.overlap,
            "precision": hardware.precision,
            "threads": hardware.threads,
            "channels_last": hardware.channels_last,
        }

    def stamp(self) -> list[int]:
        """Return what changes when the file of the scene is written to."""
        state = self.source.path.stat()
        return [state.st_size, state.st_mtime_ns]

    def pieces(self, first: int = 0) -> Iterator[Piece]:
        """Read the tiles from number `first` on."""
        mirrored = self.network.task == "segmentation"
        return pieces(self.source, self.tiles, (self.size, self.size), first, mirrored)

    def check(self, journal: Journal, checksums: Callable[[bytes], list[int]]) -> bool:
        """Tell whether the journal's records are of these pixels; if not, it begins anew.

        Where the file was not touched they are. Else the tiles are read again, which costs little beside the network.
        """
        if journal.same_file:
            return True
        again = self.pieces()
        for record in journal.records():
            if any(next(again).checksum != checksum for checksum in checksums(record)):
                journal.restart()
                return False
        return True

    def do(self, first: int, take: Take) -> int:
        """Send the tiles from number `first` on through the network, and hand them with their answers to `take`.

        `take` is called in the order of the tiles; a tile without data has no answer, None. Returns how many tiles there
        were to do.
        """
        import torch

        network = self.network

        def answers(batch: Batch) -> Sequence[Any]:
            return network(torch.from_numpy(batch[1])) if len(batch[1]) else ()

        def take_all(batch: Batch, answers: Sequence[Any]) -> None:
            each = iter(answers)
            for piece in batch[0]:
                take(piece, None if piece.image is None else next(each))

        streams = self.streams
        try:
            flow(batched(self.pieces(first), self.batch), answers, take_all, streams, lambda: network.begin(streams))
        finally:
            network.begin(1)  # a part of torch's settings is that of all threads
        return len(self.tiles) - first


def identity(network: Network, source: Source) -> dict[str, Any]:
    """Return which weights look at which scene, and how: what does not depend on its tiles."""
    with (network.run.folder / WEIGHTS).open("rb") as file:
        weights = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "weights": weights[:16],
        "scene": f"{source.path.resolve()} {source.scene.width}×{source.scene.height}",
        "bands": list(source.scene.bands or ()),
        "values": [source.values.value_range, source.values.nodata],
        "views": network.views,
    }


def batched(pieces: Iterable[Piece], count: int) -> Iterator[Batch]:
    """Yield pieces in groups with `count` images (B, C, S, S), and the images; those without data come along."""
    group: list[Piece] = []
    images: list[np.ndarray] = []
    for piece in pieces:
        group.append(piece)
        if piece.image is not None:
            images.append(piece.image)
        if len(images) == count or len(group) == 16 * count:
            yield group, stacked(images)
            group, images = [], []
    if group:
        yield group, stacked(images)


def stacked(images: list[np.ndarray]) -> np.ndarray:
    """Stack images; none are an empty array."""
    return np.stack(images) if images else np.zeros((0, 0, 0, 0), np.float32)
