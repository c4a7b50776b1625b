"""Scenes in a grid of overlapping tiles, for evaluation: every object and every pixel is the truth of one tile."""

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.data import Dataset

from recipes.imagery.boxes import moved
from recipes.imagery.images import Values
from recipes.imagery.parts import cut_mask, read_part
from recipes.imagery.scene import Scene
from zoo.geometry.tiles import Tile, grid
from zoo.segmentation import STRIDE


class Tiles(Dataset):
    """The tiles (C, size, size) of scenes, in order; a scene smaller than a tile is padded.

    The truth of a tile are the whole objects whose centre is in its core, in pixels of the tile (they may reach over its
    edge); over all tiles each object comes once. A mask is the tile's cut, whole; the task counts what is final by it.
    """

    def __init__(self, scenes: Sequence[Scene], size: int, overlap: int, values: Values | None = None) -> None:
        self.size, self.values = size, values or Values()
        self.items: list[tuple[Scene, Tile]] = [
            (scene, tile)
            for scene in scenes
            for tile in grid(
                scene.width, scene.height, size, overlap, scene.name, multiple=STRIDE if scene.masked else 1
            )
        ]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        scene, tile = self.items[index]
        part = read_part(scene, (tile.x, tile.y, self.size, self.size), self.values, mirrored=scene.masked)
        sample: dict[str, Any] = {
            "image": torch.from_numpy(part.image),
            "tile": tile,
            "name": f"{scene.name}@{tile.x},{tile.y}",
        }
        if scene.masked:
            return {**sample, "mask": torch.from_numpy(cut_mask(scene, part))}
        x, y = scene.centres.T
        x0, y0, x1, y1 = tile.core
        mine = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
        sample["boxes"] = torch.from_numpy(moved(scene.boxes[mine], tile.x, tile.y))
        sample["labels"] = torch.from_numpy(scene.labels[mine])
        if scene.difficult is not None:
            sample["difficult"] = torch.from_numpy(scene.difficult[mine])
        return sample
