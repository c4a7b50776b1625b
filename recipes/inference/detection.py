"""The predictor of objects: the detections of a scene's tiles, merged row by row."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from recipes.inference.scenes import Said, ScenePredictor
from recipes.inference.work import Work
from zoo.detection.scene import SceneMerger
from zoo.errors import ZooError
from zoo.geometry import box_geometry
from zoo.geometry.tiles import Tile
from zoo.inference.answers import Detections
from zoo.inference.opened import Opened

#: Boxes (N, D), scores and labels (N,), as the contract of detection has them.
Found = Mapping[str, Tensor]
#: An object of this many times the size of the largest in training is still seen whole by one tile.
LARGER = 1.1
#: The least score where a run does not say which is best.
SCORE = 0.3
#: The share of the score that is asked for at which a part of an object still helps to put the object together.
FAINT = 0.5


class DetectionPredictor(ScenePredictor):
    """Finds objects of a `score` at the least, that of the best F1 in validation where none is said; `scores` by class.

    What a tile says with less than `FAINT` of it is left out before tiles are put together, but where it is to be `exact`.
    """

    options: ClassVar[tuple[str, ...]] = ("views", "score", "scores", "exact")
    gives = Detections

    def __init__(
        self,
        opened: Opened,
        views: int = 1,
        score: float | None = None,
        scores: Mapping[str, float] | None = None,
        exact: bool = False,
    ) -> None:
        best = opened.metrics.get("val/score_at_best_f1", SCORE)
        self.score = float(best if score is None else score)
        self.scores = dict(scores or {})
        self.geometry = str(opened.task.get("geometry", "box"))
        #: Of images in training, where boxes were learnt as shares of it; else 0.
        self.side = int(opened.options.get("side", 0))
        super().__init__(opened, views, exact)

    @property
    def least(self) -> Tensor:
        """The least score of an object of each class (K,)."""
        return torch.tensor([self.scores.get(name, self.score) for name in self.classes])

    def build(self) -> torch.nn.Module:
        """Build the model, in which views are averaged."""
        return self.opened.build(**({"views": self.views} if self.views > 1 else {}))

    @property
    def share(self) -> float:
        """The share of the least score from which on a tile's detections count."""
        return 0.0 if self.exact else FAINT

    def settings(self) -> dict[str, Any]:
        """With the scores from which on detections count."""
        return {**super().settings(), "least": (self.share * self.least).tolist()}

    def thresholds(self) -> dict[str, float]:
        """Return the least score of an object."""
        return {"score": self.score}

    def compute(self, images: Tensor) -> list[dict[str, Tensor]]:
        """Return the detections of each image (B, C, H, W)."""
        found: list[dict[str, Tensor]] = self.engine.model(images)
        return found

    def prepare(
        self, source: Any, tile: int | None = None, overlap: int | None = None, batch: int | None = None
    ) -> Work:
        """Divide an image into tiles; a model that learnt shares of its crops sees nothing larger."""
        opened = self.open(source)
        if (work := self.resized(opened, tile, overlap)) is not None:
            return work
        size = tile or self.tile
        if self.side and size > self.side:
            raise ZooError(
                f"--tile {size} is too large: the model learnt boxes as shares of images of {self.side} pixels"
            )
        return self.divide(opened, size, self.overlap(size) if overlap is None else overlap, batch)

    def overlap(self, size: int) -> int:
        """Return an overlap in which the largest object of the training data lies whole.

        It is at most half a tile: larger objects are put together from their parts.
        """
        largest = self.opened.profile.object_size if self.opened.profile else None
        if largest is None:
            return min(size // 2, int(self.data["overlap"]))
        return min(size // 2, 8 * -(-int(LARGER * largest.largest + 8) // 8))

    def finish(self, prepared: Work, answers: Iterable[Said]) -> Detections:
        """Merge the detections of the tiles to those of the scene, best first, on the map where it lies on one."""
        found, place = self.merge(answers), prepared.source.place
        boxes, names = found["boxes"].numpy(), tuple(self.classes[label] for label in found["labels"].tolist())
        outlines = place.map(box_geometry.corners(boxes.astype(np.float64)))
        return Detections(boxes, found["scores"].numpy(), names, outlines, place.name)

    def merge(self, answers: Iterable[Said]) -> Found:
        """Return the detections of a scene by those of all its tiles, best first."""
        rows = RowMerger(self.geometry, self.least, self.share)
        parts = [rows.nothing(), *(found for piece, answer in answers for found in rows.take(piece.tile, answer))]
        whole = {key: torch.cat([part[key] for part in parts]) for key in ("boxes", "scores", "labels")}
        order = torch.argsort(whole["scores"], descending=True, stable=True)
        return {key: value[order] for key, value in whole.items()}


class RowMerger:
    """Merges the detections of a scene's tiles, given in order, and hands on what is settled after each row."""

    def __init__(self, geometry: str, least: Tensor, share: float = 0.0) -> None:
        self.merger, self.least, self.share = SceneMerger(geometry), least, share  # (K,)

    def nothing(self) -> dict[str, Tensor]:
        """Return the detections of a tile without data."""
        boxes = torch.zeros(0, self.merger.geometry.box_size)
        return {"boxes": boxes, "scores": torch.zeros(0), "labels": torch.zeros(0).long()}

    def counted(self, detections: Found | None) -> Found:
        """Return those detections of a tile that count, None where it has no data."""
        if detections is None:
            return self.nothing()
        strong = detections["scores"] >= self.share * self.least[detections["labels"]]
        return {key: detections[key][strong].cpu() for key in ("boxes", "scores", "labels")}

    def take(self, tile: Tile, detections: Found | None) -> Iterator[Found]:
        """Take those of the next tile, None where it has no data; yield what is settled by it."""
        self.merger.add(tile, self.counted(detections))
        if tile.ends_row:
            settled = self.merger.settle(tile.scene, float("inf") if tile.ends_scene else tile.next_y)
            shown = settled["scores"] >= self.least[settled["labels"]]
            yield {key: value[shown] for key, value in settled.items()}
