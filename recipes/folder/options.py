"""What the user may choose about a folder of images: `data.<name>=…` on the command line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from recipes.folder.geometry import GEOMETRIES
from zoo.errors import ZooError, near

CHOICES = {
    "negatives": ("keep", "error", "drop"),
    "orphans": ("error", "drop"),
    "invalid": ("error", "clip", "drop"),
    "unseen": ("error", "ignore"),
    "geometry": GEOMETRIES,
}


@dataclass(frozen=True)
class FolderOptions:
    """Choices for reading and splitting a folder.

    `format` is that of a reader, None to find out. `geometry` is box, rotated_box, or auto: rotated boxes where the
    annotations carry them. `group` is "folder", or a regular expression with one group over the file name: images of one
    group stay in one split. `ratios` are the shares of train, val and test where the data name no split, drawn from
    `split_seed`, which is not the seed of training. `negatives` are images without objects, `orphans` annotations without
    an image, `invalid` boxes that are outside or empty and rotated ones of three corners, `unseen` classes that occur in
    val or test only. `bands` are those to read, or as many new names as there are; `band_names` are what those of the files
    are called, in their order; `resolution` is in metres a pixel.
    """

    format: str | None = None
    group: str | None = None
    split_seed: int = 0
    ratios: tuple[float, float, float] = (0.7, 0.15, 0.15)
    negatives: str = "keep"
    orphans: str = "error"
    invalid: str = "error"
    unseen: str = "error"
    geometry: str = "auto"
    bands: Sequence[str] | None = None
    band_names: Sequence[str] | None = None
    licence: str = "unknown"
    resolution: float | None = None

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            value = getattr(self, name)
            if value not in allowed:
                raise ZooError(
                    f"data.{name}={value} is not known{near(str(value), allowed)}; known: {', '.join(allowed)}"
                )
        ratios = tuple(self.ratios)
        if len(ratios) != 3 or min(ratios) <= 0 or abs(sum(ratios) - 1) > 1e-6:
            raise ZooError(f"data.ratios={list(ratios)} must be three positive shares (train, val, test) that sum to 1")
        if self.group not in (None, "folder"):
            check_group(str(self.group))


def check_group(pattern: str) -> None:
    """Refuse a pattern that is no regular expression with one group."""
    way_out = "give 'folder', or a regular expression with one group over the file name, such as '(flight[0-9]+)'"
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ZooError(f"data.group={pattern} is no regular expression ({error}); {way_out}") from error
    if groups != 1:
        raise ZooError(f"data.group={pattern} has {groups} groups, not one; {way_out}")
