"""`data=folder`: the user's own images and boxes as a data module for detection."""

from pathlib import Path
from typing import Any, ClassVar

from recipes.folder.boxes.options import FolderOptions
from recipes.folder.boxes.scenes import read_folder
from recipes.folder.sizes import FolderScenes
from recipes.imagery.module import DetectionScenes, Frame, SceneLoading
from recipes.imagery.scene import Scene
from recipes.kit.module import Change
from recipes.kit.split import Split
from zoo.errors import ZooError


class FolderDetection(FolderScenes, DetectionScenes):
    """Images below `root` with boxes or rotated boxes as VOC, COCO, YOLO, CSV, DOTA or GeoJSON.

    Without `samples`, an epoch is as many crops as cover the training scenes once.
    """

    usual = Frame(crop=320, tile=640, overlap=96, resize=None)
    records: ClassVar[tuple[type, ...]] = (SceneLoading, FolderOptions)

    def __init__(self, name: str, root: str | Path | None, augment: Change, **settings: Any) -> None:
        if root is None or str(root) == "":
            raise ZooError("data.root is not set; name the folder of your images and annotations: data.root=FOLDER")
        super().__init__(name, augment, **settings)
        self.root, self.options = Path(root).expanduser(), self.settings[FolderOptions]

    def read_split(self) -> Split[Scene]:
        """Read, judge and split the folder; what was decided is in its notes."""
        return self.follow(read_folder(self.root, self.options, self.loading.values))
