"""`data=folder`: the user's own images and boxes as a data module for detection."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from math import ceil
from pathlib import Path
from typing import Any

from recipes.folder.boxes.options import FolderOptions
from recipes.folder.boxes.scenes import read_folder
from recipes.imagery.module import DetectionScenes, Loading
from recipes.imagery.scene import Split
from zoo.errors import ZooError, near
from zoo.sources import Source

Augment = Callable[[dict[str, Any]], dict[str, Any]]


class FolderDetection(DetectionScenes):
    """Images below `root` with boxes or rotated boxes as VOC, COCO, YOLO, CSV, DOTA or GeoJSON.

    `settings` are those of `FolderOptions` (what is read) and of `Loading` (how batches are made). Without `samples`, an
    epoch is as many crops as cover the training scenes once.
    """

    def __init__(self, name: str, root: str | Path | None, augment: Augment, **settings: Any) -> None:
        if root is None or str(root) == "":
            raise ZooError("data.root is not set; name the folder of your images and annotations: data.root=FOLDER")
        reading, loading = sorted_out(settings)
        super().__init__(name, Loading(**loading), augment)
        self.root, self.options = Path(root).expanduser(), FolderOptions(**reading)

    def sources(self) -> Sequence[Source]:
        """Return none: the data are the user's own."""
        return ()

    def read_split(self) -> Split:
        """Read, judge and split the folder; what was decided is in its notes."""
        split = read_folder(self.root, self.options, self.loading.values)
        if split.value_range is not None:
            self.loading = replace(self.loading, value_range=split.value_range)
        if self.loading.samples is None:
            self.loading = replace(self.loading, samples=covering(split, self.loading.crop))
        return split


def sorted_out(settings: Mapping[str, Any], options: type = FolderOptions) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings of `options`, which say what is read, and those of `Loading`."""
    reading, loading = ({field.name for field in fields(kind)} for kind in (options, Loading))
    for name in settings:
        if name not in reading | loading:
            raise ZooError(f"data.{name} is not known{near(name, reading | loading)}; see conf/data/folder")
    return (
        {name: value for name, value in settings.items() if name in reading},
        {name: value for name, value in settings.items() if name in loading},
    )


def covering(split: Split, crop: int) -> int:
    """Return how many crops of `crop` pixels cover the training scenes."""
    return sum(ceil(scene.width / crop) * ceil(scene.height / crop) for scene in split.scenes["train"])
