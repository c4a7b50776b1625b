"""Matching of detections to ground truth, for pictures, curves and the choice of a threshold; COCO's greedy rule."""

from dataclasses import dataclass

import torch
from torch import Tensor

from zoo.detection.geometry import geometry as geometry_named

Boxes = dict[str, Tensor]


@dataclass(frozen=True)
class Matched:
    """For one scene: which object each detection hit (N,) int64, -1 for none; the scores (N,), falling."""

    hits: Tensor
    scores: Tensor
    objects: int


def match(found: Boxes, truth: Boxes, iou: float = 0.5, geometry: str = "box") -> Matched:
    """Match detections, best score first, each to the free object of its class that it overlaps most, by at least `iou`."""
    order = torch.argsort(found["scores"], descending=True, stable=True)
    overlaps = geometry_named(geometry).iou(found["boxes"][order], truth["boxes"])  # (N, M)
    same = found["labels"][order][:, None] == truth["labels"][None]
    overlaps = torch.where(same, overlaps, torch.zeros_like(overlaps))
    hits = torch.full((len(order),), -1)
    for i in range(len(order) if truth["boxes"].numel() else 0):
        best = int(overlaps[i].argmax())
        if overlaps[i, best] >= iou:
            hits[i] = best
            overlaps[:, best] = 0  # an object is hit once
    return Matched(hits, found["scores"][order], len(truth["boxes"]))


@dataclass(frozen=True)
class Curve:
    """Precision and recall after each detection, falling score, over all scenes."""

    precision: Tensor
    recall: Tensor
    scores: Tensor

    def best(self) -> tuple[float, float]:
        """Return the largest F1 and the score at which it is reached; (0, 1) when nothing was hit."""
        f1 = 2 * self.precision * self.recall / (self.precision + self.recall).clamp(min=1e-9)
        if not len(f1) or float(f1.max()) == 0:
            return 0.0, 1.0
        return float(f1.max()), float(self.scores[f1.argmax()])


def curve(matched: list[Matched]) -> Curve:
    """Put the matches of all scenes together."""
    scores = torch.cat([m.scores for m in matched])
    order = torch.argsort(scores, descending=True, stable=True)
    hit = torch.cat([m.hits >= 0 for m in matched])[order].double().cumsum(0)
    count = torch.arange(1, len(order) + 1, dtype=torch.double)
    return Curve(hit / count, hit / max(1, sum(m.objects for m in matched)), scores[order])
