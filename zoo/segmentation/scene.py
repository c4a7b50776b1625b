"""Masks of tiles, put together to those of scenes: each pixel once, from the tile whose core it is in."""

import math
from collections import defaultdict

import torch
from torch import Tensor

from zoo.errors import ZooError
from zoo.segmentation import IGNORED
from zoo.tiles import Tile

Slices = tuple[slice, slice]


def core(tile: Tile) -> Slices:
    """Return rows and columns, in pixels of the tile, of the pixels whose centre is in its core.

    Over the tiles of a grid these cover every pixel of the scene exactly once; padding beyond the scene is left out.
    """
    x0, y0, x1, y1 = tile.core
    return owned(y0, y1, tile.y, tile.height), owned(x0, x1, tile.x, tile.width)


def owned(low: float, high: float, start: int, length: int) -> slice:
    """Return those of `length` pixels from `start` whose centres are in [low, high), counted from `start`."""
    first = max(0, math.ceil(low - 0.5) - start) if low > -math.inf else 0
    last = min(length, math.ceil(high - 0.5) - start) if high < math.inf else length
    return slice(first, max(first, last))


class Once:
    """Remembers tiles, and refuses one that comes twice: its pixels would count twice."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, int, int]] = set()

    def __call__(self, tile: Tile) -> None:
        """Take note of a tile."""
        key = (tile.scene, tile.x, tile.y)
        if key in self.seen:
            raise ZooError(
                f"the tile at {tile.x}, {tile.y} of scene {tile.scene!r} came twice in one evaluation; "
                "scenes must have names of their own, and an evaluation loader must not repeat samples"
            )
        self.seen.add(key)


class MaskMerger:
    """Collects the masks of tiles, in any order, and gives the mask of each scene."""

    def __init__(self) -> None:
        self.parts: dict[str, list[tuple[int, int, Tensor]]] = defaultdict(list)

    def add(self, tile: Tile, mask: Tensor) -> None:
        """Keep the core of a tile's mask (H, W); classes are kept as uint8."""
        rows, columns = core(tile)
        self.parts[tile.scene].append(
            (tile.y + rows.start, tile.x + columns.start, mask[rows, columns].to(torch.uint8, copy=True).cpu())
        )

    def scenes(self) -> dict[str, Tensor]:
        """Return the mask (H, W) uint8 of every scene; what no tile covered is 255."""
        return {name: self.merged(parts) for name, parts in self.parts.items()}

    @staticmethod
    def merged(parts: list[tuple[int, int, Tensor]]) -> Tensor:
        """Put the parts (y, x, mask) of a scene in their places."""
        height = max(y + mask.shape[0] for y, _, mask in parts)
        width = max(x + mask.shape[1] for _, x, mask in parts)
        whole = torch.full((height, width), IGNORED, dtype=torch.uint8)
        for y, x, mask in parts:
            whole[y : y + mask.shape[0], x : x + mask.shape[1]] = mask
        return whole
