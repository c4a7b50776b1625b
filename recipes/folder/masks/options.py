"""What the user may choose about a folder of images and masks: `data.<name>=…` on the command line."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recipes.folder.options import FolderOptions
from zoo.errors import ZooError, near
from zoo.segmentation import IGNORED

KINDS = ("auto", "index", "binary", "colour", "soft")
CHOICES = {
    "kind": KINDS,
    "orphans": ("error", "drop"),
    "unmasked": ("error", "drop"),
    "negatives": ("keep", "error", "drop"),
    "blank": ("error", "drop"),
    "invalid": ("error", "ignore"),
    "unseen": ("error", "ignore"),
}


@dataclass(frozen=True)
class MaskOptions:
    """Choices for reading and splitting a folder of images and masks.

    `pairs` is a regular expression over the paths of the masks, with one group: the path (or the end of it) of the image
    without its suffix. `kind` is what the masks hold: class numbers, two values, colours, or shares from 0 to 255 that
    `threshold` makes two classes of. `classes` names class numbers, in their order or as {name: value}; `palette` names
    colours, {name: [r, g, b]}. `ignore` is the value, or the colour, of pixels that are not known.

    `orphans` are masks without an image, `unmasked` images without a mask, `negatives` masks of background alone, `blank`
    masks that know no pixel, `invalid` values that are no class, `unseen` classes that only val or test shows. The others
    are as in `FolderOptions`.
    """

    pairs: str | None = None
    kind: str = "auto"
    threshold: float | None = None
    classes: Sequence[str] | Mapping[str, int] | None = None
    palette: Mapping[str, Sequence[int]] | None = None
    ignore: int | Sequence[int] | None = IGNORED
    orphans: str = "error"
    unmasked: str = "error"
    negatives: str = "keep"
    blank: str = "error"
    invalid: str = "error"
    unseen: str = "error"
    group: str | None = None
    split_seed: int = 0
    ratios: tuple[float, float, float] = (0.7, 0.15, 0.15)
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
        if self.kind == "soft" and self.threshold is None:
            raise ZooError(
                "data.kind=soft needs data.threshold: pixels from it on are foreground, as data.threshold=128"
            )
        if self.threshold is not None and not 0 < self.threshold <= 255:
            raise ZooError(f"data.threshold={self.threshold} must be above 0 and at most 255")
        if self.threshold is not None and self.kind in ("index", "colour"):
            raise ZooError(
                f"data.threshold={self.threshold:g} makes two classes of shares, and data.kind={self.kind} asks for all"
                " that there are; leave one of them out"
            )
        if self.pairs is not None:
            check_pairs(self.pairs)
        self.splitting()

    def splitting(self) -> FolderOptions:
        """Return the choices that folders of boxes and of masks have in common."""
        return FolderOptions(group=self.group, split_seed=self.split_seed, ratios=self.ratios, licence=self.licence)


def check_pairs(pattern: str) -> None:
    """Refuse a pattern that is no regular expression with one group."""
    way_out = "it is held against the paths of the masks, and its one group is the image, as in 'gt/(.*)_labels'"
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ZooError(f"data.pairs={pattern} is no regular expression ({error}); {way_out}") from error
    if groups != 1:
        raise ZooError(f"data.pairs={pattern} has {groups} groups, not one; {way_out}")
