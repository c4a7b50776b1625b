"""Outlines of annotated objects, measured all at once: size, slant, crowding.

An outline is four corners (x, y) in pixels, in their order; boxes of any convention become outlines first.
"""

import numpy as np

from zoo.errors import ZooError
from zoo.geometry.tiles import spans

#: An axis-aligned box around an outline that fills less than this of it has an IoU below 0.75 with the object, at which
#: COCO's metric counts a detection as accurate (https://cocodataset.org/#detection-eval, AP75).
FILLED = 0.75
#: Pairs are looked for this many outlines at a time, to bound the memory.
CHUNK = 20_000
#: Pixels to which overlaps are computed. Without a grid GEOS 3.14 finds no overlap at all of about one in 20,000 pairs of
#: rectangles whose corners differ by rounding alone.
GRID = 1e-6


def corners(boxes: np.ndarray) -> np.ndarray:
    """Return the corners (N, 4, 2) of boxes (N, 4) xyxy, (N, 5) centre, width, height, degrees, or (N, 8) corners."""
    boxes = np.asarray(boxes, np.float64)
    if boxes.ndim != 2 or boxes.shape[1] not in (4, 5, 8):
        raise ZooError(f"boxes have the shape {boxes.shape}; they are (N, 4) xyxy, (N, 5) rotated or (N, 8) corners")
    if boxes.shape[1] == 8:
        return boxes.reshape(-1, 4, 2)
    if boxes.shape[1] == 4:
        return boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    turn = np.deg2rad(boxes[:, 4])
    along = np.stack([np.cos(turn), -np.sin(turn)], axis=1) * boxes[:, 2:3] / 2  # counter-clockwise, y points down
    across = np.stack([np.sin(turn), np.cos(turn)], axis=1) * boxes[:, 3:4] / 2
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return np.stack([boxes[:, :2] + a * along + b * across for a, b in signs], axis=1)


def hulls(outlines: np.ndarray) -> np.ndarray:
    """Return the axis-aligned boxes (N, 4) xyxy around outlines (N, 4, 2)."""
    return np.concatenate([outlines.min(axis=1), outlines.max(axis=1)], axis=1)


def longer_sides(outlines: np.ndarray) -> np.ndarray:
    """Return the length (N,) of the longer side of each outline, pixels."""
    return np.linalg.norm(outlines - np.roll(outlines, 1, axis=1), axis=2).max(axis=1)


def areas(outlines: np.ndarray) -> np.ndarray:
    """Return the areas (N,) of outlines (N, 4, 2), by the shoelace formula."""
    x, y = outlines[..., 0], outlines[..., 1]
    return np.abs((x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1)) / 2


def rotated_share(outlines: np.ndarray, boxes: np.ndarray) -> float:
    """Return the share of outlines that fill less than `FILLED` of their axis-aligned boxes (N, 4)."""
    whole = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return float((areas(outlines) < FILLED * whole).mean()) if len(outlines) else 0.0


def counts(images: np.ndarray, total: int) -> np.ndarray:
    """Return how many objects each of `total` images has."""
    return np.bincount(np.asarray(images, np.int64), minlength=total)


def objects_per_tile(boxes: np.ndarray, images: np.ndarray, sizes: np.ndarray, tile: int) -> np.ndarray:
    """Count the boxes (N, 4) whose centre is in each tile of all images, tiles of `tile` pixels without overlap."""
    x, y = ((boxes[:, :2] + boxes[:, 2:]) / 2).T
    which, kinds = np.zeros(len(boxes), np.int64), np.unique(sizes, axis=0)
    tiles = np.zeros(len(sizes), np.int64)
    for height, width in kinds:
        edges_y, edges_x = ([span.low for span in spans(int(length), tile, 0)][1:] for length in (height, width))
        same = (sizes == (height, width)).all(axis=1)
        tiles[same] = (len(edges_y) + 1) * (len(edges_x) + 1)
        here = same[images]
        rows, columns = np.searchsorted(edges_y, y[here], "right"), np.searchsorted(edges_x, x[here], "right")
        which[here] = rows * (len(edges_x) + 1) + columns
    first = np.concatenate([[0], np.cumsum(tiles)])
    return counts(first[images] + which, int(first[-1]))


def shared_area(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the area (P,) that polygons (P,) share with others (P,), square pixels."""
    import shapely

    return np.asarray(shapely.area(shapely.intersection(first, second, grid_size=GRID)))


def neighbour_overlap(outlines: np.ndarray, labels: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Return each outline's largest IoU (N,) with another one of the same class in the same image."""
    import shapely

    if not len(outlines):
        return np.zeros(0)
    shift = np.stack([images * (np.ptp(outlines[..., 0]) + 1), labels * (np.ptp(outlines[..., 1]) + 1)], axis=1)
    polygons = shapely.polygons(outlines + shift[:, None])  # images side by side, classes one below the other
    polygons = np.where(shapely.is_valid(polygons), polygons, shapely.convex_hull(polygons))
    tree, area = shapely.STRtree(polygons), shapely.area(polygons)
    largest = np.zeros(len(outlines))
    boxes = hulls(outlines)
    aligned = np.allclose(area, (boxes[:, 2:] - boxes[:, :2]).prod(axis=1), rtol=1e-9)
    for begin in range(0, len(outlines), CHUNK):
        a, b = tree.query(polygons[begin : begin + CHUNK])
        a = a + begin
        a, b = a[a != b], b[a != b]
        if aligned:
            sides = np.minimum(boxes[a, 2:], boxes[b, 2:]) - np.maximum(boxes[a, :2], boxes[b, :2])
            shared = sides.clip(min=0).prod(axis=1)
        else:
            shared = shared_area(polygons[a], polygons[b])
        np.maximum.at(largest, a, shared / np.maximum(area[a] + area[b] - shared, 1e-9))
    return largest
