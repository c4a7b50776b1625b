"""How large crops and tiles of a folder's images are, where that is left to the data."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import ceil
from typing import Any, ClassVar

import numpy as np

from recipes.imagery.boxes import as_hulls
from recipes.imagery.module import Frame, SceneLoading, Scenes
from recipes.imagery.scene import Scene
from recipes.kit.split import Split
from zoo.errors import agreeing

#: Sides are multiples of this, the coarsest stride that most networks have.
MULTIPLE = 32
#: A crop shows objects of nearly all sizes whole where it is so many times as long as they are, up to twice the usual.
ROOM = 2.0


class FolderScenes(Scenes):
    """What the data modules of a folder share: what the settings leave to the data follows its images."""

    #: Sizes of crops and tiles where the images are large.
    usual: ClassVar[Frame]

    def follow(self, split: Split[Scene]) -> Split[Scene]:
        """Settle the range of values, the sizes and the samples of an epoch by a split; return it with what is to be said."""
        if split.value_range is not None:
            self.loading = replace(self.loading, value_range=split.value_range)
        self.loading = settle(self.loading, split.parts["train"], self.usual)
        if self.loading.samples is None:
            crops = covering(self.seen(split.parts["train"]), self.loading.frame.crop)
            self.loading = replace(self.loading, samples=crops)
        small = small_notes(split.parts["train"], self.loading.frame)
        return split.noted(*scaled_notes(self.loading.resize), *small)

    def settings_from_data(self) -> dict[str, Any]:
        """Return the sizes of crops and tiles too."""
        self.setup()
        frame = self.loading.frame
        return {**super().settings_from_data(), "crop": frame.crop, "tile": frame.tile, "overlap": frame.overlap}


def covering(scenes: Sequence[Scene], crop: int) -> int:
    """Return how many crops of `crop` pixels cover the scenes."""
    return sum(ceil(scene.width / crop) * ceil(scene.height / crop) for scene in scenes)


def settle(loading: SceneLoading, scenes: Iterable[Scene], usual: Frame) -> SceneLoading:
    """Return the settings with the sizes that they leave to the data: the `usual` ones, unless the images are smaller.

    A crop is no longer than the shorter side of the images, so that little of it is padding, which evaluation and prediction
    do not have either; where objects are longer, it is as long as they. Of a `resize` all follow: a crop and a tile are a
    whole image.
    """
    if loading.resize is not None:
        return replace(loading, crop=loading.resize, tile=loading.resize, overlap=0)
    every = list(scenes)
    largest = even(max(max(scene.width, scene.height) for scene in every))
    shorter, objects = even(max(min(scene.width, scene.height) for scene in every)), large_objects(every)
    wanted = min(2 * usual.crop, max(usual.crop, even(ROOM * objects)))
    crop = loading.crop or min(largest, wanted, max(shorter, even(objects)))
    tile = crop if loading.tile == "crop" else loading.tile or min(largest, max(usual.tile, crop))
    overlap = min(usual.overlap, tile // 4) if loading.overlap is None else loading.overlap
    return replace(loading, crop=crop, tile=tile, overlap=overlap)


def scaled_notes(side: int | None) -> list[str]:
    """Return the note on whole pictures that are scaled."""
    if side is None:
        return []
    return [f"whole pictures are scaled to {side} px, and what is measured of them is so: data.resize=null takes crops"]


def small_notes(scenes: Sequence[Scene], frame: Frame) -> list[str]:
    """Return the note on training images that a crop reaches beyond by more than the network's stride."""
    small = [scene for scene in scenes if even(min(scene.width, scene.height)) < frame.crop]
    if frame.resize is not None or not small:
        return []
    least = min(small, key=lambda scene: min(scene.width, scene.height))
    shown = "their mirror image, which counts as not known," if least.masked else "zeros"
    size, within = f"{least.width} × {least.height}", even(min(least.width, least.height))
    count = agreeing(len(small), f"of {len(scenes)} training images [is|are] smaller than a crop of {frame.crop} px")
    return [f"{count} (the least {size}), and crops show {shown} beyond their edge; data.crop={within} keeps within"]


def even(side: float) -> int:
    """Return the next multiple of `MULTIPLE`."""
    return max(1, -int(-side // MULTIPLE)) * MULTIPLE


def large_objects(scenes: Iterable[Scene]) -> float:
    """Return the longer side, pixels, that 95 % of the objects do not exceed; 0 without any."""
    hulls = np.concatenate([np.zeros((0, 4), np.float32), *(as_hulls(scene.boxes) for scene in scenes)])
    return float(np.quantile((hulls[:, 2:] - hulls[:, :2]).max(axis=1), 0.95)) if len(hulls) else 0.0
