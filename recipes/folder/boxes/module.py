"""`data=folder`: the user's own images and boxes as a data module for detection."""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any, ClassVar

from recipes.folder.boxes.options import FolderOptions
from recipes.folder.boxes.scenes import read_folder
from recipes.folder.sizes import scaled_notes, settle
from recipes.imagery.module import DetectionScenes, Frame, SceneLoading
from recipes.imagery.scene import Scene
from recipes.kit.module import Change
from recipes.kit.split import Split
from zoo.errors import ZooError

#: Of large images.
USUAL = Frame(crop=320, tile=640, overlap=96, resize=None)


class FolderDetection(DetectionScenes):
    """Images below `root` with boxes or rotated boxes as VOC, COCO, YOLO, CSV, DOTA or GeoJSON.

    Without `samples`, an epoch is as many crops as cover the training scenes once.
    """

    records: ClassVar[tuple[type, ...]] = (SceneLoading, FolderOptions)

    def __init__(self, name: str, root: str | Path | None, augment: Change, **settings: Any) -> None:
        if root is None or str(root) == "":
            raise ZooError("data.root is not set; name the folder of your images and annotations: data.root=FOLDER")
        super().__init__(name, augment, **settings)
        self.root, self.options = Path(root).expanduser(), self.settings[FolderOptions]

    def read_split(self) -> Split[Scene]:
        """Read, judge and split the folder; what was decided is in its notes."""
        split = read_folder(self.root, self.options, self.loading.values)
        if split.value_range is not None:
            self.loading = replace(self.loading, value_range=split.value_range)
        self.loading = settle(self.loading, split.parts["train"], USUAL)
        if self.loading.samples is None:
            self.loading = replace(
                self.loading, samples=covering(self.seen(split.parts["train"]), self.loading.frame.crop)
            )
        return split.noted(*scaled_notes(self.loading.resize))

    def settings_from_data(self) -> dict[str, Any]:
        """Return the sizes of crops and tiles too."""
        self.setup()
        frame = self.loading.frame
        return {**super().settings_from_data(), "crop": frame.crop, "tile": frame.tile, "overlap": frame.overlap}


def covering(scenes: Sequence[Scene], crop: int) -> int:
    """Return how many crops of `crop` pixels cover the scenes."""
    return sum(ceil(scene.width / crop) * ceil(scene.height / crop) for scene in scenes)
