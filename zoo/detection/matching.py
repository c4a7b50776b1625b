"""Matching of detections to ground truth, for pictures, curves and the choice of a threshold; COCO's greedy rule."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from zoo.detection.geometry import geometry as geometry_named

Boxes = Mapping[str, Tensor]


@dataclass(frozen=True)
class Matched:
    """For one scene: which object each detection hit (N,) int64, -1 for none; the scores (N,), falling; how many objects.

    `ignored` (N,) are detections that hit none but a difficult object: neither right nor wrong.
    """

    hits: Tensor
    scores: Tensor
    objects: int
    ignored: Tensor


def match(found: Boxes, truth: Boxes, iou: float = 0.5, geometry: str = "box") -> Matched:
    """Match detections, best score first, each to the free object of its class that it overlaps most, by at least `iou`.

    Objects that are `difficult` (M,) are not counted and cannot be hit; a detection of one is no false alarm.
    """
    order = torch.argsort(found["scores"], descending=True, stable=True)
    labels, difficult = found["labels"][order], difficult_of(truth)
    first, second, overlap = geometry_named(geometry).overlaps(found["boxes"][order], truth["boxes"])
    same = (labels[first] == truth["labels"][second]) & (overlap >= iou)
    first, second, overlap = first[same], second[same], overlap[same]
    hits, taken = torch.full((len(order),), -1), difficult.clone()
    by_overlap = torch.argsort(overlap, descending=True, stable=True)
    for pair in by_overlap[torch.argsort(first[by_overlap], stable=True)].tolist():
        detection, target = int(first[pair]), int(second[pair])
        if hits[detection] < 0 and not taken[target]:
            hits[detection] = target
            taken[target] = True  # an object is hit once
    ignored = torch.zeros(len(order), dtype=torch.bool)
    ignored[first[difficult[second]]] = True
    return Matched(hits, found["scores"][order], int((~difficult).sum()), ignored & (hits < 0))


def difficult_of(truth: Boxes) -> Tensor:
    """Which objects (M,) the annotators call difficult; none where they do not say."""
    return truth.get("difficult", torch.zeros(len(truth["labels"]), dtype=torch.bool)).bool()


@dataclass(frozen=True)
class Curve:
    """Precision and recall after each detection, falling score, over all scenes, which hold so many `objects`."""

    precision: Tensor
    recall: Tensor
    scores: Tensor
    objects: int

    def best(self) -> tuple[float, float]:
        """Return the largest F1 and the score at which it is reached: (0, 1) when nothing was hit, NaN without objects."""
        if not self.objects:
            return float("nan"), float("nan")
        f1 = 2 * self.precision * self.recall / (self.precision + self.recall).clamp(min=1e-9)
        if not len(f1) or float(f1.max()) == 0:
            return 0.0, 1.0
        return float(f1.max()), float(self.scores[f1.argmax()])


def curve(matched: list[Matched]) -> Curve:
    """Put the matches of all scenes together, without those that are ignored."""
    scores = torch.cat([m.scores[~m.ignored] for m in matched])
    order = torch.argsort(scores, descending=True, stable=True)
    hit = torch.cat([m.hits[~m.ignored] >= 0 for m in matched])[order].double().cumsum(0)
    count = torch.arange(1, len(order) + 1, dtype=torch.double)
    objects = sum(m.objects for m in matched)
    return Curve(hit / count, hit / max(1, objects), scores[order], objects)
