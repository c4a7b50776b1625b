"""Generated images with true masks as scenes: each made once from its seed and kept in the cache."""

import hashlib
import json
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from recipes.imagery.module import Loading, SegmentationScenes
from recipes.imagery.scene import Scene, Split
from recipes.imagery.writing import write_raster
from zoo.errors import ZooError, near
from zoo.files.paths import cache_root
from zoo.sources import Source

#: Seeds of the splits lie this far apart: no split can have so many images.
APART = 10_000
SPLITS = ("train", "val", "test")


class Drawn(NamedTuple):
    """An image float32 (C, H, W) and its mask uint8 (H, W)."""

    pixels: np.ndarray
    mask: np.ndarray


@dataclass(frozen=True)
class Counts:
    """How many images each split has, and the seed that they are drawn from; the seed of training leaves them as they are."""

    train: int = 24
    val: int = 4
    test: int = 8
    image_seed: int = 0

    def seeds(self) -> dict[str, list[int]]:
        """Return the seed of each image of each split; no two are the same."""
        for split in SPLITS:
            if not 1 <= getattr(self, split) < APART:
                raise ZooError(f"data.{split}={getattr(self, split)} must be at least 1 image and less than {APART}")
        if self.image_seed < 0:
            raise ZooError(f"data.image_seed={self.image_seed} must be 0 or more")
        return {
            split: [(3 * self.image_seed + order) * APART + index for index in range(getattr(self, split))]
            for order, split in enumerate(SPLITS)
        }


class GeneratedScenes(SegmentationScenes):
    """Scenes that a domain draws from seeds; the domain gives `split_of`."""

    def __init__(
        self, name: str, augment: Callable[[dict[str, Any]], dict[str, Any]], making: Any, settings: dict[str, Any]
    ) -> None:
        """Sort `settings` into those of `Counts`, of the dataclass `making` and of `Loading`."""
        kinds = (Counts, making, Loading)
        known = [{field.name for field in fields(kind)} for kind in kinds]
        for key in settings:
            if not any(key in names for names in known):
                raise ZooError(f"data.{key} is not known{near(key, set().union(*known))}; see conf/data/{name}.yaml")
        counts, made, loading = (
            kind(**{key: value for key, value in settings.items() if key in names})
            for kind, names in zip(kinds, known, strict=True)
        )
        super().__init__(f"{name} (generated)", loading, augment)
        self.counts, self.making = counts, made

    def sources(self) -> Sequence[Source]:
        """Return none: the images are generated."""
        return ()

    def read_split(self) -> Split:
        """Return the images of every split, drawn now where they are not in the cache."""
        return self.split_of(self.counts.seeds())

    @abstractmethod
    def split_of(self, seeds: dict[str, list[int]]) -> Split:
        """Return the split whose images have these seeds."""


def kept(
    domain: str,
    version: int,
    settings: Any,
    seed: int,
    draw: Callable[[], Drawn],
    bands: Sequence[str],
    ranges: Sequence[tuple[float, float]] = (),
) -> Scene:
    """Return the image that `draw` makes from a dataclass of settings and a seed, from the cache where it is there.

    `version` goes up with every change that changes a pixel.
    """
    text = json.dumps([version, asdict(settings), seed, list(bands)], sort_keys=True, default=list)
    image = cache_root() / domain / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.tif"
    mask = image.with_name(f"{image.stem}_mask.tif")
    if not image.is_file():  # it is written last
        drawn = draw()
        write_raster(mask, drawn.mask[None])
        write_raster(image, drawn.pixels, bands, ranges)
    return named(f"generated_{domain}_{seed}", image, mask)


def named(name: str, image: Path, mask: Path) -> Scene:
    """Return a scene of two files of one size."""
    from recipes.imagery.images import facts

    seen = facts(image)
    return Scene(name, image, (0, 0, seen.width, seen.height), mask_file=mask)
