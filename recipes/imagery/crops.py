"""Random crops of scenes, for training: windows are read where they lie, nothing is cut up on disk."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch.utils.data import Dataset
from torchvision.transforms import v2
from torchvision.tv_tensors import Image, Mask

from recipes.imagery.boxes import as_tensor, visible
from recipes.imagery.images import Values
from recipes.imagery.parts import Part, cut_mask, read_part
from recipes.imagery.places import Class, find_places, rare
from recipes.imagery.scene import Scene
from recipes.imagery.transform import Sample, margin_of
from recipes.kit.sampler import generator
from zoo.errors import ZooError

#: The share of crops that are drawn around an object, or near a class, so that empty ground does not fill the batches.
AROUND_OBJECT = 0.5
Sampling = Literal["uniform", "balanced", "rare"]
#: A window without any data is drawn again, so many times; a scene with a hundredth of data fails in one of 10^4.
ATTEMPTS = 1000


@dataclass(frozen=True)
class Drawing:
    """How crops are drawn: scaled by e^±`scale`; `balanced` near every class alike, `rare` near those that are rare."""

    scale: float = 0.0
    sampling: Sampling = "uniform"

    def __post_init__(self) -> None:
        if self.scale < 0:
            raise ZooError(f"data.scale={self.scale} must be at least 0: the crops are scaled by e^±scale")


class RandomCrops(Dataset):
    """Crops (C, size, size) of scenes, drawn from (seed, epoch, index).

    A scene is drawn by its area, then half of the crops lie around one of its objects and half anywhere. With `balanced`
    that half lie near classes that are drawn alike, the rare as often as the frequent, and with `rare` near those alone of
    which there is less than of the mean class: around one of its objects or, in a mask, one of its pixels. A scene smaller
    than the crop is padded at its right and lower edge as in evaluation: one with a mask by its mirror image, which is not
    known (255), one with objects by zeros, for a mirrored object would be there. `scale` 0.25 reads windows of size / e^u,
    u uniform in ±0.25, and scales them to `size`. `augment` is handed samples larger by its `margin`, if any: of a scene with
    a mask the crop itself may lie anywhere in it, and what it has around it beyond the scene is mirrored and not known.
    """

    def __init__(
        self,
        scenes: Sequence[Scene],
        size: int,
        samples: int,
        seed: int,
        augment: Callable[[Sample], Sample],
        values: Values | None = None,
        drawing: Drawing | None = None,
    ) -> None:
        self.scenes, self.samples, self.seed = list(scenes), samples, seed
        self.augment, self.values, self.drawing = augment, values or Values(), drawing or Drawing()
        self.margin = margin_of(augment)
        self.size = round(size * self.margin)
        areas = np.array([max(scene.width, size) * max(scene.height, size) for scene in scenes], dtype=float)
        self.shares = np.cumsum(areas / areas.sum())
        self.places = find_places(self.scenes)
        self.near = {"uniform": [], "balanced": self.places, "rare": rare(self.places)}

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, key: tuple[int, int]) -> Sample:
        draw = generator(self.seed, *key)
        sample = self.sample(draw, self.drawing.sampling)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(torch.randint(2**62, (), generator=draw)))
            made = self.augment({**sample, "others": Others(self)})
        return {key: value for key, value in made.items() if key != "others"}

    def sample(self, draw: torch.Generator, sampling: Sampling) -> Sample:
        """Draw a crop as it is in the scene: image, objects or mask, and the name of its place."""
        scene = self.scenes[int(np.searchsorted(self.shares, float(torch.rand((), generator=draw)), side="right"))]
        exponent = self.drawing.scale * (2 * float(torch.rand((), generator=draw)) - 1)
        side = max(1, round(self.size * math.exp(-exponent)))
        part, scene = self.part(scene, side, draw, self.near[sampling])
        sample = tensors(scene, part)
        if side != self.size:
            sample = v2.Resize((self.size, self.size), antialias=False)(sample)
        return {**sample, "name": f"{scene.name}@{part.window[0]},{part.window[1]}"}

    def part(self, scene: Scene, side: int, draw: torch.Generator, near: Sequence[Class]) -> tuple[Part, Scene]:
        """Read a window of `side` pixels that holds data, half of them `near` classes, and return the scene that it is of."""
        for _ in range(ATTEMPTS):
            chance, choice, *anywhere = torch.rand(4, generator=draw).tolist()
            centre = None
            if chance < AROUND_OBJECT and near:
                scene, centre = self.place(near, draw)
            elif chance < AROUND_OBJECT and len(scene.boxes):
                centre = scene.centres[int(choice * len(scene.boxes))]
            x, y = corner(scene, side, np.array(anywhere), centre, self.margin)
            part = read_part(scene, (x, y, side, side), self.values, mirrored=scene.masked)
            if part.valid is None or part.valid.any():
                return part, scene
        raise ZooError(
            f"scene {scene.name} ({scene.path}) has no data: {ATTEMPTS} windows of {side} pixels drawn from it hold nothing "
            "but nodata or NaN; remove it, or correct data.nodata"
        )

    def place(self, near: Sequence[Class], draw: torch.Generator) -> tuple[Scene, np.ndarray]:
        """Draw one of the classes, all alike, and a place of it: its scene and its centre (2,)."""
        first, second = torch.rand(2, generator=draw).tolist()
        number, centre = near[int(first * len(near))].at(second)
        return self.scenes[number], centre


class Others:
    """More crops of the same data set, for the transforms that mix; drawn from torch's own random state."""

    def __init__(self, crops: RandomCrops) -> None:
        self.crops = crops

    def draw(self, balanced: bool = False) -> Sample:
        """Draw a crop as it is in the scene; when `balanced`, half of them near classes drawn alike."""
        return self.crops.sample(generator(int(torch.randint(2**62, ()))), "balanced" if balanced else "uniform")


def corner(
    scene: Scene, side: int, anywhere: np.ndarray, centre: np.ndarray | None, margin: float = 1.0
) -> tuple[int, int]:
    """Return the left upper corner of a window of `side` pixels: about a centre (2,), or else anywhere ((2,) in [0, 1]).

    Of the window a share of 1 / `margin` along each side is kept, in its middle. It is this inner part that lies in the scene
    and about the centre; around it there is scene too, but where a mask can say that what lies beyond is not known.
    """
    inner = side / margin
    around = (side - inner) / 2
    beyond = around if scene.masked else 0.0
    room = np.maximum(0, np.array([scene.width, scene.height]) - side + 2 * beyond)
    place = anywhere * room - beyond
    if centre is not None:  # the object lies somewhere in the inner 80 %
        place = centre - side / 2 + (anywhere - 0.5) * inner * 0.8
    x, y = np.round(np.clip(place, -beyond, room - beyond)).astype(int).tolist()
    return x, y


def tensors(scene: Scene, part: Part) -> Sample:
    """Return a part of a scene as the tensors that torchvision's transforms know: its image, and its mask or its objects."""
    height, width = part.image.shape[1:]
    sample: Sample = {"image": Image(torch.from_numpy(part.image))}
    if scene.masked:
        return {**sample, "mask": Mask(torch.from_numpy(cut_mask(scene, part)))}
    boxes, kept = visible(scene.boxes, part.window)
    sample["boxes"] = as_tensor(boxes, height, width)
    sample["labels"] = torch.from_numpy(scene.labels[kept])
    if scene.difficult is not None:
        sample["difficult"] = torch.from_numpy(scene.difficult[kept])
    return sample
