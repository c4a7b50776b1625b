"""How large crops and tiles of a folder's images are, where that is left to the data."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from recipes.imagery.boxes import as_hulls
from recipes.imagery.module import Frame, SceneLoading
from recipes.imagery.scene import Scene

#: Sides are multiples of this, the coarsest stride that most networks have.
MULTIPLE = 32
#: A crop shows objects of nearly all sizes whole where it is so many times as long as they are, up to twice the usual.
ROOM = 2.0


def settle(loading: SceneLoading, scenes: Iterable[Scene], usual: Frame) -> SceneLoading:
    """Return the settings with the sizes that they leave to the data: the `usual` ones, unless the images are smaller.

    Of a `resize` all follow: a crop and a tile are a whole image.
    """
    if loading.resize is not None:
        return replace(loading, crop=loading.resize, tile=loading.resize, overlap=0)
    every = list(scenes)
    largest = even(max(max(scene.width, scene.height) for scene in every))
    wanted = min(2 * usual.crop, max(usual.crop, even(ROOM * large_objects(every))))
    crop = loading.crop or min(largest, wanted)
    tile = crop if loading.tile == "crop" else loading.tile or min(largest, max(usual.tile, crop))
    overlap = min(usual.overlap, tile // 4) if loading.overlap is None else loading.overlap
    return replace(loading, crop=crop, tile=tile, overlap=overlap)


def scaled_notes(side: int | None) -> list[str]:
    """Return the note on whole pictures that are scaled."""
    if side is None:
        return []
    return [f"whole pictures are scaled to {side} px, and what is measured of them is so: data.resize=null takes crops"]


def even(side: float) -> int:
    """Return the next multiple of `MULTIPLE`."""
    return max(1, -int(-side // MULTIPLE)) * MULTIPLE


def large_objects(scenes: Iterable[Scene]) -> float:
    """Return the longer side, pixels, that 95 % of the objects do not exceed; 0 without any."""
    hulls = np.concatenate([np.zeros((0, 4), np.float32), *(as_hulls(scene.boxes) for scene in scenes)])
    return float(np.quantile((hulls[:, 2:] - hulls[:, :2]).max(axis=1), 0.95)) if len(hulls) else 0.0
