"""Tiles: a scene of any size as a grid of overlapping windows whose cores cover it exactly once.

The core of a tile is the tile less half of its overlap with each neighbour. The cores partition the scene, so what is
decided by “whose core is this in” is decided once, whatever the order of the tiles.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from zoo.errors import ZooError


class Tile(NamedTuple):
    """A window of a scene, in pixels: its left upper corner, its size, and its core in scene coordinates.

    A tile that reaches over the scene's end has the size of the part that is there. `shared` are the pixels that it has
    in common with its neighbours at the left, above, at the right and below: 0 at the edges of the scene. `seen` is the
    width and height that a network sees it at, None for its own.
    """

    x: int
    y: int
    width: int
    height: int
    core: tuple[float, float, float, float]  # x0, y0, x1, y1; half-open
    scene: str = ""
    shared: tuple[int, int, int, int] = (0, 0, 0, 0)
    seen: tuple[int, int] | None = None

    @property
    def factors(self) -> tuple[float, float]:
        """How many pixels of the scene one that is seen is, along x and along y."""
        return (1.0, 1.0) if self.seen is None else (self.width / self.seen[0], self.height / self.seen[1])

    def owns(self, x: float, y: float) -> bool:
        """Tell whether the point (x, y), in scene pixels, is in the core."""
        x0, y0, x1, y1 = self.core
        return x0 <= x < x1 and y0 <= y < y1

    @property
    def ends_row(self) -> bool:
        """Whether this is the last tile of its row."""
        return self.core[2] == float("inf")

    @property
    def ends_scene(self) -> bool:
        """Whether this is a tile of the last row."""
        return self.core[3] == float("inf")

    @property
    def next_x(self) -> int:
        """Where the neighbour at the right begins; at the end of a row, where the tile ends."""
        return self.x + self.width - self.shared[2]

    @property
    def next_y(self) -> int:
        """Where the row of tiles below begins; in the last row, where the tile ends."""
        return self.y + self.height - self.shared[3]


class Span(NamedTuple):
    """A tile along one axis: where it begins, its core, how long it is, and what it shares before and behind."""

    start: int
    low: float
    high: float
    length: int
    before: int
    behind: int


def starts(length: int, size: int, overlap: int, multiple: int = 1) -> list[int]:
    """Return the starts of windows of `size` that cover `length`, each a multiple of `multiple`.

    The last is moved back towards the edge: with a multiple of 1, to end there. A larger multiple is for networks that
    halve their maps: a window shifted by other steps than those of the coarsest map is seen by another network. There
    the last window may reach over the edge, and no more than two windows share a pixel.
    """
    if not 0 <= overlap < size:
        raise ZooError(f"overlap={overlap} must be at least 0 and less than the size of a tile, {size}")
    if length <= size:
        return [0]
    if multiple == 1 or size - overlap < multiple or 2 * overlap > size:
        count = -(-(length - overlap) // (size - overlap))
        return [min(i * (size - overlap), length - size) for i in range(count)]
    step = (size - overlap) // multiple * multiple
    count = -(-(length - size) // step) + 1
    begin = [i * step for i in range(count)]
    free = begin[-3] + size if count > 2 else 0  # where the last window but two ends
    begin[-1] = min(begin[-1], -(-max(free, length - size) // multiple) * multiple)
    return begin


def seen_size(width: int, height: int, size: int, multiple: int = 1) -> tuple[int, int]:
    """Return the width and height in which a network sees the tiles of a scene: `size`, or the scene's own where it is less.

    Its own are taken up to the next `multiple`, since a network that halves its maps needs so many pixels.
    """
    across, down = (min(size, -(-side // multiple) * multiple) for side in (width, height))
    return across, down


def spans(length: int, size: int, overlap: int, multiple: int = 1) -> list[Span]:
    """Return the windows along one axis, see `starts`; the cores are open at the outer edges."""
    begin = starts(length, size, overlap, multiple)
    shared = [0, *(a + size - b for a, b in pairwise(begin)), 0]
    middles = [(a + size + b) / 2 for a, b in pairwise(begin)]
    edges = [-float("inf"), *middles, float("inf")]
    return [
        Span(first, *core, min(size, length - first), *share)
        for first, core, share in zip(begin, pairwise(edges), pairwise(shared), strict=True)
    ]


def fitted(width: int, height: int, side: int) -> tuple[int, int]:
    """Return the width and height of a picture that is scaled, both alike, until its longer side is `side` pixels."""
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def whole(width: int, height: int, side: int, scene: str = "") -> Tile:
    """Return a scene as one tile that is seen scaled, its longer side `side` pixels long."""
    everywhere = (-float("inf"), -float("inf"), float("inf"), float("inf"))
    return Tile(0, 0, width, height, everywhere, scene, seen=fitted(width, height, side))


def grid(width: int, height: int, size: int, overlap: int, scene: str = "", multiple: int = 1) -> Iterator[Tile]:
    """Yield the tiles of a scene, row by row. A scene smaller than a tile is one tile of its own size."""
    for y in spans(height, size, overlap, multiple):
        for x in spans(width, size, overlap, multiple):
            core = (x.low, y.low, x.high, y.high)
            shared = (x.before, y.before, x.behind, y.behind)
            yield Tile(x.start, y.start, x.length, y.length, core, scene, shared)
