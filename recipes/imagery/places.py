"""Places: where each class lies in the scenes, so that crops can be drawn near what there is little of."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from recipes.imagery.parts import mask_of
from recipes.imagery.scene import Scene
from zoo.segmentation import IGNORED

#: A mask is looked through so many rows at a time, to bound the memory.
ROWS = 1024
#: Pixels of a class that are kept of one such stretch of a mask, evenly over it.
KEPT = 256


class Class(NamedTuple):
    """Where one class lies: centres (N, 2) as x, y in scenes (N,).

    Each stands for some objects or pixels of the class; `reach` (N,) is how many there are up to it.
    """

    scenes: np.ndarray
    centres: np.ndarray
    reach: np.ndarray

    def at(self, share: float) -> tuple[int, np.ndarray]:
        """Return the place that a share in [0, 1) of the class leads to: the number of the scene, and the centre (2,)."""
        index = int(np.searchsorted(self.reach, share * self.reach[-1], side="right"))
        return int(self.scenes[index]), self.centres[index]

    @property
    def amount(self) -> float:
        """How many objects, or pixels, there are of the class."""
        return float(self.reach[-1])


def find_places(scenes: Sequence[Scene]) -> list[Class]:
    """Return where each class lies that has an object or, in a mask, a pixel, in the order of the classes."""
    found: dict[int, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = {}
    for number, scene in enumerate(scenes):
        for label, centres, each in in_mask(scene) if scene.masked else in_boxes(scene):
            one = (np.full(len(centres), number), centres, np.full(len(centres), each))
            found.setdefault(label, []).append(one)
    places = []
    for label in sorted(found):
        numbers, centres, amounts = (np.concatenate(parts) for parts in zip(*found[label], strict=True))
        places.append(Class(numbers, centres, np.cumsum(amounts)))
    return places


def rare(places: Sequence[Class]) -> list[Class]:
    """Return the classes of which there is less than of the mean class: of two the rarer, and all that are alike."""
    mean = sum(one.amount for one in places) / max(1, len(places))
    return [one for one in places if one.amount <= mean]


def in_boxes(scene: Scene) -> Iterator[tuple[int, np.ndarray, float]]:
    """Yield each class of a scene's objects with their centres (N, 2), each for one object."""
    for label in np.unique(scene.labels).tolist():
        yield label, scene.centres[scene.labels == label], 1.0


def in_mask(scene: Scene) -> Iterator[tuple[int, np.ndarray, float]]:
    """Yield each class of stretches of a scene's mask with some of its pixels (N, 2), each for as many pixels of the class."""
    for y in range(0, scene.height, ROWS):
        mask = mask_of(scene, (0, y, scene.width, min(ROWS, scene.height - y)))  # (h, W)
        for label in np.flatnonzero(np.bincount(mask.ravel(), minlength=IGNORED + 1)[:IGNORED]).tolist():
            pixels = np.flatnonzero(mask == label)
            kept = pixels[np.linspace(0, len(pixels) - 1, min(KEPT, len(pixels))).round().astype(int)]
            centres = np.stack((kept % scene.width + 0.5, kept // scene.width + y + 0.5), axis=1).astype(np.float32)
            yield label, centres, len(pixels) / len(kept)
