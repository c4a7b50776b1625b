"""Objects of a scene: the detections of its tiles, merged row by row, kept in a journal, written to a vector file."""

import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tools.predict.journal import Journal
from tools.predict.source import Piece
from tools.predict.vectors import VectorFile, fresh, kind_of, wound
from tools.predict.work import Work
from zoo.detection.scene import SceneMerger
from zoo.geometry import box_geometry
from zoo.geometry.tiles import Tile

Detections = Mapping[str, Tensor]
#: Of a tile in the journal: its number, the checksum of its pixels, how many objects, and the length of a box.
ENTRY = struct.Struct("<IIII")
COORDINATES = {4: ("xmin", "ymin", "xmax", "ymax"), 5: ("x", "y", "width", "height", "degrees")}
Advance = Callable[[int], None]


class Gathering:
    """Merges the detections of a scene's tiles, given in order, and hands on what is settled after each row."""

    def __init__(self, geometry: str, score: float, found: Callable[[Detections], None]) -> None:
        self.merger, self.score, self.found = SceneMerger(geometry), score, found
        self.box_size = self.merger.geometry.box_size

    def nothing(self) -> Detections:
        """Return the detections of a tile without data."""
        return {"boxes": torch.zeros(0, self.box_size), "scores": torch.zeros(0), "labels": torch.zeros(0).long()}

    def take(self, tile: Tile, detections: Detections) -> None:
        """Take those of the next tile."""
        self.merger.add(tile, detections)
        if tile.ends_row:
            settled = self.merger.settle(tile.scene, float("inf") if tile.ends_scene else tile.next_y)
            shown = settled["scores"] >= self.score
            self.found({key: value[shown] for key, value in settled.items()})


def packed(piece: Piece, detections: Detections) -> bytes:
    """Return the entry of a tile in the journal."""
    boxes = detections["boxes"].float().cpu().numpy()
    arrays = (boxes, detections["scores"].float().cpu().numpy(), detections["labels"].cpu().numpy().astype(np.int32))
    head = ENTRY.pack(piece.number, piece.checksum, *boxes.shape)
    return head + b"".join(array.tobytes() for array in arrays)


def unpacked(entry: bytes) -> Detections:
    """Return the detections of a tile from its entry in the journal."""
    _, _, count, size = ENTRY.unpack_from(entry)
    values = np.frombuffer(entry, np.float32, count * (size + 1), ENTRY.size)
    labels = np.frombuffer(entry, np.int32, count, ENTRY.size + values.nbytes)
    boxes, scores = np.split(values, [count * size])
    tensors = (
        torch.from_numpy(array.copy()) for array in (boxes.reshape(count, size), scores, labels.astype(np.int64))
    )
    return dict(zip(("boxes", "scores", "labels"), tensors, strict=True))


def checksums(entry: bytes) -> list[int]:
    """Return the checksum of the tile's pixels, from its entry in the journal."""
    return [ENTRY.unpack_from(entry)[1]]


def detect(work: Work, gathering: Gathering, journal: Journal | None, advance: Advance) -> int:
    """Detect in all tiles of a scene; those that the journal holds are not computed again. Returns how many were."""
    first = 0
    if journal is not None:
        for entry in journal.records():
            gathering.take(work.tiles[first], unpacked(entry))
            first += 1
            advance(1)

    def take(piece: Piece, answer: Any) -> None:
        detections = gathering.nothing() if answer is None else {key: answer[key].cpu() for key in answer}
        if journal is not None:
            journal.append(packed(piece, detections))
        gathering.take(piece.tile, detections)
        advance(1)

    return work.do(first, take)


class Found:
    """Writes detections to a vector file, and counts them."""

    def __init__(self, file: VectorFile, classes: Sequence[str]) -> None:
        self.file, self.classes, self.count = file, classes, 0

    def __call__(self, detections: Detections) -> None:
        """Write detections, in the order that they have."""
        boxes = detections["boxes"].double().numpy()
        rings = self.file.place.map(box_geometry.corners(boxes))
        names = COORDINATES[boxes.shape[1]]
        columns = {
            "class": np.array([self.classes[i] for i in detections["labels"].tolist()], object),
            "score": detections["scores"].double().numpy().round(4),
            **dict(zip(names, boxes.T.round(2), strict=True)),
        }
        self.file.write(wound(rings), columns)
        self.count += len(boxes)


def write_objects(work: Work, out: Path, score: float, journal: Journal, advance: Advance) -> tuple[int, int]:
    """Detect in a scene and write what is found to `out`; returns how many objects there are, and tiles were computed."""
    with fresh(out) as part, kind_of(out)(part, work.source.place) as file:
        found = Found(file, work.network.classes)
        computed = detect(work, Gathering(work.network.geometry, score, found), journal, advance)
    return found.count, computed
