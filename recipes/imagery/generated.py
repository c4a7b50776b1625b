"""Generated images with true masks as scenes: each made once from its seed and kept in the cache."""

import hashlib
import json
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from recipes.imagery.module import SegmentationScenes
from recipes.imagery.scene import Scene
from recipes.imagery.writing import write_raster
from recipes.kit.module import Change
from recipes.kit.split import SPLITS, Split
from zoo.errors import ZooError
from zoo.files import cache_place

#: Seeds of the splits lie this far apart: no split can have so many images.
APART = 10_000


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
    """Scenes that a domain draws from seeds; the domain gives `split_of`, and as third record what they are drawn from."""

    #: The value range of the domain, where the settings say none.
    drawn_range: ClassVar[tuple[float, float] | None] = None

    def __init__(self, name: str, augment: Change, **settings: Any) -> None:
        super().__init__(f"{name} (generated)", augment, **{"value_range": self.drawn_range, **settings})
        self.counts: Counts = self.settings[Counts]
        self.drawing = self.settings[self.records[2]]

    def read_split(self) -> Split[Scene]:
        """Return the images of every split, drawn now where they are not in the cache."""
        return self.split_of(self.counts.seeds())

    @abstractmethod
    def split_of(self, seeds: dict[str, list[int]]) -> Split[Scene]:
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
    image = cache_place(domain, f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.tif")
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
