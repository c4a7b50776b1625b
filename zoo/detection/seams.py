"""Seams: which detections of neighbouring tiles are the same object, decided pair by pair.

A detection is *cut* where it reaches an inner edge of its tile (one that is not an edge of the scene). What is decided
here rests on the detections of a pair and their tiles alone, never on the order in which they came, and on the part of
them inside their tiles: so it holds for a scene as a whole, and for a part that no later tile can reach.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from zoo.geometry import box_geometry
from zoo.geometry.tiles import Tile

#: Detections of two tiles that overlap more than this, as intersection over union, are one object.
SAME = 0.5
#: A cut detection of which a whole one covers more than this share gives way to it.
COVERED = 0.5
#: A detection ends at an edge when it comes nearer than this many pixels, or than this share of its own side.
NEAR, NEAR_SHARE = 2.0, 0.05


@dataclass(frozen=True)
class Seen:
    """Detections with what is known of them from their tiles: N of them, in M tiles.

    `polygons` (N,) are the parts inside the tile, `hulls` (N, 4) xyxy their boxes, `owner` (N,) the index of the tile,
    `cut` (N, 4) whether they reach its inner edges at the left, top, right and bottom.
    """

    polygons: np.ndarray
    hulls: np.ndarray
    owner: np.ndarray
    labels: np.ndarray
    cut: np.ndarray

    @property
    def whole(self) -> np.ndarray:
        """Which (N,) reach no inner edge."""
        return np.asarray(~self.cut.any(axis=1))

    def only(self, rows: np.ndarray) -> "Seen":
        """Return those at the indices `rows`."""
        return Seen(self.polygons[rows], self.hulls[rows], self.owner[rows], self.labels[rows], self.cut[rows])


def windows(tiles: Sequence[Tile]) -> np.ndarray:
    """Return the windows (M, 4) xyxy of tiles, open to infinity at the edges of the scene."""
    inner = np.array([(t.x, t.y, t.x + t.width, t.y + t.height) for t in tiles], np.float64).reshape(-1, 4)
    core = np.array([t.core for t in tiles], np.float64).reshape(-1, 4)
    return np.where(np.isinf(core), core, inner)


def reached(hulls: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Tell which inner edges (N, 4) of windows (N or 1, 4) the hulls (N, 4) xyxy reach."""
    sides = hulls[:, 2:] - hulls[:, :2]
    slack = np.maximum(NEAR, NEAR_SHARE * sides)
    return np.concatenate([hulls[:, :2] - slack < window[:, :2], hulls[:, 2:] + slack > window[:, 2:]], axis=1)


def look(boxes: np.ndarray, labels: np.ndarray, owner: np.ndarray, tiles: Sequence[Tile]) -> Seen:
    """Return what is known of boxes (N, D) in scene pixels, of the tiles that `owner` (N,) points to."""
    corners = box_geometry.corners(boxes)
    window = windows(tiles)[owner]
    cut = reached(box_geometry.hulls(corners), window)
    polygons = np.array(shapely.polygons(corners), object).reshape(-1)
    some = np.flatnonzero(cut.any(axis=1))
    if len(some):
        low, high = corners[some].min(axis=(1, 2)) - 1, corners[some].max(axis=(1, 2)) + 1
        edges = np.clip(window[some], low[:, None], high[:, None])  # GEOS knows no infinity
        polygons[some] = shapely.intersection(polygons[some], shapely.box(*edges.T))
    hulls = shapely.bounds(polygons) if len(polygons) else np.zeros((0, 4))
    return Seen(polygons, hulls, owner, labels, cut)


def give_way(seen: Seen, tiles: Sequence[Tile]) -> np.ndarray:
    """Tell which (N,) cut detections lie in another tile as well, and reach fewer of its inner edges there.

    That tile sees more of the object; what it says of it counts.
    """
    leaves = np.zeros(len(seen.owner), bool)
    some = np.flatnonzero(~seen.whole)
    hulls, cut, owner = seen.hulls[some], seen.cut[some], seen.owner[some]
    for index, window in enumerate(windows(tiles)[:, None] if len(some) else ()):
        inside = (hulls[:, :2] >= window[:, :2]).all(axis=1) & (hulls[:, 2:] <= window[:, 2:]).all(axis=1)
        inside &= owner != index
        there = reached(hulls, window)
        leaves[some] |= inside & (there <= cut).all(axis=1) & (there != cut).any(axis=1)
    return leaves


def neighbours(seen: Seen) -> np.ndarray:
    """Return the pairs (P, 2) of detections of one class, of two tiles, whose hulls meet; the lower index first."""
    if not len(seen.owner):
        return np.zeros((0, 2), np.int64)
    boxes = shapely.box(*seen.hulls.T)
    a, b = shapely.STRtree(boxes).query(boxes)
    wanted = (a < b) & (seen.owner[a] != seen.owner[b]) & (seen.labels[a] == seen.labels[b])
    pairs = np.stack([a[wanted], b[wanted]], axis=1)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


@dataclass(frozen=True)
class Relations:
    """Pairs (P, 2) that are about one object, and which kind each is of.

    `same`: two whole detections; `covers`: a whole one and a cut one; `continues`: two cut ones.
    """

    pairs: np.ndarray
    same: np.ndarray
    covers: np.ndarray
    continues: np.ndarray


def relate(seen: Seen, tiles: Sequence[Tile]) -> Relations:
    """Find the pairs of detections that are about one object."""
    pairs = neighbours(seen)
    a, b = pairs.T
    whole = seen.whole[pairs]  # (P, 2)
    areas = shapely.area(seen.polygons)
    shared = box_geometry.shared_area(seen.polygons[a], seen.polygons[b])
    alike = shared > SAME * np.maximum(areas[a] + areas[b] - shared, 1e-9)
    part = np.where(whole[:, 0], areas[b], areas[a])  # of the cut one, where one is cut
    covers = (whole.sum(axis=1) == 1) & (shared > COVERED * part)
    same = whole.all(axis=1) & alike
    continues = ~whole.any(axis=1) & (alike | continuing(seen, pairs, tiles))
    kept = same | covers | continues
    return Relations(pairs[kept], same[kept], covers[kept], continues[kept])


def continuing(seen: Seen, pairs: np.ndarray, tiles: Sequence[Tile]) -> np.ndarray:
    """Tell which pairs (P, 2) agree where both tiles look, and of which one is cut there by the edge of its tile."""
    agree = np.zeros(len(pairs), bool)
    some = np.flatnonzero(~seen.whole[pairs].any(axis=1))
    if not len(some):
        return agree
    a, b = pairs[some].T
    inner = np.array([(t.x, t.y, t.x + t.width, t.y + t.height) for t in tiles], np.float64)
    one, other = inner[seen.owner[a]], inner[seen.owner[b]]
    zone = np.concatenate([np.maximum(one[:, :2], other[:, :2]), np.minimum(one[:, 2:], other[:, 2:])], axis=1)
    empty = np.asarray((zone[:, 2:] <= zone[:, :2]).any(axis=1))
    frames = shapely.box(*np.where(empty[:, None], 0.0, zone).T)
    parts = [shapely.intersection(seen.polygons[i], frames) for i in (a, b)]
    shared = box_geometry.shared_area(*parts)
    both = shapely.area(parts[0]) + shapely.area(parts[1]) - shared
    faces = facing(seen.cut[a], one, other) | facing(seen.cut[b], other, one)
    agree[some] = ~empty & faces & (shared > SAME * np.maximum(both, 1e-9))
    return agree


def facing(cut: np.ndarray, mine: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Tell which (P,) are cut (P, 4) by an edge of their own window (P, 4) that lies inside the other (P, 4)."""
    low, high = np.tile(other[:, :2], 2), np.tile(other[:, 2:], 2)
    return np.asarray((cut & (mine > low) & (mine < high)).any(axis=1))
