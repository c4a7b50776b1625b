"""Detections of tiles, put together to those of a scene: each object once.

A whole detection counts where its centre is in the core of its tile, or so near to it that two tiles may place it on
either side; what is then found twice is removed by non-maximum suppression between tiles. A detection that is cut by
an inner edge of its tile gives way to the tile that sees more of it. Where none does, because the object is larger
than the overlap, the parts that agree where both tiles look are fused. What one tile says twice is its model's affair.
The result does not depend on the order of the tiles, nor on how much of a scene is settled at a time.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from zoo.detection import fusion, seams
from zoo.detection.geometry import geometry as geometry_named
from zoo.geometry import box_geometry
from zoo.geometry.tiles import Tile

Detections = dict[str, Tensor]
#: How far beyond its core, in sides of the object, a tile's detection may count: boxes that are more apart than this
#: have an IoU below `seams.SAME`, and are two objects. At least `NEAR` pixels.
BEYOND, NEAR = 1 / 3, 2.0


def to_scene(tile: Tile, boxes: Tensor) -> Tensor:
    """Move boxes (N, 4 or 5) from pixels of the tile, as it is seen, to pixels of the scene."""
    moved = boxes.clone() if tile.seen is None else scaled(boxes, *tile.factors)
    moved[:, 0] += tile.x
    moved[:, 1] += tile.y
    if boxes.shape[1] == 4:
        moved[:, 2] += tile.x
        moved[:, 3] += tile.y
    return moved


def scaled(boxes: Tensor, x: float, y: float) -> Tensor:
    """Return boxes (N, 4 or 5) in a picture that is scaled by x and y, which are alike but for what is rounded."""
    mean = (x * y) ** 0.5
    return boxes * boxes.new_tensor((x, y, x, y) if boxes.shape[1] == 4 else (x, y, mean, mean, 1.0))


@dataclass
class Pending:
    """The detections of a scene that later tiles may still change, and the tiles that they are from."""

    box_size: int
    tiles: list[Tile] = field(default_factory=list)
    found: list[Detections] = field(default_factory=list)  # one entry a tile

    def table(self) -> Detections:
        """Return all: boxes (N, D), scores, labels and owner (N,), in an order that only they themselves decide."""
        none = {"boxes": torch.zeros(0, self.box_size), "scores": torch.zeros(0), "labels": torch.zeros(0).long()}
        whole = {key: torch.cat([none[key], *(part[key] for part in self.found)]) for key in none}
        counts = torch.tensor([len(part["labels"]) for part in self.found], dtype=torch.long)
        whole["owner"] = torch.repeat_interleave(torch.arange(len(counts)), counts)
        places = torch.tensor([(t.y, t.x) for t in self.tiles], dtype=torch.long).view(-1, 2)[whole["owner"]]
        order = canonical(whole, places)
        return {key: value[order] for key, value in whole.items()}

    def keep(self, rows: Detections, below: float) -> None:
        """Keep these rows of the table, and the tiles that end at row `below` or further down."""
        used = set(rows["owner"].tolist())
        left = [i for i, tile in enumerate(self.tiles) if i in used or tile.y + tile.height > below]
        keys = ("boxes", "scores", "labels")
        self.found = [{key: rows[key][rows["owner"] == i] for key in keys} for i in left]
        self.tiles = [self.tiles[i] for i in left]


class SceneMerger:
    """Collects the detections of tiles, in any order, and gives those of each scene."""

    def __init__(self, geometry: str = "box") -> None:
        self.geometry = geometry_named(geometry)
        self.pending: dict[str, Pending] = defaultdict(lambda: Pending(self.geometry.box_size))

    def add(self, tile: Tile, detections: Mapping[str, Tensor]) -> None:
        """Take the detections of one tile: boxes (N, D) in its pixels, scores and labels (N,)."""
        boxes = to_scene(tile, detections["boxes"].float())
        hulls = box_geometry.hulls(box_geometry.corners(boxes.numpy()))
        cut = seams.reached(hulls, seams.windows([tile])).any(axis=1)
        inside = cut | self.near_core(boxes, hulls, tile)
        kept = torch.from_numpy(inside & (hulls[:, 2:] > hulls[:, :2]).all(axis=1))
        scores, labels = detections["scores"].float(), detections["labels"]
        scene = self.pending[tile.scene]
        scene.tiles.append(tile)
        scene.found.append({"boxes": boxes[kept], "scores": scores[kept], "labels": labels[kept]})

    def near_core(self, boxes: Tensor, hulls: np.ndarray, tile: Tile) -> np.ndarray:
        """Tell which boxes (N, D) have their centre in the tile's core or near to it."""
        centres, core = self.geometry.centres(boxes).double().numpy(), np.array(tile.core)
        slack = np.maximum(NEAR, BEYOND * (hulls[:, 2:] - hulls[:, :2]))
        return ((centres >= core[:2] - slack) & (centres < core[2:] + slack)).all(axis=1)

    def scenes(self) -> dict[str, Detections]:
        """Return the detections of every scene that are not yet settled, best first."""
        return {name: merged(scene)[0] for name, scene in self.pending.items()}

    def settle(self, scene: str, below: float) -> Detections:
        """Take out, best first, what tiles that begin at row `below` or further down cannot change any more."""
        pending = self.pending[scene]
        settled, rest = merged(pending, below)
        pending.keep(rest, below)
        return settled


def merged(scene: Pending, below: float = float("inf")) -> tuple[Detections, Detections]:
    """Return what is found in a scene above row `below`, and the rows of the table that later tiles may change."""
    table = scene.table()
    boxes, labels, owner = (table[key].numpy() for key in ("boxes", "labels", "owner"))
    seen = seams.look(boxes, labels, owner, scene.tiles)
    left = np.flatnonzero(~seams.give_way(seen, scene.tiles))
    seen = seen.only(left)
    relations = seams.relate(seen, scene.tiles)
    related = fusion.components(len(left), relations.pairs)
    lowest = np.full(len(left), -np.inf)
    np.maximum.at(lowest, related, seen.hulls[:, 3])
    final = lowest[related] < below
    stay, groups = fusion.choose(seen, relations)
    found = {key: table[key][left] for key in ("boxes", "scores", "labels")}
    found["boxes"] = torch.from_numpy(fusion.fuse(found["boxes"].numpy(), seen, stay, groups))
    shown, rest = torch.from_numpy(stay & final), torch.from_numpy(left[~final])
    return {key: value[shown] for key, value in found.items()}, {key: value[rest] for key, value in table.items()}


def canonical(detections: Mapping[str, Tensor], places: Tensor) -> Tensor:
    """Return the order by falling score, then by class, coordinates and place (N, 2) of the tile: equal ones have one too."""
    boxes, labels = detections["boxes"].double(), detections["labels"].double()
    keys = [*places.double().T, *boxes.T.flip(0), labels, -detections["scores"].double()]
    order = torch.arange(len(labels))
    for key in keys:
        order = order[torch.argsort(key[order], stable=True)]
    return order
