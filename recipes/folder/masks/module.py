"""`data=folder task=segmentation`: the user's own images and masks as a data module."""

from pathlib import Path
from typing import Any, ClassVar

from recipes.folder.masks.options import MaskOptions
from recipes.folder.masks.reading import read_masks
from recipes.folder.sizes import FolderScenes
from recipes.imagery.module import Frame, SceneLoading, SegmentationScenes
from recipes.imagery.scene import Scene
from recipes.kit.module import Change
from recipes.kit.split import Split
from zoo.errors import ZooError


class FolderSegmentation(FolderScenes, SegmentationScenes):
    """Images below `root` with masks: class numbers, colours, two values, or shares with a threshold.

    Without `samples`, an epoch is as many crops as cover the training scenes once.
    """

    usual = Frame(crop=256, tile=512, overlap=64, resize=None)
    records: ClassVar[tuple[type, ...]] = (SceneLoading, MaskOptions)

    def __init__(self, name: str, root: str | Path | None, augment: Change, **settings: Any) -> None:
        if root is None or str(root) == "":
            raise ZooError("data.root is not set; name the folder of your images and masks: data.root=FOLDER")
        super().__init__(name, augment, **settings)
        self.root, self.options = Path(root).expanduser(), self.settings[MaskOptions]

    def read_split(self) -> Split[Scene]:
        """Read, judge and split the folder; what was decided is in its notes."""
        return self.follow(read_masks(self.root, self.options, self.loading.values))
