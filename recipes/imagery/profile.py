"""The profile of scenes: what the fit check asks about images, measured once from the annotations."""

from collections.abc import Sequence

import numpy as np

from recipes.imagery.scene import Scene, Split
from zoo.profile import Profile, Quantiles
from zoo.tiles import grid


def profile_of(split: Split, data: str, task: str, tile: int, dtype: str) -> Profile:
    """Measure the training scenes of `split` as a network sees them that looks at tiles of `tile` pixels."""
    scenes = split.scenes["train"]
    measured = objects(scenes, split.classes, tile) if task == "detection" else pixels(scenes, split.classes)
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


def objects(scenes: Sequence[Scene], classes: Sequence[str], tile: int) -> dict[str, object]:
    """Measure boxes: counts by class, sizes in pixels and against the tile, shapes, density."""
    boxes = np.concatenate([scene.boxes for scene in scenes])
    labels = np.concatenate([scene.labels for scene in scenes])
    counts = np.bincount(labels, minlength=len(classes))
    sides = boxes[:, 2:] - boxes[:, :2]
    longer = sides.max(axis=1)
    return {
        "classes": dict(zip(classes, counts.tolist(), strict=True)),
        "objects": len(boxes),
        "objects_per_image": Quantiles.of([len(scene.boxes) for scene in scenes]),
        "objects_per_tile": Quantiles.of([count for scene in scenes for count in tile_counts(scene, tile)]),
        "object_size": Quantiles.of(longer),
        "object_size_relative": Quantiles.of(longer / tile),
        "aspect_ratio": Quantiles.of(sides[:, 0] / np.maximum(sides[:, 1], 1e-6)),
        "rotated": 0.0,
    }


def tile_counts(scene: Scene, tile: int) -> list[int]:
    """Count the objects whose centre is in each tile of a grid without overlap."""
    centres = (scene.boxes[:, :2] + scene.boxes[:, 2:]) / 2
    return [
        int((((centres >= t.core[:2]) & (centres < t.core[2:])).all(axis=1)).sum())
        for t in grid(scene.width, scene.height, tile, 0)
    ]


def pixels(scenes: Sequence[Scene], classes: Sequence[str]) -> dict[str, object]:
    """Count the pixels of each class; 255 is nobody's."""
    counts = np.zeros(256, np.int64)
    for scene in scenes:
        if scene.mask is not None:
            counts += np.bincount(scene.mask.ravel(), minlength=256)
    return {"classes": dict(zip(classes, counts[: len(classes)].tolist(), strict=True))}
