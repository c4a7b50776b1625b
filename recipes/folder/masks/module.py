"""`data=folder task=segmentation`: the user's own images and masks as a data module."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from recipes.folder.boxes.module import Augment, covering, sorted_out
from recipes.folder.masks.options import MaskOptions
from recipes.folder.masks.reading import read_masks
from recipes.imagery.module import Loading, SegmentationScenes
from recipes.imagery.scene import Split
from zoo.errors import ZooError
from zoo.sources import Source


class FolderSegmentation(SegmentationScenes):
    """Images below `root` with masks: class numbers, colours, two values, or shares with a threshold.

    `settings` are those of `MaskOptions` (what is read) and of `Loading` (how batches are made). Without `samples`, an
    epoch is as many crops as cover the training scenes once.
    """

    def __init__(self, name: str, root: str | Path | None, augment: Augment, **settings: Any) -> None:
        if root is None or str(root) == "":
            raise ZooError("data.root is not set; name the folder of your images and masks: data.root=FOLDER")
        reading, loading = sorted_out(settings, MaskOptions)
        super().__init__(name, Loading(**loading), augment)
        self.root, self.options = Path(root).expanduser(), MaskOptions(**reading)

    def sources(self) -> Sequence[Source]:
        """Return none: the data are the user's own."""
        return ()

    def read_split(self) -> Split:
        """Read, judge and split the folder; what was decided is in its notes."""
        split = read_masks(self.root, self.options, self.loading.values)
        if split.value_range is not None:
            self.loading = replace(self.loading, value_range=split.value_range)
        if self.loading.samples is None:
            self.loading = replace(self.loading, samples=covering(split, self.loading.crop))
        return split
