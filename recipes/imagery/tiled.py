"""Scenes in a grid of overlapping tiles, for evaluation: every object and every pixel is the truth of one tile."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from recipes.imagery.crops import read_window
from recipes.imagery.scene import Scene
from zoo.tiles import Tile, grid


class Tiles(Dataset):
    """The tiles (C, size, size) of scenes, in order; a scene smaller than a tile is padded.

    The truth of a tile are the whole objects whose centre is in its core, in pixels of the tile (they may reach over its
    edge); over all tiles each object comes once. A mask is the tile's cut, whole; the task counts its core.
    """

    def __init__(
        self, scenes: Sequence[Scene], size: int, overlap: int, value_range: tuple[float, float] | None = None
    ) -> None:
        self.size, self.value_range = size, value_range
        self.items: list[tuple[Scene, Tile]] = [
            (scene, tile) for scene in scenes for tile in grid(scene.width, scene.height, size, overlap, scene.name)
        ]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        scene, tile = self.items[index]
        image, window = read_window(scene, (tile.x, tile.y, self.size, self.size), self.value_range)
        sample: dict[str, Any] = {"image": image, "tile": tile, "name": f"{scene.name}@{tile.x},{tile.y}"}
        if scene.mask is not None:
            mask = np.full((self.size, self.size), 255, np.uint8)
            mask[: window[3], : window[2]] = scene.mask[tile.y : tile.y + window[3], tile.x : tile.x + window[2]]
            return {**sample, "mask": torch.from_numpy(mask)}
        x, y = ((scene.boxes[:, :2] + scene.boxes[:, 2:]) / 2).T
        x0, y0, x1, y1 = tile.core
        mine = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
        origin = np.array([tile.x, tile.y, tile.x, tile.y], np.float32)
        sample["boxes"] = torch.from_numpy(scene.boxes[mine] - origin)
        sample["labels"] = torch.from_numpy(scene.labels[mine])
        return sample
