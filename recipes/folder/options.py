"""What the user may choose about any folder of images, with boxes or masks: `data.<name>=…` on the command line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from recipes.kit.split import Leakage, check_ratios
from zoo.errors import ZooError

Drop = Literal["error", "drop"]
Ignore = Literal["error", "ignore"]


@dataclass(frozen=True)
class ReadingOptions:
    """Choices that all folders have in common.

    `group` is "folder", or a regular expression with one group over the file name: images of one group stay in one split.
    `ratios` are the shares of train, val and test where the data name no split, drawn from `split_seed`, which is not the
    seed of training. `orphans` are annotations or masks without an image, `unseen` classes that occur in val or test only,
    `leakage` images that are byte for byte one of another split, where the data name the splits.
    `bands` are those to read, or as many new names as there are; `band_names` are what those of the files are called, in
    their order; `resolution` is in metres a pixel.
    """

    group: str | None = None
    split_seed: Annotated[int, Field(ge=0)] = 0
    ratios: tuple[float, float, float] = (0.7, 0.15, 0.15)
    negatives: Literal["keep", "error", "drop"] = "keep"
    orphans: Drop = "error"
    invalid: str = "error"
    unseen: Ignore = "error"
    leakage: Leakage = "error"
    bands: Sequence[str] | None = None
    band_names: Sequence[str] | None = None
    licence: str = "unknown"
    resolution: Annotated[float, Field(gt=0)] | None = None

    def __post_init__(self) -> None:
        check_ratios(self.ratios)
        if self.group not in (None, "folder"):
            way_out = (
                "give 'folder', or a regular expression with one group over the file name, such as '(flight[0-9]+)'"
            )
            check_pattern("group", str(self.group), way_out)


def check_pattern(name: str, pattern: str, way_out: str) -> None:
    """Refuse a pattern that is no regular expression with one group."""
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ZooError(f"data.{name}={pattern} is no regular expression ({error}); {way_out}") from error
    if groups != 1:
        raise ZooError(f"data.{name}={pattern} has {groups} groups, not one; {way_out}")
