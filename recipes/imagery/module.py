"""The data module of scenes: random crops in training, a grid of tiles in evaluation."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch.utils.data import Dataset

from recipes.imagery import images
from recipes.imagery.bands import chosen
from recipes.imagery.crops import Drawing, RandomCrops
from recipes.imagery.images import Values, as_picture, facts
from recipes.imagery.parts import refuse_empty
from recipes.imagery.profile import objects, pixels, profile_of
from recipes.imagery.scene import Scene, Split
from recipes.imagery.tiled import Tiles
from recipes.module import Batch, DataModule
from zoo.errors import ZooError
from zoo.profile import Profile


@dataclass(frozen=True)
class Loading:
    """How batches are made: `workers` processes, crops of `crop` and tiles of `tile` pixels with `overlap`.

    An epoch is `samples` crops, or as many as there are scenes when it is None; they are scaled by e^±`scale`.
    `sampling` is `uniform`, or `balanced`: crops around objects then show every class alike. `bands` are
    the bands to read, by name and in this order, None for all of the data; `band_names` names those of the files in their
    order, where the files do not or say it wrong. `value_range` and `nodata` are as in `recipes.imagery.images.Values`.
    """

    batch_size: int = 8
    workers: int | str = 0
    seed: int = 0
    crop: int = 320
    tile: int = 320
    overlap: int = 64
    samples: int | None = None
    scale: float = 0.0
    sampling: str = "uniform"
    value_range: tuple[float, float] | None = None
    bands: Sequence[str] | None = None
    band_names: Sequence[str] | None = None
    nodata: float | None = None

    def __post_init__(self) -> None:
        for name in ("batch_size", "crop", "tile", "samples"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ZooError(f"data.{name}={value} must be at least 1{' (or null)' * (name == 'samples')}")
        if not 0 <= self.overlap < self.tile:
            fits = f"data.overlap={self.tile // 4} would do"
            raise ZooError(
                f"data.overlap={self.overlap} must be at least 0 and less than data.tile={self.tile}; {fits}"
            )
        for name in ("bands", "band_names"):
            names = getattr(self, name)
            if names is not None and (isinstance(names, str) or not names):
                raise ZooError(f"data.{name}={names} must be a list of names, as in data.{name}=[red,nir], or null")

    @property
    def drawing(self) -> Drawing:
        """How crops are drawn."""
        if self.sampling not in ("uniform", "balanced"):
            raise ZooError(f"data.sampling={self.sampling!r} is not known; it is uniform or balanced")
        return Drawing(self.scale, self.sampling == "balanced")

    @property
    def values(self) -> Values:
        """What the numbers in the files mean."""
        return Values(None if self.value_range is None else tuple(self.value_range), self.nodata)  # type: ignore[arg-type]


class Scenes(DataModule):
    """A data module over scenes; a domain gives `read_split`."""

    def __init__(self, name: str, loading: Loading, augment: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        super().__init__(name, loading.batch_size, loading.workers, loading.seed)
        self.loading, self.augment = loading, augment
        self.split: Split | None = None

    @abstractmethod
    def read_split(self) -> Split:
        """Fetch the data, read the annotations, and split them into `train`, `val` and `test`."""

    def setup(self, stage: str | None = None) -> None:
        """Read the annotations, once."""
        if self.split is not None:
            return
        split = chosen(self.read_split(), self.loading.bands, self.loading.band_names)
        for part in ("train", "val", "test"):
            if not split.scenes.get(part):
                raise ZooError(
                    f"data {self.name!r} has no scenes in its split {part!r}; each of train, val, test needs one"
                )
        split = replace(split, scenes=uniform(split.scenes))
        for scene in (scene for scenes in split.scenes.values() for scene in scenes):
            refuse_empty(scene, self.loading.values)
        self.split, self.classes, self.bands = split, split.classes, split.bands

    def read(self) -> Split:
        """Return the split; reads it when that was not done yet."""
        self.setup()
        if self.split is None:
            raise RuntimeError("setup leaves a split or raises")
        return self.split

    def settled(self) -> dict[str, Any]:
        """Return the range of the values, where it was read off the images."""
        found = self.read().value_range
        return {} if found is None else {"value_range": list(found)}

    def dataset(self, split: str) -> Dataset:
        """Return random crops for `train`, and the tiles of `val` and `test`."""
        scenes, loading = self.read().scenes[split], self.loading
        if split != "train":
            return Tiles(scenes, loading.tile, loading.overlap, loading.values)
        samples = loading.samples or len(scenes)
        return RandomCrops(scenes, loading.crop, samples, loading.seed, self.augment, loading.values, loading.drawing)

    def profile(self) -> Profile:
        """Measure the profile of the training scenes."""
        split = self.read()
        dtype = facts(split.scenes["train"][0].path).dtype
        return profile_of(split, self.name, self.task, self.loading.tile, dtype, self.measure())

    @abstractmethod
    def measure(self) -> dict[str, Any]:
        """Measure the annotations of the training scenes, as a network sees them that looks at tiles."""

    def picture(self, name: str) -> np.ndarray:
        """Return the scene called `name` as a picture for people, uint8 (H, W, 3)."""
        scene = self.scene(name)
        return as_picture(images.read(scene.path, scene.window, scene.bands), self.bands)

    def scene(self, name: str) -> Scene:
        """Return the scene called `name`."""
        for scene in (scene for scenes in self.read().scenes.values() for scene in scenes):
            if scene.name == name:
                return scene
        raise ZooError(f"data {self.name!r} has no scene {name!r}")


class DetectionScenes(Scenes):
    """Scenes with boxes; batches as `tasks.detection` asks for."""

    task: ClassVar[str] = "detection"

    def measure(self) -> dict[str, Any]:
        """Measure the boxes."""
        return objects(self.read().scenes["train"], self.read().classes, self.loading.tile)

    @property
    def geometry(self) -> str:
        """What the boxes are: `box`, (N, 4) xyxy, or `rotated_box`, (N, 5) CXCYWHR."""
        return "rotated_box" if self.read().scenes["train"][0].rotated else "box"

    def collate(self, samples: list[Any]) -> Batch:
        """Return images (B, C, S, S), targets (boxes (N, 4 or 5), labels (N,)), names and, in evaluation, tiles.

        Where the data say which objects are difficult, targets also have `difficult (N,)` bool.
        """
        targets = [
            {
                key: torch.as_tensor(sample[key]).as_subclass(torch.Tensor)
                for key in ("boxes", "labels", "difficult")
                if key in sample
            }
            for sample in samples
        ]
        return {**stacked(samples), "targets": targets}


class SegmentationScenes(Scenes):
    """Scenes with masks; batches as `tasks.segmentation` asks for."""

    task: ClassVar[str] = "segmentation"

    def measure(self) -> dict[str, Any]:
        """Count the pixels."""
        return pixels(self.read().scenes["train"], self.read().classes)

    def collate(self, samples: list[Any]) -> Batch:
        """Return images (B, C, S, S), masks (B, S, S) int64 with 255 = ignored, names and, in evaluation, tiles."""
        masks = torch.stack([sample["mask"].as_subclass(torch.Tensor).long() for sample in samples])
        return {**stacked(samples), "masks": masks}


def uniform(scenes: Mapping[str, Sequence[Scene]]) -> dict[str, Sequence[Scene]]:
    """Return the scenes with boxes of one kind: where some are rotated, scenes without an object are so too."""
    every = [scene for those in scenes.values() for scene in those]
    if not any(scene.rotated for scene in every):
        return dict(scenes)
    for scene in every:
        if len(scene.boxes) and not scene.rotated:
            raise ZooError(
                f"scene {scene.name} has axis-aligned boxes and others have rotated ones; give all one geometry"
            )
    bare = np.zeros((0, 5), np.float32)
    return {
        part: [scene if len(scene.boxes) else replace(scene, boxes=bare) for scene in those]
        for part, those in scenes.items()
    }


def stacked(samples: list[Any]) -> Batch:
    """Stack what every task over scenes has: images, names, and tiles where there are any."""
    batch: Batch = {
        "images": torch.stack([sample["image"].as_subclass(torch.Tensor) for sample in samples]),
        "names": [sample["name"] for sample in samples],
    }
    if "tile" in samples[0]:
        batch["tiles"] = [sample["tile"] for sample in samples]
    return batch
