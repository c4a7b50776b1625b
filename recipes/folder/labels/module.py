"""`data=folder task=classification`: the user's own labelled images as a data module."""

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from recipes.folder.labels.options import LabelOptions
from recipes.folder.labels.reading import read_labels
from recipes.imagery.scene import Scene
from recipes.kit.module import Change
from recipes.kit.split import Split
from recipes.labelled.module import LabelledImages, LabelledLoading
from zoo.errors import ZooError


class FolderClassification(LabelledImages):
    """Images below `root` in a folder for each class, or with a table of names and labels."""

    records: ClassVar[tuple[type, ...]] = (LabelledLoading, LabelOptions)

    def __init__(self, name: str, root: str | Path | None, augment: Change, **settings: Any) -> None:
        if root is None or str(root) == "":
            raise ZooError("data.root is not set; name the folder of your images and labels: data.root=FOLDER")
        super().__init__(name, augment, **settings)
        self.root, self.options = Path(root).expanduser(), self.settings[LabelOptions]

    def read_split(self) -> Split[Scene]:
        """Read, judge and split the folder; what was decided is in its notes."""
        split = read_labels(self.root, self.options, self.loading.values, self.loading.objective)
        if split.value_range is not None:
            self.loading = replace(self.loading, value_range=split.value_range)
        return split
