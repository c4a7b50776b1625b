"""Tiles: a scene of any size as a grid of overlapping windows whose cores cover it exactly once.

The core of a tile is the tile less half of its overlap with each neighbour. The cores partition the scene, so what is
decided by “whose core is this in” is decided once, whatever the order of the tiles.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from zoo.errors import ZooError


class Tile(NamedTuple):
    """A window of a scene, in pixels: its left upper corner, its size, and its core in scene coordinates."""

    x: int
    y: int
    width: int
    height: int
    core: tuple[float, float, float, float]  # x0, y0, x1, y1; half-open
    scene: str = ""

    def owns(self, x: float, y: float) -> bool:
        """Tell whether the point (x, y), in scene pixels, is in the core."""
        x0, y0, x1, y1 = self.core
        return x0 <= x < x1 and y0 <= y < y1


def starts(length: int, size: int, overlap: int) -> list[int]:
    """Return the starts of windows of `size` that cover `length`; the last is moved back to end at the edge."""
    if not 0 <= overlap < size:
        raise ZooError(f"overlap={overlap} must be at least 0 and less than the size of a tile, {size}")
    if length <= size:
        return [0]
    count = -(-(length - overlap) // (size - overlap))
    return [min(i * (size - overlap), length - size) for i in range(count)]


def spans(length: int, size: int, overlap: int) -> list[tuple[int, float, float]]:
    """Return (start, core begin, core end) of each window along one axis; open at the outer edges."""
    begin = starts(length, size, overlap)
    middles = [(a + size + b) / 2 for a, b in pairwise(begin)]
    edges = [-float("inf"), *middles, float("inf")]
    return [(first, *core) for first, core in zip(begin, pairwise(edges), strict=True)]


def grid(width: int, height: int, size: int, overlap: int, scene: str = "") -> Iterator[Tile]:
    """Yield the tiles of a scene, row by row. A scene smaller than a tile is one tile of its own size."""
    for y, y0, y1 in spans(height, size, overlap):
        for x, x0, x1 in spans(width, size, overlap):
            yield Tile(x, y, min(size, width), min(size, height), (x0, y0, x1, y1), scene)
