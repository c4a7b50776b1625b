"""Probabilities of tiles, blended to those of scenes: where tiles overlap, one passes over into the other.

From an edge inwards a tile sees ever more of what it needs, so it counts nothing at its edge, and all where its
neighbour counts nothing. The steps from tile to tile are the same seen from both sides, so the weights of all tiles
sum to one at every pixel. Tiles may come in any order: they are summed in that of the grid, and the sum is the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from zoo.errors import ZooError
from zoo.geometry.tiles import Tile
from zoo.segmentation import IGNORED

Beside = TypeVar("Beside")
#: The part of an overlap, around its middle, in which one tile passes over into the other: this share, and at most so
#: many pixels. What a tile lacks beyond its edge shows at some depth only, so most of an overlap is better not used.
PASSING, WIDEST = 0.5, 32


def weights(tile: Tile) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of a tile's rows (H,) and columns (W,) float32; a pixel has their product."""
    left, above, right, below = tile.shared
    x0, y0, x1, y1 = tile.core
    rows = step(tile.y, tile.height, y0, above) - step(tile.y, tile.height, y1, below)
    columns = step(tile.x, tile.width, x0, left) - step(tile.x, tile.width, x1, right)
    return rows.astype(np.float32), columns.astype(np.float32)


def step(start: int, length: int, middle: float, shared: int) -> np.ndarray:
    """Return a step (length,) from 0 to 1 at `middle`, a raised cosine where tiles pass over, of the pixels shared."""
    if np.isinf(middle):
        return np.full(length, float(middle < 0))
    distance = start + np.arange(length) + 0.5 - middle
    width = max(min(PASSING * shared, WIDEST), 1e-6)
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(distance / width + 0.5, 0.0, 1.0))


def of_tile(tile: Tile, probabilities: np.ndarray) -> np.ndarray:
    """Return the probabilities (K, h, w) of a tile's own pixels, without padding; what was seen scaled is scaled back."""
    if tile.seen is None:
        return probabilities[:, : tile.height, : tile.width]
    width, height = tile.seen
    seen = torch.from_numpy(np.ascontiguousarray(probabilities[None, :, :height, :width]))
    return interpolate(seen, (tile.height, tile.width), mode="bilinear", align_corners=False)[0].numpy()


@dataclass(frozen=True)
class Region(Generic[Beside]):
    """The upper left part of a tile, with the final probabilities (K, h, w) of its pixels and what came with the tile.

    The regions of all tiles cover every pixel of the scene once.
    """

    tile: Tile
    probabilities: np.ndarray
    beside: Beside

    @property
    def height(self) -> int:
        """How many rows of the tile are in the region."""
        return int(self.probabilities.shape[1])

    @property
    def width(self) -> int:
        """How many columns of the tile are in the region."""
        return int(self.probabilities.shape[2])


@dataclass
class Mosaic(Generic[Beside]):
    """A scene on its way: the tile that is next, those that came before their turn, and the sums not yet final."""

    x: int = 0
    y: int = 0
    early: dict[tuple[int, int], tuple[Tile, np.ndarray, Beside]] = field(default_factory=dict)
    right: np.ndarray | None = None  # (K, H, n) sums of the columns that the last tile shares with the next
    below: dict[int, np.ndarray] = field(default_factory=dict)  # by first column: sums of the rows shared with the next

    def add(self, tile: Tile, probabilities: np.ndarray, beside: Beside) -> Iterator[Region[Beside]]:
        """Take a tile; yields the regions that are final by it."""
        place = (tile.y, tile.x)
        if place < (self.y, self.x) or place in self.early:
            raise ZooError(
                f"the tile at {tile.x}, {tile.y} of scene {tile.scene!r} came twice in one evaluation; "
                "scenes must have names of their own, and an evaluation loader must not repeat samples"
            )
        self.early[place] = (tile, probabilities, beside)
        while (self.y, self.x) in self.early:
            yield self.advance(*self.early.pop((self.y, self.x)))

    def advance(self, tile: Tile, probabilities: np.ndarray, beside: Beside) -> Region[Beside]:
        """Add the tile whose turn it is; returns what no later tile shares."""
        rows, columns = weights(tile)
        sums = of_tile(tile, probabilities) * rows[:, None]
        sums *= columns
        if self.right is not None:
            sums[:, :, : self.right.shape[2]] += self.right
        width, height = tile.next_x - tile.x, tile.next_y - tile.y
        self.right = None if tile.ends_row else sums[:, :, width:].copy()
        sums = sums[:, :, :width]
        carried = self.below.pop(tile.x, None)
        if carried is not None:
            sums[:, : carried.shape[1]] += carried
        if not tile.ends_scene:
            self.below[tile.x] = sums[:, height:].copy()
        self.x, self.y = (0, tile.next_y) if tile.ends_row else (tile.next_x, tile.y)
        return Region(tile, sums[:, :height], beside)


class Blender(Generic[Beside]):
    """Blends the tiles of scenes, each as soon as it can be."""

    def __init__(self) -> None:
        self.scenes: dict[str, Mosaic[Beside]] = {}

    def add(self, tile: Tile, probabilities: np.ndarray, beside: Beside) -> Iterator[Region[Beside]]:
        """Take the probabilities (K, H, W) of a tile, in its own pixels, padding included, and what belongs to it.

        Yields the regions of this and of earlier tiles that are final now.
        """
        return self.scenes.setdefault(tile.scene, Mosaic()).add(tile, probabilities, beside)

    def begin(self, tile: Tile) -> None:
        """Take the tile as the first of its scene: what is before it is known already, and so are its first rows."""
        self.scenes[tile.scene] = Mosaic(tile.x, tile.y)

    def finish(self) -> None:
        """Refuse scenes of which tiles wait for one that never came."""
        for name, scene in self.scenes.items():
            if scene.early:
                raise ZooError(
                    f"scene {name!r} lacks the tile at {scene.x}, {scene.y}, for which {len(scene.early)} others wait; "
                    "an evaluation loader must give all tiles of a scene"
                )


class Masks:
    """Collects the masks of regions, and gives the mask of each scene."""

    def __init__(self) -> None:
        self.parts: dict[str, list[tuple[int, int, Tensor]]] = {}
        self.pixels = 0

    def add(self, tile: Tile, mask: Tensor) -> None:
        """Keep a mask (h, w) that begins at the tile's corner; classes are kept as uint8."""
        self.pixels += mask.numel()
        self.parts.setdefault(tile.scene, []).append((tile.y, tile.x, mask.to(torch.uint8, copy=True).cpu()))

    def scenes(self) -> dict[str, Tensor]:
        """Return the mask (H, W) uint8 of every scene; what no region covered is 255."""
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


class Strips:
    """Puts regions together to strips of a scene, each as wide as it."""

    def __init__(self) -> None:
        self.parts: dict[str, list[np.ndarray]] = {}

    def add(self, tile: Tile, part: np.ndarray) -> np.ndarray | None:
        """Take what belongs to a region (L, h, w); at the end of a row of tiles returns the strip (L, h, W)."""
        self.parts.setdefault(tile.scene, []).append(part)
        return np.concatenate(self.parts.pop(tile.scene), axis=2) if tile.ends_row else None
