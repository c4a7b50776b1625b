"""The data module of scenes: random crops in training, a grid of tiles in evaluation."""

from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
import torch
from pydantic import Field
from torch.utils.data import Dataset

from recipes.imagery import images, profile
from recipes.imagery.bands import chosen
from recipes.imagery.crops import Drawing, RandomCrops, Sampling
from recipes.imagery.images import Values, as_picture, facts
from recipes.imagery.parts import refuse_empty
from recipes.imagery.resizing import resized
from recipes.imagery.scene import Scene
from recipes.imagery.tiled import Padding, Tiles
from recipes.kit.module import Batch, DataModule
from recipes.kit.settings import Loading, Positive
from recipes.kit.split import Split
from zoo.errors import ZooError


class Frame(NamedTuple):
    """What a network is shown at a time, in pixels; with `resize` whole scenes that are scaled to it."""

    crop: int
    tile: int
    overlap: int
    resize: int | None


@dataclass(frozen=True)
class SceneLoading(Loading):
    """How batches are made: crops of `crop` and tiles of `tile` pixels with `overlap`, a tile being as large as a `crop` too.

    Where `resize` says so, whole scenes are scaled until their longer side is so many pixels, and crop and tile are that.

    In evaluation a scene smaller than a tile is seen as it is, to the network's stride, or with `padding` as a whole tile.
    An epoch is `samples` crops, or as many as there are scenes when it is None; they are scaled by e^±`scale`.
    `sampling` is `uniform`, or half of the crops lie near what there is: `balanced` near every class alike, `rare` near
    those of which there is less than of the mean class. `bands` are the bands to read, by name and in this order, None for
    all of the data; `band_names` names those of the files in their order, where the files do not or say it wrong.
    `value_range` and `nodata` are as in `recipes.imagery.images.Values`.
    """

    batch_size: Positive = 8
    crop: Positive | None = 320
    tile: Positive | Literal["crop"] | None = 320
    overlap: Annotated[int, Field(ge=0)] | None = 64
    padding: Padding = "tile"
    resize: Positive | None = None
    scale: Annotated[float, Field(ge=0)] = 0.0
    sampling: Sampling = "uniform"
    value_range: tuple[float, float] | None = None
    bands: Sequence[str] | None = None
    band_names: Sequence[str] | None = None
    nodata: float | None = None

    def __post_init__(self) -> None:
        follow = {} if self.resize is None else {"crop": self.resize, "tile": self.resize, "overlap": 0}
        for name, size in follow.items():
            if (said := getattr(self, name)) not in (None, "crop", size):
                raise ZooError(
                    f"data.{name}={said} says nothing beside data.resize={self.resize}, which shows whole images; leave one out"
                )
        if isinstance(self.tile, int) and self.overlap is not None and not 0 <= self.overlap < self.tile:
            fits = f"data.overlap={self.tile // 4} would do"
            raise ZooError(
                f"data.overlap={self.overlap} must be at least 0 and less than data.tile={self.tile}; {fits}"
            )
        for name in ("bands", "band_names"):
            names = getattr(self, name)
            if names is not None and (isinstance(names, str) or not names):
                raise ZooError(f"data.{name}={names} must be a list of names, as in data.{name}=[red,nir], or null")

    @property
    def frame(self) -> Frame:
        """What a network is shown at a time; ZooError where a size is still left to the data."""
        if self.resize is not None:
            return Frame(self.resize, self.resize, 0, self.resize)
        tile = self.crop if self.tile == "crop" else self.tile
        for name, size in {"crop": self.crop, "tile": tile, "overlap": self.overlap}.items():
            if size is None:
                raise ZooError(f"data.{name}=null follows the images with data=folder alone; say how many pixels")
        assert self.crop is not None
        assert tile is not None
        assert self.overlap is not None
        return Frame(self.crop, tile, self.overlap, self.resize)

    @property
    def drawing(self) -> Drawing:
        """How crops are drawn."""
        return Drawing(self.scale, self.sampling)

    @property
    def values(self) -> Values:
        """What the numbers in the files mean."""
        return Values(None if self.value_range is None else tuple(self.value_range), self.nodata)  # type: ignore[arg-type]


class Scenes(DataModule[Scene]):
    """A data module over scenes; a domain gives `read_split`."""

    noun = "scenes"
    records: ClassVar[tuple[type, ...]] = (SceneLoading,)
    loading: SceneLoading

    def complete_split(self, split: Split[Scene]) -> Split[Scene]:
        """Return the split with the bands that are asked for and boxes of one kind; a scene without data is refused."""
        split = chosen(split, self.loading.bands, self.loading.band_names)
        for scene in split.every():
            refuse_empty(scene, self.loading.values)
        return replace(split, parts=uniform(split.parts))

    def settings_from_data(self) -> dict[str, Any]:
        """Return the range of the values, where it was read off the images."""
        found = self.split.value_range
        return {} if found is None else {"value_range": list(found)}

    def dataset(self, split: str) -> Dataset:
        """Return random crops for `train`, and the tiles of `val` and `test`."""
        if split != "train":
            return self.evaluated(split)
        scenes, loading, frame = self.split.parts[split], self.loading, self.loading.frame
        samples = loading.samples or len(scenes)
        return RandomCrops(
            self.seen(scenes), frame.crop, samples, loading.seed, self.augment, loading.values, loading.drawing
        )

    def evaluated(self, split: str) -> Dataset:
        """Return the tiles of the scenes of a split."""
        loading, frame = self.loading, self.loading.frame
        return Tiles(self.split.parts[split], frame.tile, frame.overlap, loading.values, loading.padding, frame.resize)

    def seen(self, scenes: Sequence[Scene]) -> Sequence[Scene]:
        """Return scenes as a network sees them: scaled, where `resize` says so."""
        side = self.loading.resize
        return scenes if side is None else [resized(scene, side) for scene in scenes]

    def places(self, split: str) -> dict[str, str]:
        """Return the groups of scenes: streets, flights."""
        return {scene.name: scene.group for scene in self.split.parts[split]}

    def shapes(self, dataset: Dataset) -> Sequence[Hashable] | None:
        """Return the width and height of each tile: small scenes are seen as they are."""
        return dataset.shapes if isinstance(dataset, Tiles) else None

    def measure(self) -> dict[str, Any]:
        """Measure the training scenes as a network sees them that looks at tiles."""
        scenes = self.seen(self.split.parts["train"])
        sizes = tuple(sorted({(scene.height, scene.width) for scene in scenes}))
        facts_ = {"dtype": facts(scenes[0].path).dtype, "scenes": sizes, "tile": self.loading.frame.tile}
        return {**facts_, "resolution": self.split.resolution, **self.measure_truth(scenes)}

    @abstractmethod
    def measure_truth(self, scenes: Sequence[Scene]) -> dict[str, Any]:
        """Measure what is marked in the training scenes."""

    def picture(self, name: str) -> np.ndarray:
        """Return the scene called `name` as a picture for people, uint8 (H, W, 3)."""
        scene = self.find(name)
        return as_picture(images.read(scene.path, scene.window, scene.bands), self.bands)


class DetectionScenes(Scenes):
    """Scenes with boxes; batches as `tasks.detection` asks for."""

    task: ClassVar[str] = "detection"

    @property
    def geometry(self) -> str:
        """What the boxes are: `box`, (N, 4) xyxy, or `rotated_box`, (N, 5) CXCYWHR."""
        return "rotated_box" if self.split.parts["train"][0].rotated else "box"

    def measure_truth(self, scenes: Sequence[Scene]) -> dict[str, Any]:
        """Measure the objects."""
        return profile.objects(scenes, self.split.classes, self.loading.frame.tile)

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

    def measure_truth(self, scenes: Sequence[Scene]) -> dict[str, Any]:
        """Count the pixels of each class."""
        return profile.pixels(scenes, self.split.classes)

    def collate(self, samples: list[Any]) -> Batch:
        """Return images (B, C, S, S), masks (B, S, S) int64 with 255 = ignored, names and, in evaluation, tiles.

        Masks of scenes that are seen scaled are a list, each as large as its scene.
        """
        masks = [sample["mask"].as_subclass(torch.Tensor).long() for sample in samples]
        own = any(sample["tile"].seen for sample in samples if "tile" in sample)
        return {**stacked(samples), "masks": masks if own else torch.stack(masks)}


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
