"""What the user may choose about any folder of images, with boxes or masks: `data.<name>=…` on the command line."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from recipes.kit.choice import one_of
from recipes.kit.split import check_ratios
from zoo.errors import ZooError


@dataclass(frozen=True)
class ReadingOptions:
    """Choices that all folders have in common.

    `group` is "folder", or a regular expression with one group over the file name: images of one group stay in one split.
    `ratios` are the shares of train, val and test where the data name no split, drawn from `split_seed`, which is not the
    seed of training. `orphans` are annotations or masks without an image, `unseen` classes that occur in val or test only.
    `bands` are those to read, or as many new names as there are; `band_names` are what those of the files are called, in
    their order; `resolution` is in metres a pixel.
    """

    group: str | None = None
    split_seed: int = 0
    ratios: tuple[float, float, float] = (0.7, 0.15, 0.15)
    negatives: str = "keep"
    orphans: str = "error"
    invalid: str = "error"
    unseen: str = "error"
    bands: Sequence[str] | None = None
    band_names: Sequence[str] | None = None
    licence: str = "unknown"
    resolution: float | None = None
    #: What each choice may be.
    CHOICES: ClassVar[Mapping[str, Sequence[str]]] = {
        "negatives": ("keep", "error", "drop"),
        "orphans": ("error", "drop"),
        "unseen": ("error", "ignore"),
    }

    def __post_init__(self) -> None:
        for name, allowed in self.CHOICES.items():
            one_of(f"data.{name}", getattr(self, name), allowed)
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
