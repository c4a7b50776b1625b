"""Random crops of scenes, for training: windows are read where they lie, nothing is cut up on disk."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset
from torchvision.transforms import v2
from torchvision.tv_tensors import BoundingBoxes, Image, Mask

from recipes.imagery import images
from recipes.imagery.scene import Scene, Window
from recipes.module import generator
from zoo.errors import ZooError

#: An object cut by the edge of a crop stays when at least this share of it is inside; else it would teach half objects.
VISIBLE = 0.4
#: The share of crops that are drawn around an object, so that empty ground does not fill the batches.
AROUND_OBJECT = 0.5


class RandomCrops(Dataset):
    """Crops (C, size, size) of scenes, drawn from (seed, epoch, index).

    A scene is drawn by its area, then half of the crops lie around one of its objects and half anywhere. A scene smaller
    than the crop is padded with zeros (masks with 255) at its right and lower edge. `scale` 0.25 reads windows of
    size / e^u, u uniform in ±0.25, and scales them to `size`.
    """

    def __init__(
        self,
        scenes: Sequence[Scene],
        size: int,
        samples: int,
        seed: int,
        augment: Callable[[dict[str, Any]], dict[str, Any]],
        value_range: tuple[float, float] | None = None,
        scale: float = 0.0,
    ) -> None:
        if scale < 0:
            raise ZooError(f"data.scale={scale} must be at least 0: the crops are scaled by e^±scale")
        self.scenes, self.size, self.samples, self.seed = list(scenes), size, samples, seed
        self.augment, self.value_range, self.scale = augment, value_range, scale
        areas = np.array([max(scene.width, size) * max(scene.height, size) for scene in scenes], dtype=float)
        self.shares = np.cumsum(areas / areas.sum())

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, key: tuple[int, int]) -> dict[str, Any]:
        draw = generator(self.seed, *key)
        scene = self.scenes[int(np.searchsorted(self.shares, float(torch.rand((), generator=draw)), side="right"))]
        exponent = self.scale * (2 * float(torch.rand((), generator=draw)) - 1)
        side = max(1, round(self.size * math.exp(-exponent)))
        x, y = self.corner(scene, side, draw)
        sample = self.cut(scene, x, y, side)
        if side != self.size:
            sample = v2.Resize((self.size, self.size), antialias=False)(sample)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(torch.randint(2**62, (), generator=draw)))
            sample = self.augment(sample)
        return {**sample, "name": f"{scene.name}@{x},{y}"}

    def corner(self, scene: Scene, side: int, draw: torch.Generator) -> tuple[int, int]:
        """Draw the left upper corner of a window of `side` pixels, in pixels of the scene."""
        room = np.maximum(0, np.array([scene.width, scene.height]) - side)
        chance, choice, *anywhere = torch.rand(4, generator=draw).tolist()
        corner = np.array(anywhere) * room
        if len(scene.boxes) and chance < AROUND_OBJECT:
            box = scene.boxes[int(choice * len(scene.boxes))]
            shift = (np.array(anywhere) - 0.5) * side * 0.8  # the object lies somewhere in the inner 80 %
            corner = (box[:2] + box[2:]) / 2 - side / 2 + shift
        x, y = np.clip(np.round(corner), 0, room).astype(int).tolist()
        return x, y

    def cut(self, scene: Scene, x: int, y: int, side: int) -> dict[str, Any]:
        """Read the window of `side` pixels at (x, y) with its objects, or its mask."""
        image, window = read_window(scene, (x, y, side, side), self.value_range)
        sample: dict[str, Any] = {"image": Image(image)}
        if scene.mask is not None:
            mask = np.full((side, side), 255, np.uint8)
            mask[: window[3], : window[2]] = scene.mask[y : y + window[3], x : x + window[2]]
            return {**sample, "mask": Mask(torch.from_numpy(mask))}
        boxes, kept = visible(scene.boxes, window)
        canvas = (side, side)
        sample["boxes"] = BoundingBoxes(torch.from_numpy(boxes), format="XYXY", canvas_size=canvas)
        sample["labels"] = torch.from_numpy(scene.labels[kept])
        return sample


def read_window(scene: Scene, wanted: Window, value_range: tuple[float, float] | None) -> tuple[torch.Tensor, Window]:
    """Read a window of a scene as float32 (C, height, width) in [0, 1], padded; also return the part that is there."""
    x, y, width, height = wanted
    there = (x, y, min(width, scene.width - x), min(height, scene.height - y))
    pixels = images.read(scene.path, (scene.window[0] + x, scene.window[1] + y, there[2], there[3]))
    padded = np.zeros((len(pixels), height, width), np.float32)
    padded[:, : there[3], : there[2]] = images.unit(pixels, value_range)
    return torch.from_numpy(padded), there


def visible(boxes: np.ndarray, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """Cut boxes (N, 4) to a window, in its pixels; keep those of which enough is inside. Also returns which."""
    x, y, width, height = window
    moved = boxes - np.array([x, y, x, y], np.float32)
    cut = np.clip(moved, 0, np.array([width, height, width, height], np.float32))
    area, left = ((b[:, 2:] - b[:, :2]).prod(axis=1) for b in (moved, cut))
    kept = left > VISIBLE * area
    return cut[kept].astype(np.float32), kept
