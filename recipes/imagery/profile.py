"""The profile of scenes: what the fit check asks about images, measured once from the annotations."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from recipes.imagery.parts import mask_of
from recipes.imagery.scene import Scene
from zoo.profile import detection_profile

#: A mask is counted so many rows at a time, to bound the memory.
ROWS = 1024


def objects(scenes: Sequence[Scene], classes: Sequence[str], tile: int) -> dict[str, Any]:
    """Measure boxes as a network sees them that looks at tiles of `tile` pixels: counts, sizes, shapes, density, crowding."""
    boxes = np.concatenate([scene.boxes for scene in scenes])
    labels = np.concatenate([scene.labels for scene in scenes])
    images = np.repeat(np.arange(len(scenes)), [len(scene.boxes) for scene in scenes])
    sizes = np.array([(scene.height, scene.width) for scene in scenes])
    return detection_profile(boxes, labels, images, sizes, classes, tile)


def pixels(scenes: Sequence[Scene], classes: Sequence[str]) -> dict[str, Any]:
    """Count the pixels of each class; 255 is nobody's."""
    counts = np.zeros(256, np.int64)
    for scene in scenes:
        for y in range(0, scene.height, ROWS) if scene.masked else ():
            mask = mask_of(scene, (0, y, scene.width, min(ROWS, scene.height - y)))
            counts += np.bincount(mask.ravel(), minlength=256)
    return {"classes": dict(zip(classes, counts[: len(classes)].tolist(), strict=True))}
