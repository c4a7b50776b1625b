"""What the user may choose about a folder of labelled images: `data.<name>=…` on the command line."""

from collections.abc import Sequence
from dataclasses import dataclass

from recipes.folder.options import Drop, ReadingOptions


@dataclass(frozen=True)
class LabelOptions(ReadingOptions):
    """Choices for reading and splitting a folder of labelled images.

    `table` is the file of names and labels below the folder, None to find out; `image_column`, `label_column`, `split_column`
    and `group_column` are its columns, None for those with a usual name. `label_separator` stands between several labels of an
    image. `separator` and `encoding` of a table that are None are found out. `classes` gives the order of the classes, as
    grades need one, None: as `classes.txt` says, else by number or name.

    `empty` are class folders without an image, `unlabelled` images without a label, `invalid` images that cannot be read or
    have one pixel, and rows of a table with another number of fields than its head. The others are those of `ReadingOptions`.
    """

    table: str | None = None
    image_column: str | None = None
    label_column: str | None = None
    split_column: str | None = None
    group_column: str | None = None
    label_separator: str = "|"
    separator: str | None = None
    encoding: str | None = None
    classes: Sequence[str] | None = None
    empty: Drop = "error"
    unlabelled: Drop = "error"
    invalid: Drop = "error"
