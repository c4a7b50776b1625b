"""Objects of a scene: the detections of its tiles, merged row by row, kept in a journal, written to a vector file."""

import struct
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress

from recipes.inference.detection import DetectionPredictor, Found, RowMerger
from recipes.inference.source import Piece
from recipes.inference.work import Work
from tools.predict import folder
from tools.predict.images import one_scene
from tools.predict.journal import Journal
from tools.predict.options import Options
from tools.predict.resume import journal_of, told, told_before
from tools.predict.vectors import COORDINATES, VectorFile, fresh, kind_of, wound
from zoo.errors import counted
from zoo.geometry import box_geometry
from zoo.geometry.tiles import Tile

#: What scenes are written as where no file is named, and the options that say something here.
ENDING = ".geojson"
TAKES = (
    "out", "score", "draw", "tile", "overlap", "exact", "batch", "views", "backend", "force", "policy", "place", "time",
)  # fmt: skip
#: Of a tile in the journal: its number, the checksum of its pixels, how many objects, and the length of a box.
ENTRY = struct.Struct("<IIII")
Advance = Callable[[int], None]


def predict(
    predictor: DetectionPredictor, inputs: Sequence[Path], options: Options, bar: Progress, console: Console
) -> tuple[list[str], list[str]]:
    """Detect in a scene into a file, or in images into a folder; return what to say, and what failed."""
    scene = one_scene(inputs, options.out)
    if scene is None:
        return folder.predict(predictor, inputs[0], options, bar)
    return predict_scene(predictor, scene, options, bar, console), []


def predict_scene(
    predictor: DetectionPredictor, path: Path, options: Options, bar: Progress, console: Console
) -> list[str]:
    """Detect in the scene at `path`, write `options.out`, and return what to say."""
    kind_of(options.out)
    work = predictor.prepare(path, options.tile, options.overlap, options.batch)
    told_before(work, console)
    with journal_of(predictor, work, options, checksums, console) as journal:
        began = time.perf_counter()
        task = bar.add_task("detecting", total=len(work.tiles))
        count, computed = write_scene(predictor, work, options, journal, lambda tiles: bar.advance(task, tiles))
        seconds = time.perf_counter() - began
    return [
        f"{counted(count, 'object')} of score ≥ {predictor.score:.2f} in {told(work, computed, seconds)}",
        f"{options.out}: {work.source.place.said}",
    ]


def packed(piece: Piece, detections: Found) -> bytes:
    """Return the entry of a tile in the journal."""
    boxes = detections["boxes"].float().cpu().numpy()
    arrays = (boxes, detections["scores"].float().cpu().numpy(), detections["labels"].cpu().numpy().astype(np.int32))
    head = ENTRY.pack(piece.number, piece.checksum, *boxes.shape)
    return head + b"".join(array.tobytes() for array in arrays)


def unpacked(entry: bytes) -> Found:
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


def detect(
    predictor: DetectionPredictor, work: Work, found: Callable[[Found], None], journal: Journal, advance: Advance
) -> int:
    """Detect in all tiles of a scene and hand on what is settled by each row of them.

    Those tiles that the journal holds are not computed again. Returns how many were.
    """
    rows, first = RowMerger(predictor.geometry, predictor.least, predictor.share), 0

    def take(tile: Tile, detections: Found) -> None:
        for settled in rows.take(tile, detections):
            found(settled)
        advance(1)

    for entry in journal.records():
        take(work.tiles[first], unpacked(entry))
        first += 1
    with closing(predictor.answers(work, first)) as answers:
        for piece, answer in answers:
            detections = rows.counted(answer)
            journal.append(packed(piece, detections))
            take(piece.tile, detections)
    return len(work.tiles) - first


class Features:
    """Writes detections to a vector file, and counts them."""

    def __init__(self, file: VectorFile, classes: Sequence[str]) -> None:
        self.file, self.classes, self.count = file, classes, 0

    def __call__(self, detections: Found) -> None:
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


def write_scene(
    predictor: DetectionPredictor, work: Work, options: Options, journal: Journal, advance: Advance
) -> tuple[int, int]:
    """Detect in a scene and write `options.out`; returns how many objects there are, and how many tiles were computed."""
    with fresh(options.out) as part, kind_of(options.out)(part, work.source.place) as file:
        features = Features(file, predictor.classes)
        computed = detect(predictor, work, features, journal, advance)
    return features.count, computed
