"""`data=folder task=segmentation`: the user's own images and masks as a data module."""

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from recipes.folder.boxes.module import covering
from recipes.folder.masks.options import MaskOptions
from recipes.folder.masks.reading import read_masks
from recipes.folder.sizes import scaled_notes, settle
from recipes.imagery.module import Frame, SceneLoading, SegmentationScenes
from recipes.imagery.scene import Scene
from recipes.kit.module import Change
from recipes.kit.split import Split
from zoo.errors import ZooError

#: Of large images.
USUAL = Frame(crop=256, tile=512, overlap=64, resize=None)


class FolderSegmentation(SegmentationScenes):
    """Images below `root` with masks: class numbers, colours, two values, or shares with a threshold.

    Without `samples`, an epoch is as many crops as cover the training scenes once.
    """

    records: ClassVar[tuple[type, ...]] = (SceneLoading, MaskOptions)

    def __init__(self, name: str, root: str | Path | None, augment: Change, **settings: Any) -> None:
        if root is None or str(root) == "":
            raise ZooError("data.root is not set; name the folder of your images and masks: data.root=FOLDER")
        super().__init__(name, augment, **settings)
        self.root, self.options = Path(root).expanduser(), self.settings[MaskOptions]

    def read_split(self) -> Split[Scene]:
        """Read, judge and split the folder; what was decided is in its notes."""
        split = read_masks(self.root, self.options, self.loading.values)
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
