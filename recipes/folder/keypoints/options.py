"""What the user may choose about a folder of keypoints: `data.<name>=…` on the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from recipes.folder.options import Drop, ReadingOptions

Format = Literal["auto", "coco", "deeplabcut", "lightning_pose", "cvat", "labelstudio"]


@dataclass(frozen=True)
class KeypointOptions(ReadingOptions):
    """Choices for reading and splitting a folder of keypoints.

    `format` auto is found out. `edges` are the names that lines join, `pairs` left and right, `torso` the
    two ends of what errors are shares of, `sigmas` how far annotators differ, a number a keypoint; None is what the data or
    the names say. `invalid` are individuals without a visible keypoint and images that cannot be read. The others are those of
    `ReadingOptions`.
    """

    format: Format = "auto"
    edges: Sequence[Sequence[str]] | None = None
    pairs: Sequence[Sequence[str]] | None = None
    torso: Sequence[str] | None = None
    sigmas: Sequence[float] | None = None
    invalid: Drop = "error"
