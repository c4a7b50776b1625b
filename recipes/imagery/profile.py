"""The profile of scenes: what the fit check asks about images, measured once from the annotations."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from recipes.imagery.parts import mask_of
from recipes.imagery.scene import Scene, Split
from zoo.profile import Profile, detection_profile

#: A mask is counted so many rows at a time, to bound the memory.
ROWS = 1024


def profile_of(split: Split, data: str, task: str, tile: int, dtype: str, measured: dict[str, Any]) -> Profile:
    """Return the profile of the training scenes of `split`, with what was `measured` of their annotations."""
    scenes = split.scenes["train"]
    return Profile(
        data=data,
        task=task,
        samples=len(scenes),
        bands=split.bands,
        dtype=dtype,
        scenes=tuple(sorted({(scene.height, scene.width) for scene in scenes})),
        tile=tile,
        resolution=split.resolution,
        licence=split.licence,
        notes=split.notes,
        **measured,
    )


def objects(scenes: Sequence[Scene], classes: Sequence[str], tile: int) -> dict[str, Any]:
    """Measure boxes: counts by class, sizes in pixels and against the tile, shapes, density, crowding."""
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
