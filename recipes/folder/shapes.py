"""Shapes that people draw around objects: from polygons of any kind to rectangles, and what is lost on the way.

Shapes are points (M, 2) in pixels, y pointing down. The smallest rectangle around a polygon has a side along a side of
the polygon's convex hull (Freeman and Shapira 1975, https://doi.org/10.1145/360881.360919), so those are tried.
"""

from collections.abc import Sequence

import numpy as np

from zoo.geometry import box_geometry

#: A shape whose corners lie this near to those of its axis-aligned box is that box, pixels.
ALIGNED = 1e-3
#: The first side of a shape is kept as the rectangle's first side when that costs at most this share of the area.
ALIKE = 1e-6
#: A rectangle may be larger than its shape by this share before the shape counts as no rectangle.
SQUARE = 0.01


def without_repeats(points: np.ndarray) -> np.ndarray:
    """Return points (M, 2) without those that the next one repeats, the first being the next of the last."""
    if len(points) < 2:
        return points
    repeated = (points == np.concatenate([points[1:], points[:1]])).all(axis=1)
    return points[~repeated] if repeated.any() else points


def aligned(quads: np.ndarray) -> np.ndarray:
    """Say, bool (N,), which of quads (N, 4, 2) are axis-aligned boxes, whichever corner comes first and either way round."""
    return alike(quads, box_geometry.corners(box_geometry.hulls(quads)), ALIGNED)


def alike(those: np.ndarray, others: np.ndarray, tolerance: float) -> np.ndarray:
    """Say, bool (N,), which outlines (N, M, 2) have the same corners in the same round, whichever is first and either way."""
    ways = [np.roll(way, turn, axis=1) for way in (others, others[:, ::-1]) for turn in range(others.shape[1])]
    with np.errstate(invalid="ignore"):
        return np.any([(np.abs(way - those) <= tolerance).all(axis=(1, 2)) for way in ways], axis=0)


def are_rectangles(quads: np.ndarray) -> np.ndarray:
    """Say, bool (N,), which of quads (N, 4, 2) are rectangles, within `ALIGNED` pixels."""
    return alike(quads, box_geometry.corners(around_quads(quads)), ALIGNED)


def crossing(quads: np.ndarray) -> np.ndarray:
    """Say, bool (N,), which of quads (N, 4, 2) have two sides that cross each other."""
    a, b, c, d = (quads[:, index] for index in range(4))
    return separated(a, b, c, d) & separated(c, d, a, b) | separated(b, c, d, a) & separated(d, a, b, c)


def separated(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Say, bool (N,), whether c and d (N, 2) lie strictly on different sides of the line through a and b."""
    with np.errstate(over="ignore", invalid="ignore"):  # infinite coordinates are told later, as boxes
        along = b - a
        one, other = (along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0] for to in (c - a, d - a))
        return one * other < 0


def uncrossed(quads: np.ndarray) -> np.ndarray:
    """Return quads (N, 4, 2) with their corners in the order around their centre: their hulls, where two sides crossed."""
    rays = quads - quads.mean(axis=1, keepdims=True)
    order = np.argsort(np.arctan2(rays[..., 1], rays[..., 0]), axis=1)
    return np.take_along_axis(quads, order[..., None], axis=1)


def areas(those: Sequence[np.ndarray]) -> np.ndarray:
    """Return the areas (N,) of shapes (M, 2), pixels²; of the hull where a polygon crosses itself, NaN of infinite ones."""
    found = np.zeros(len(those))
    four = np.array([len(shape) == 4 for shape in those], bool)
    if four.any():
        with np.errstate(over="ignore", invalid="ignore"):
            found[four] = box_geometry.areas(np.stack([shape for shape in those if len(shape) == 4]))
    for index in np.flatnonzero(~four).tolist():
        found[index] = polygon_area(those[index])
    return found


def outline_mask(mask: np.ndarray) -> list[list[np.ndarray]]:
    """Return the parts of a mask (H, W) bool as their outer rings and holes (M, 2), along the edges of its pixels."""
    from rasterio.features import shapes as trace

    parts = [geometry["coordinates"] for geometry, _ in trace(mask.astype(np.uint8), mask=mask)]
    return [[np.array(ring[:-1], np.float64) for ring in part] for part in parts]


def polygon_area(points: np.ndarray) -> float:
    """Return the area of a polygon (M, 2); of its convex hull where it crosses itself."""
    import shapely

    if len(points) < 3 or not np.isfinite(points).all():
        return 0.0
    polygon = shapely.polygons(points)
    return float((polygon if polygon.is_valid else polygon.convex_hull).area)


def rectangles(shapes: Sequence[np.ndarray]) -> np.ndarray:
    """Return the smallest rectangles (N, 5) around shapes (M, 2): centre, width, height, degrees counter-clockwise.

    The width lies along the first side of the shape where the shape is a rectangle, so that its front stays its front.
    """
    found = np.zeros((len(shapes), 5))
    four = np.array([len(shape) == 4 for shape in shapes], bool)
    if four.any():
        found[four] = around_quads(np.stack([shape for shape in shapes if len(shape) == 4]))
    for index in np.flatnonzero(~four).tolist():
        found[index] = around_polygon(np.asarray(shapes[index], np.float64))
    return found


def around_quads(quads: np.ndarray) -> np.ndarray:
    """Return the smallest rectangles (N, 5) around quads (N, 4, 2); the sides of the hull are among the six pairs."""
    pairs = ((0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (1, 3))
    sides = np.stack([quads[:, b] - quads[:, a] for a, b in pairs], axis=1)  # (N, 6, 2)
    return smallest(quads, sides)


def around_polygon(points: np.ndarray) -> np.ndarray:
    """Return the smallest rectangle (5,) around a polygon (M, 2)."""
    import shapely

    hull = shapely.get_coordinates(shapely.convex_hull(shapely.multipoints(points)))
    sides = np.concatenate([points[1:2] - points[:1], np.diff(hull, axis=0)])
    return smallest(points[None], sides[None])[0]


def smallest(points: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Return the smallest of the rectangles (N, 5) around points (N, M, 2) that lie along one of the sides (N, S, 2)."""
    lengths = np.linalg.norm(sides, axis=2, keepdims=True)
    along = np.where(lengths > 0, sides / np.where(lengths > 0, lengths, 1), (1.0, 0.0))  # (N, S, 2)
    down = np.stack([-along[..., 1], along[..., 0]], axis=2)  # a quarter turn clockwise, as y points down
    spans = [points @ axes.transpose(0, 2, 1) for axes in (along, down)]  # (N, M, S)
    low, high = (np.stack([pick(span, axis=1) for span in spans], axis=2) for pick in (np.min, np.max))  # (N, S, 2)
    size = high - low
    whole = size.prod(axis=2)
    best = whole.argmin(axis=1)
    rows = np.arange(len(points))
    best = np.where(whole[:, 0] <= whole[rows, best] * (1 + ALIKE), 0, best)
    axis, across_it, middle = along[rows, best], down[rows, best], ((low + high) / 2)[rows, best]
    centre = middle[:, :1] * axis + middle[:, 1:] * across_it
    degrees = np.rad2deg(np.arctan2(-axis[:, 1], axis[:, 0]))
    return np.concatenate([centre, size[rows, best], degrees[:, None]], axis=1)
