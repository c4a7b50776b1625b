"""`data=folder task=pose`: the user's own keypoints as a data module."""

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from recipes.folder.keypoints.options import KeypointOptions
from recipes.folder.keypoints.reading import read_keypoints
from recipes.keypoints.instance import Instance
from recipes.keypoints.module import KeypointImages, KeypointLoading
from recipes.kit.module import Change
from recipes.kit.split import Split
from zoo.errors import ZooError


class FolderPose(KeypointImages):
    """Images below `root` with keypoints as an annotation tool wrote them."""

    records: ClassVar[tuple[type, ...]] = (KeypointLoading, KeypointOptions)

    def __init__(self, name: str, root: str | Path | None, augment: Change, **settings: Any) -> None:
        if root is None or str(root) == "":
            raise ZooError("data.root is not set; name the folder of your images and keypoints: data.root=FOLDER")
        super().__init__(name, augment, **settings)
        self.root, self.options = Path(root).expanduser(), self.settings[KeypointOptions]

    def read_split(self) -> Split[Instance]:
        """Read, judge and split the folder; what was decided is in its notes."""
        split, self.own_skeleton = read_keypoints(self.root, self.options, self.loading.values)
        if split.value_range is not None:
            self.loading = replace(self.loading, value_range=split.value_range)
        return split
