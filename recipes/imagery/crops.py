"""Random crops of scenes, for training: windows are read where they lie, nothing is cut up on disk."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset
from torchvision.transforms import v2
from torchvision.tv_tensors import Image, Mask

from recipes.imagery.boxes import as_tensor, visible
from recipes.imagery.images import Values
from recipes.imagery.parts import Part, cut_mask, read_part
from recipes.imagery.scene import Scene
from recipes.module import generator
from zoo.errors import ZooError

#: The share of crops that are drawn around an object, so that empty ground does not fill the batches.
AROUND_OBJECT = 0.5
#: A window without any data is drawn again, so many times; a scene with a hundredth of data fails in one of 10^4.
ATTEMPTS = 1000


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
        values: Values | None = None,
        scale: float = 0.0,
    ) -> None:
        if scale < 0:
            raise ZooError(f"data.scale={scale} must be at least 0: the crops are scaled by e^±scale")
        self.scenes, self.size, self.samples, self.seed = list(scenes), size, samples, seed
        self.augment, self.values, self.scale = augment, values or Values(), scale
        areas = np.array([max(scene.width, size) * max(scene.height, size) for scene in scenes], dtype=float)
        self.shares = np.cumsum(areas / areas.sum())

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, key: tuple[int, int]) -> dict[str, Any]:
        draw = generator(self.seed, *key)
        scene = self.scenes[int(np.searchsorted(self.shares, float(torch.rand((), generator=draw)), side="right"))]
        exponent = self.scale * (2 * float(torch.rand((), generator=draw)) - 1)
        side = max(1, round(self.size * math.exp(-exponent)))
        part = self.draw(scene, side, draw)
        sample = tensors(scene, part)
        if side != self.size:
            sample = v2.Resize((self.size, self.size), antialias=False)(sample)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(torch.randint(2**62, (), generator=draw)))
            sample = self.augment(sample)
        return {**sample, "name": f"{scene.name}@{part.window[0]},{part.window[1]}"}

    def draw(self, scene: Scene, side: int, draw: torch.Generator) -> Part:
        """Read a window of `side` pixels that holds data."""
        for _ in range(ATTEMPTS):
            x, y = self.corner(scene, side, draw)
            part = read_part(scene, (x, y, side, side), self.values)
            if part.valid is None or part.valid.any():
                return part
        raise ZooError(
            f"scene {scene.name} ({scene.path}) has no data: {ATTEMPTS} windows of {side} pixels drawn from it hold nothing "
            "but nodata or NaN; remove it, or correct data.nodata"
        )

    def corner(self, scene: Scene, side: int, draw: torch.Generator) -> tuple[int, int]:
        """Draw the left upper corner of a window of `side` pixels, in pixels of the scene."""
        room = np.maximum(0, np.array([scene.width, scene.height]) - side)
        chance, choice, *anywhere = torch.rand(4, generator=draw).tolist()
        corner = np.array(anywhere) * room
        if len(scene.boxes) and chance < AROUND_OBJECT:
            centre = scene.centres[int(choice * len(scene.boxes))]
            shift = (np.array(anywhere) - 0.5) * side * 0.8  # the object lies somewhere in the inner 80 %
            corner = centre - side / 2 + shift
        x, y = np.clip(np.round(corner), 0, room).astype(int).tolist()
        return x, y


def tensors(scene: Scene, part: Part) -> dict[str, Any]:
    """Return a part of a scene as the tensors that torchvision's transforms know: its image, and its mask or its objects."""
    height, width = part.image.shape[1:]
    sample: dict[str, Any] = {"image": Image(torch.from_numpy(part.image))}
    if scene.masked:
        return {**sample, "mask": Mask(torch.from_numpy(cut_mask(scene, part)))}
    boxes, kept = visible(scene.boxes, part.window)
    sample["boxes"] = as_tensor(boxes, height, width)
    sample["labels"] = torch.from_numpy(scene.labels[kept])
    if scene.difficult is not None:
        sample["difficult"] = torch.from_numpy(scene.difficult[kept])
    return sample
