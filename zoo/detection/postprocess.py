"""Postprocess: from a score for every class at every point to a list of detections.

Thresholds are low and many detections stay, because aerial scenes are dense and average precision wants the tail.
"""

from dataclasses import dataclass
from typing import TypedDict

import torch
from torch import Tensor

from zoo.detection.geometry import Geometry
from zoo.detection.views import views_named


class PostprocessOptions(TypedDict, total=False):
    """The fields of `Postprocess` as options of `build`."""

    score_threshold: float
    nms_threshold: float
    max_detections: int
    candidates: int
    views: int


@dataclass(frozen=True)
class Postprocess:
    """Keeps scores over `score_threshold`, one box of those of a class that overlap more, at most `max_detections`.

    `candidates` are looked at, and `views` of the image are averaged before (`zoo.detection.views`).
    """

    score_threshold: float = 0.005
    nms_threshold: float = 0.55
    max_detections: int = 1000
    candidates: int = 4000
    views: int = 1

    def __post_init__(self) -> None:
        views_named(self.views)

    def __call__(self, geometry: Geometry, boxes: Tensor, scores: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        """Detections of one image of size (H, W) from boxes (P, D) and scores (P, K) in [0, 1], best first."""
        flat = scores.flatten()
        kept = torch.nonzero(flat > self.score_threshold).flatten()
        best = kept[flat[kept].topk(min(self.candidates, len(kept))).indices]
        points = torch.div(best, scores.shape[1], rounding_mode="floor")
        chosen, labels = geometry.clip(boxes[points], *size), best % scores.shape[1]
        stay = geometry.suppress(chosen, flat[best], labels, self.nms_threshold)[: self.max_detections]
        return {"boxes": chosen[stay], "scores": flat[best][stay], "labels": labels[stay]}
