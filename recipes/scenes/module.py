"""`data=scenes`: generated scenes as data modules for detection and segmentation.

Train, validation and test are scenes of different seeds, so nothing of one is seen in another. They are generated into
the cache once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from rich.console import Console
from rich.progress import Progress

from recipes.imagery.boxes import as_hulls
from recipes.imagery.module import DetectionScenes, SceneLoading, SegmentationScenes
from recipes.imagery.scene import Scene
from recipes.kit.choice import one_of
from recipes.kit.module import Change
from recipes.kit.split import SPLITS, Split
from recipes.scenes.covers import mask_classes, objects_of
from recipes.scenes.generate import SceneFiles, cached
from recipes.scenes.settings import VALUE_RANGE, SceneSettings
from recipes.scenes.truth import load
from zoo.errors import ZooError

#: Seeds of the splits lie this far apart: no split can have so many scenes.
APART = 10_000
NOTE = "generated scenes, of no real place: they measure what a model can learn in principle, not how it does on real imagery"
LICENCE = "CC0-1.0"
GEOMETRIES = ("rotated_box", "box")


@dataclass(frozen=True)
class Making:
    """Which scenes are generated: so many for each split, from `scene_seed` on.

    `bands` are names, in their order; `sea`, `clouds`, `noise` and `resolution` are those of `SceneSettings`.
    """

    train: int = 8
    val: int = 3
    test: int = 4
    scene_seed: int = 0
    bands: Sequence[str] = ("blue", "green", "red", "nir")
    classes: int = 5
    resolution: float = 0.3
    sea: float = 0.25
    clouds: float = 0.02
    noise: float = 0.006

    def settings(self, objects: int, size: int) -> dict[str, list[SceneSettings]]:
        """Return what each scene of each split is generated from: a square of `size` pixels, so many classes of objects."""
        if isinstance(self.bands, int | str):
            raise ZooError(f"data.bands={self.bands} must be a list of names, as in data.bands=[red,green,blue,nir]")
        same = {name: getattr(self, name) for name in ("resolution", "sea", "clouds", "noise")}
        counts = {split: getattr(self, split) for split in SPLITS}
        for split, count in counts.items():
            if not 1 <= count < APART:
                raise ZooError(f"data.{split}={count} must be at least 1 scene and less than {APART}")
        return {
            split: [
                SceneSettings.of(
                    size,
                    size,
                    self.bands,
                    classes=objects,
                    seed=(3 * self.scene_seed + order) * APART + index,
                    **same,
                )
                for index in range(count)
            ]
            for order, (split, count) in enumerate(counts.items())
        }


def named(name: str) -> str:
    """Return the name of the data as it stands on run cards and in tables: it says that the scenes are generated."""
    return name if "generated" in name else f"generated-{name}"


@contextmanager
def counted(settings: Mapping[str, Sequence[SceneSettings]]) -> Iterator[Callable[[int], None]]:
    """Show how many pixels are generated, where someone looks."""
    total = sum(one.width * one.height for those in settings.values() for one in those)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("generating scenes", total=total)
        yield lambda pixels: bar.advance(task, pixels)


def made(settings: Mapping[str, Sequence[SceneSettings]], masks: int | None) -> dict[str, list[SceneFiles]]:
    """Return the files of all scenes, by split; what is not in the cache is generated."""
    with counted(settings) as advance:
        return {split: [cached(one, masks, advance) for one in those] for split, those in settings.items()}


def scene_of(split: str, index: int, files: SceneFiles, size: int, geometry: str) -> Scene:
    """Return a generated scene with rotated boxes, or their axis-aligned hulls within the scene."""
    truth = load(files.objects)
    boxes = truth.boxes
    if geometry == "box":
        boxes = np.clip(as_hulls(boxes), 0, size)
    name = f"generated_{split}_{index}"
    window = (0, 0, size, size)
    return Scene(name, files.image, window, boxes, truth.labels, difficult=truth.difficult, mask_file=files.mask)


class GeneratedDetection(DetectionScenes):
    """Ships, vehicles, aircraft, buildings and storage tanks; up to 200 classes by type and paint.

    `geometry` is what the objects are marked with: `rotated_box`, or `box`, their axis-aligned hulls; `size` are the pixels of
    a scene's side.
    """

    records: ClassVar[tuple[type, ...]] = (SceneLoading, Making)

    def __init__(
        self, name: str, augment: Change, geometry: str = "rotated_box", size: int = 1024, **settings: Any
    ) -> None:
        one_of("data.geometry", geometry, GEOMETRIES)
        super().__init__(named(name), augment, **{"value_range": VALUE_RANGE, **settings})
        self.making, self.marked, self.size = self.settings[Making], geometry, size

    def prepare_data(self) -> None:
        """Generate the scenes that are not in the cache."""
        made(self.making.settings(self.making.classes, self.size), None)

    def read_split(self) -> Split[Scene]:
        """Return the scenes, generated now if they were not before."""
        making = self.making
        settings = making.settings(making.classes, self.size)
        files = made(settings, None)
        first = settings["train"][0]
        return Split(
            scenes_of(files, self.size, self.marked),
            first.catalogue.names,
            first.bands,
            (NOTE,),
            LICENCE,
            making.resolution,
        )


class GeneratedSegmentation(SegmentationScenes):
    """Land cover and objects: six classes, or four of ground and each class of objects apart, in squares of `size` pixels."""

    records: ClassVar[tuple[type, ...]] = (SceneLoading, Making)

    def __init__(self, name: str, augment: Change, size: int = 1024, **settings: Any) -> None:
        super().__init__(named(name), augment, **{"value_range": VALUE_RANGE, **settings})
        self.making, self.size = self.settings[Making], size
        self.objects = objects_of(self.making.classes)

    def prepare_data(self) -> None:
        """Generate the scenes that are not in the cache."""
        made(self.making.settings(self.objects, self.size), self.making.classes)

    def read_split(self) -> Split[Scene]:
        """Return the scenes with their masks, generated now if they were not before."""
        making = self.making
        settings = making.settings(self.objects, self.size)
        files = made(settings, making.classes)
        first = settings["train"][0]
        names, _ = mask_classes(first.catalogue, making.classes)
        scenes = scenes_of(files, self.size, "rotated_box")
        note = "what clouds hide is in no class (255); grass, sand and crops are field; harbours and tracks are road"
        return Split(scenes, names, first.bands, (NOTE, note), LICENCE, making.resolution)


def scenes_of(files: Mapping[str, Sequence[SceneFiles]], size: int, geometry: str) -> dict[str, list[Scene]]:
    """Return the scenes by split."""
    return {
        split: [scene_of(split, index, one, size, geometry) for index, one in enumerate(those)]
        for split, those in files.items()
    }
