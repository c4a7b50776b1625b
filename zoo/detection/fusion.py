"""Fusion: of the detections of a scene, related pair by pair, one is left for each object.

Detections are in their canonical order, best first, so the lower index of a pair is the better one.
"""

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from zoo.detection.seams import Relations, Seen


def components(count: int, pairs: np.ndarray) -> np.ndarray:
    """Return for each of `count` detections the number of its component (N,), of which pairs (P, 2) are the edges."""
    edges = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return connected_components(edges, directed=False)[1]


def choose(seen: Seen, relations: Relations) -> tuple[np.ndarray, np.ndarray]:
    """Return which detections (N,) stay, and the number of the group (N,) of those that are fused into one.

    Of whole detections that are the same, the best stays. A cut one goes where a whole one covers it. Cut ones that
    continue one another are fused when each is the other's best in its tile; one that is nobody's best goes.
    """
    stay = np.ones(len(seen.owner), bool)
    for better, other in relations.pairs[relations.same]:
        if stay[better]:
            stay[other] = False
    covered = relations.pairs[relations.covers]
    stay[covered[~seen.whole[covered]]] = False
    pairs = relations.pairs[relations.continues]
    pairs = pairs[stay[pairs].all(axis=1)]
    mutual = pairs[best_of_both(seen, pairs)]
    lonely = np.setdiff1d(pairs, mutual)
    stay[lonely] = False
    groups = components(len(stay), mutual)
    first = np.full(groups.max(initial=-1) + 1, len(stay))
    np.minimum.at(first, groups, np.arange(len(stay)))
    stay &= first[groups] == np.arange(len(stay))  # the best speaks for its group
    return stay, groups


def best_of_both(seen: Seen, pairs: np.ndarray) -> np.ndarray:
    """Tell of which pairs (P, 2) each is the best partner of the other in the other's tile."""
    best: dict[tuple[int, int], int] = {}
    for a, b in pairs.tolist():
        for one, other in ((a, b), (b, a)):
            key = (one, int(seen.owner[other]))
            best[key] = min(best.get(key, other), other)
    wanted = [best[a, int(seen.owner[b])] == b and best[b, int(seen.owner[a])] == a for a, b in pairs.tolist()]
    return np.array(wanted, bool)


def fuse(boxes: np.ndarray, seen: Seen, stay: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return boxes (N, D) in which those that stay for a group of several span all of it."""
    fused = boxes.copy()
    sizes = np.bincount(groups, minlength=1)
    for index in np.flatnonzero(stay & (sizes[groups] > 1)):
        members = groups == groups[index]
        if boxes.shape[1] == 4:
            fused[index] = np.concatenate([seen.hulls[members, :2].min(axis=0), seen.hulls[members, 2:].max(axis=0)])
        else:
            fused[index] = spanning(seen.polygons[members], float(boxes[index, 4]))
    return fused


def spanning(polygons: np.ndarray, degrees: float) -> np.ndarray:
    """Return the smallest rotated box (5,), centre, width, height, degrees, around polygons; turned as `degrees` is.

    Of the four ways to write a rectangle it is the one whose angle is nearest to `degrees`.
    """
    frame = shapely.minimum_rotated_rectangle(shapely.multipoints(shapely.get_coordinates(polygons)))
    corners = shapely.get_coordinates(frame)[:4]
    along, across = corners[1] - corners[0], corners[2] - corners[1]
    angle = np.degrees(np.arctan2(-along[1], along[0]))  # counter-clockwise, y points down
    width, height = np.hypot(*along), np.hypot(*across)
    turns = round((degrees - angle) / 90)
    if turns % 2:
        width, height = height, width
    return np.array([*corners.mean(axis=0), width, height, angle + 90 * turns])
