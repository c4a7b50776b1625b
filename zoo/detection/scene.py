"""Detections of tiles, put together to those of a scene: each object once.

A detection counts where its centre is in the core of its tile, and cores partition the scene; what is then found twice,
because two tiles place a centre on either side of their seam, is removed as within a tile, by non-maximum suppression.
The result does not depend on the order of the tiles.
"""

from collections import defaultdict
from collections.abc import Mapping

import torch
from torch import Tensor

from zoo.detection.geometry import geometry as geometry_named
from zoo.tiles import Tile

Detections = dict[str, Tensor]


def to_scene(tile: Tile, boxes: Tensor) -> Tensor:
    """Move boxes (N, 4 or 5) from pixels of the tile to pixels of the scene."""
    moved = boxes.clone()
    moved[:, 0] += tile.x
    moved[:, 1] += tile.y
    if boxes.shape[1] == 4:
        moved[:, 2] += tile.x
        moved[:, 3] += tile.y
    return moved


class SceneMerger:
    """Collects the detections of tiles, in any order, and gives those of each scene."""

    def __init__(self, geometry: str = "box", nms_threshold: float = 0.6) -> None:
        self.geometry, self.nms_threshold = geometry_named(geometry), nms_threshold
        self.parts: dict[str, list[Detections]] = defaultdict(list)

    def add(self, tile: Tile, detections: Mapping[str, Tensor]) -> None:
        """Keep the detections of one tile that are its own: boxes (N, D) in its pixels, scores and labels (N,)."""
        boxes = to_scene(tile, detections["boxes"].float())
        x, y = self.geometry.centres(boxes).T
        x0, y0, x1, y1 = tile.core
        own = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
        scores, labels = detections["scores"].float(), detections["labels"]
        self.parts[tile.scene].append({"boxes": boxes[own], "scores": scores[own], "labels": labels[own]})

    def scenes(self) -> dict[str, Detections]:
        """Return the detections of every scene, best first."""
        return {name: self.merged(parts) for name, parts in self.parts.items()}

    def merged(self, parts: list[Detections]) -> Detections:
        """Put the parts of a scene together, in an order that only the detections themselves decide."""
        whole = {key: torch.cat([part[key] for part in parts]) for key in ("boxes", "scores", "labels")}
        order = canonical(whole)
        whole = {key: value[order] for key, value in whole.items()}
        kept = self.geometry.suppress(whole["boxes"], whole["scores"], whole["labels"], self.nms_threshold)
        return {key: value[kept] for key, value in whole.items()}


def canonical(detections: Detections) -> Tensor:
    """Return the order by falling score, then by class and coordinates, so that equal scores have one order too."""
    keys = [*detections["boxes"].T.flip(0), detections["labels"].double(), -detections["scores"]]
    order = torch.arange(len(detections["scores"]))
    for key in keys:
        order = order[torch.argsort(key[order], stable=True)]
    return order
