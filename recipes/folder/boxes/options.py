"""What the user may choose about a folder of images with boxes: `data.<name>=…` on the command line."""

from dataclasses import dataclass
from typing import Literal

from recipes.folder.options import ReadingOptions


@dataclass(frozen=True)
class FolderOptions(ReadingOptions):
    """Choices for reading and splitting a folder of images with boxes.

    `format` is that of a reader, None to find out. `geometry` is box, rotated_box, or auto: rotated boxes where the
    annotations carry them. `negatives` are images without objects, `invalid` boxes that are outside or empty and rotated
    ones of three corners. `crowds` are annotations that stand for many objects or for what is to be ignored. `sizes` says
    what is done where an annotation declares another size than the image has and nobody can tell in which pixels it is:
    `file` takes those of the image. The others are those of `ReadingOptions`.
    """

    invalid: Literal["error", "clip", "drop"] = "error"
    format: str | None = None
    geometry: Literal["auto", "box", "rotated_box"] = "auto"
    crowds: Literal["drop", "keep"] = "drop"
    sizes: Literal["error", "file"] = "error"
