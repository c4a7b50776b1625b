"""What the user may choose about a folder of images and masks: `data.<name>=…` on the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from recipes.folder.options import Drop, Ignore, ReadingOptions, check_pattern
from zoo.errors import ZooError
from zoo.segmentation import IGNORED


@dataclass(frozen=True)
class MaskOptions(ReadingOptions):
    """Choices for reading and splitting a folder of images and masks.

    `format` is that of annotations whose outlines are drawn as masks, None to find out. `pairs` is a regular expression
    over the paths of the masks, with one group: the path (or the end of it) of the image without its suffix. `kind` is what
    the masks hold: class numbers, two values, colours, or shares from 0 to 255 that `threshold` makes two classes of.
    `classes` names class numbers, in their order or as {name: value}; `palette` names colours, {name: [r, g, b]}. `ignore`
    is the value, or the colour, of pixels that are not known.

    `unmasked` are images without a mask, `negatives` masks of background alone, `blank` masks that know no pixel, `invalid`
    values that are no class. `sizes` says what is done where annotations of outlines declare another size than the image has:
    `file` takes coordinates in pixels of the image. The others are those of `ReadingOptions`.
    """

    pairs: str | None = None
    format: str | None = None
    kind: Literal["auto", "index", "binary", "colour", "soft"] = "auto"
    threshold: Annotated[float, Field(gt=0, le=255)] | None = None
    classes: Sequence[str] | Mapping[str, int] | None = None
    palette: Mapping[str, Sequence[int]] | None = None
    ignore: int | Sequence[int] | None = IGNORED
    unmasked: Drop = "error"
    blank: Drop = "error"
    invalid: Ignore = "error"
    sizes: Literal["error", "file"] = "error"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind == "soft" and self.threshold is None:
            raise ZooError(
                "data.kind=soft needs data.threshold: pixels from it on are foreground, as data.threshold=128"
            )
        if self.threshold is not None and self.kind in ("index", "colour"):
            raise ZooError(
                f"data.threshold={self.threshold:g} makes two classes of shares, and data.kind={self.kind} asks for all"
                " that there are; leave one of them out"
            )
        if self.pairs is not None:
            way_out = (
                "it is held against the paths of the masks, and its one group is the image, as in 'gt/(.*)_labels'"
            )
            check_pattern("pairs", self.pairs, way_out)
