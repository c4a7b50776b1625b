"""Scenes in a grid of overlapping tiles, for evaluation: every object and every pixel is the truth of one tile."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import torch
from torch.utils.data import Dataset

from recipes.imagery.boxes import moved, scaled
from recipes.imagery.images import Values
from recipes.imagery.parts import cut_mask, read_part
from recipes.imagery.resizing import resized
from recipes.imagery.scene import Scene
from zoo.geometry.tiles import Tile, fitted, grid, seen_size, whole
from zoo.segmentation import STRIDE

#: What a scene smaller than a tile is padded to: sides that the network's stride divides, or a whole tile.
Padding = Literal["stride", "tile"]


class Tiles(Dataset):
    """The tiles (C, H, W) of scenes, scene by scene, those of one shape together.

    They are `size` pixels high and wide; of a scene smaller than that they are as large as it is, or `padding` makes them.

    The truth of a tile are the whole objects whose centre is in its core, in pixels of the tile (they may reach over its
    edge); over all tiles each object comes once. A mask is the tile's cut, whole; the task counts what is final by it. With
    `resize` each scene is one tile that is seen scaled; its mask stays as it is.
    """

    def __init__(
        self,
        scenes: Sequence[Scene],
        size: int,
        overlap: int,
        values: Values | None = None,
        padding: Padding = "stride",
        resize: int | None = None,
    ) -> None:
        self.size, self.values, self.resize = size, values or Values(), resize
        self.multiple = STRIDE if padding == "stride" else size

        def tiles(scene: Scene) -> Iterable[Tile]:
            if resize is not None:
                return [whole(scene.width, scene.height, resize, scene.name)]
            multiple = STRIDE if scene.masked else 1
            return grid(scene.width, scene.height, size, overlap, scene.name, multiple)

        first = {shape: number for number, shape in reversed(list(enumerate(map(self.seen, scenes))))}
        ordered = sorted(scenes, key=lambda scene: first[self.seen(scene)])
        self.items: list[tuple[Scene, Tile]] = [(scene, tile) for scene in ordered for tile in tiles(scene)]

    def seen(self, scene: Scene) -> tuple[int, int]:
        """Return the width and height of a scene's tiles as the network sees them."""
        width, height = scene.width, scene.height
        if self.resize is not None:
            width, height = fitted(width, height, self.resize)
        return seen_size(width, height, self.size, self.multiple)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """The width and height of each tile as the network sees it."""
        return [self.seen(scene) for scene, _ in self.items]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        scene, tile = self.items[index]
        seen = scene if tile.seen is None else resized(replace(scene, mask=None), max(tile.seen))
        part = read_part(seen, (tile.x, tile.y, *self.seen(scene)), self.values, mirrored=scene.masked)
        sample: dict[str, Any] = {
            "image": torch.from_numpy(part.image),
            "tile": tile,
            "name": f"{scene.name}@{tile.x},{tile.y}",
        }
        if scene.masked:
            mask = cut_mask(scene, part) if tile.seen is None else self.own_mask(scene)
            return {**sample, "mask": torch.from_numpy(mask)}
        x, y = scene.centres.T
        x0, y0, x1, y1 = tile.core
        mine = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
        x, y = tile.factors
        sample["boxes"] = torch.from_numpy(scaled(moved(scene.boxes[mine], tile.x, tile.y), 1 / x, 1 / y))
        sample["labels"] = torch.from_numpy(scene.labels[mine])
        if scene.difficult is not None:
            sample["difficult"] = torch.from_numpy(scene.difficult[mine])
        return sample

    def own_mask(self, scene: Scene) -> np.ndarray:
        """Return the mask (H, W) of a scene in its own pixels, 255 where there is no data."""
        return cut_mask(scene, read_part(scene, (0, 0, scene.width, scene.height), self.values))
