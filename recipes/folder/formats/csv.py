"""CSV: a row an object. Columns by name, or the six columns of RetinaNet without a header.

With a header, in any order: `image_path` (or image, filename, …), `xmin, ymin, xmax, ymax`, `label`; optional `split`,
`group` and `difficult`, 0 or 1; other columns are attributes of the objects. This is what DeepForest and torchvision's
references write. Rotated boxes have the corners `x1, y1, …, x4, y4`, or `cx, cy, w, h, angle` in degrees counter-clockwise.
Without a header: `path,x1,y1,x2,y2,class`, as keras-retinanet reads it, with `class,id` rows in a second file for the order
of the classes. A row with empty or all-zero numbers stands for an image without objects. Files called train, val and test
tell the split where no column does.
"""

import csv
import io
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname
from posixpath import join as path_join

from recipes.folder.annotation_builder import AnnotationBuilder
from recipes.folder.annotations import Annotations
from recipes.folder.image_builder import ImageBuilder
from recipes.folder.numbers import is_number, whole
from recipes.folder.tree import SPLIT_WORDS, Tree, split_of, suffix
from recipes.imagery.images import SUFFIXES
from zoo.errors import ZooError

#: What the columns are called by the tools that write such files.
COLUMNS = {
    "image": ("image_path", "image", "filename", "file_name", "img_path", "image_name", "img", "file", "path"),
    "xmin": ("xmin", "x_min", "x1", "left"),
    "ymin": ("ymin", "y_min", "y1", "top"),
    "xmax": ("xmax", "x_max", "x2", "right"),
    "ymax": ("ymax", "y_max", "y2", "bottom"),
    "label": ("label", "class", "class_name", "category", "name"),
    "split": ("split", "subset", "set"),
    "group": ("group",),
    "difficult": ("difficult",),
    "cx": ("cx", "x_center", "xc"),
    "cy": ("cy", "y_center", "yc"),
    "w": ("w", "width"),
    "h": ("h", "height"),
    "angle": ("angle", "theta", "rotation"),
} | {f"{axis}{number}": (f"{axis}{number}",) for number in (1, 2, 3, 4) for axis in "xy"}
CORNERS = ("xmin", "ymin", "xmax", "ymax")
FOUR = tuple(f"{axis}{number}" for number in (1, 2, 3, 4) for axis in "xy")
ROTATED = ("cx", "cy", "w", "h", "angle")
NEEDED = ("image", *CORNERS, "label")


def numbers_of(columns: Container[str]) -> tuple[str, ...]:
    """Return the columns that hold an object's place: four corners, a rotated box, or the sides of a box."""
    return next((group for group in (FOUR, ROTATED) if all(role in columns for role in group)), CORNERS)


@dataclass(frozen=True)
class Sheet:
    """A CSV file: rows as lists of texts with their lines, and the index of each known column."""

    rel: str
    columns: Mapping[str, int]
    rows: tuple[tuple[int, list[str]], ...]
    header: tuple[str, ...]


def read(tree: Tree) -> Annotations:
    """Read the CSV files of the tree; classes in the order of a file of classes, else alphabetical."""
    builder = AnnotationBuilder(tree, place="line")
    sheets = annotation_sheets(builder)
    for sheet in sheets:
        for line, row in sheet.rows:
            read_row(builder, sheet, line, row)
    unlisted = [image for image in builder.tree.images if image not in builder.entries]
    builder.note(
        "[image is|images are] named in no row and [was|were] left out; a row `path,,,,,` adds one without objects",
        unlisted,
    )
    return builder.finish([*listed_classes(builder.tree), *builder.names()])


def annotation_sheets(builder: AnnotationBuilder) -> list[Sheet]:
    """Return the files with boxes: one, or one a split."""
    sheets = [sheet for rel in builder.tree.ending(".csv") if (sheet := load(builder, rel)) is not None]
    splits = [split_of(sheet.rel) for sheet in sheets]
    if len(sheets) > 1 and (None in splits or len(set(splits)) < len(splits)):
        names = ", ".join(sheet.rel for sheet in sheets[:4])
        raise ZooError(
            f"{builder.tree.root} has {len(sheets)} CSV files with boxes ({names}); keep one, or call them train, val and test"
        )
    return sheets


def load(builder: AnnotationBuilder, rel: str) -> Sheet | None:
    """Read a file; None when it holds no boxes."""
    try:
        rows = list(parsed(builder.tree, rel))
    except ZooError as error:
        builder.malformed(error)
        return None
    if not rows:
        return None
    columns, headed = columns_of(rows[0][1])
    if not is_table(columns):
        return None
    missing = [f"{role} ({', '.join(COLUMNS[role][:3])})" for role in needed(columns) if role not in columns]
    if missing:
        builder.problem("malformed", f"{rel}, line {rows[0][0]}", f"no column for {' and '.join(missing)}")
    return None if missing else Sheet(rel, columns, tuple(rows[headed:]), tuple(rows[0][1]))


def parsed(tree: Tree, rel: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, with their line; the separator is the likeliest of comma, semicolon and tab."""
    text = tree.text(rel)
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    try:
        for row in reader:
            if any(field.strip() for field in row):
                yield reader.line_num, [field.strip() for field in row]
    except csv.Error as error:
        raise ZooError(f"{rel}, line {reader.line_num}: {error}") from error


def evidence(tree: Tree) -> Iterator[str]:
    """Yield the files that speak for this format."""
    return (rel for rel in tree.ending(".csv") if has_boxes(tree, rel))


def has_boxes(tree: Tree, rel: str) -> bool:
    """Say whether the first row of a file is that of a table of boxes."""
    try:
        first = next(parsed(tree, rel), None)
    except ZooError:
        return False  # not text, or not CSV: no evidence for this format
    return first is not None and is_table(columns_of(first[1])[0])


def is_table(columns: Mapping[str, int]) -> bool:
    """Say whether these are columns of boxes, be it that one is missing."""
    return sum(role in columns for role in needed(columns)) > len(NEEDED) // 2


def needed(columns: Mapping[str, int]) -> tuple[str, ...]:
    """Return the columns that a table of these cannot do without."""
    return ("image", *numbers_of(columns), "label")


def columns_of(first: list[str]) -> tuple[dict[str, int], bool]:
    """Return the index of each known column, and whether `first` is a header."""
    if len(first) == len(NEEDED) and suffix(first[0]) in SUFFIXES:
        return dict(zip(NEEDED, range(len(NEEDED)), strict=True)), False
    names = [name.lower() for name in first]
    return {
        role: names.index(name) for role, known in COLUMNS.items() for name in reversed(known) if name in names
    }, True


def read_row(builder: AnnotationBuilder, sheet: Sheet, line: int, row: list[str]) -> None:
    """Read one object, or an image without one, into the builder."""
    where = f"{sheet.rel}, line {line}"
    if len(row) != len(sheet.header):
        builder.problem("malformed", where, f"{len(row)} columns, not {len(sheet.header)}")
        return
    fields = {role: row[index] for role, index in sheet.columns.items()}
    split = split_named(fields["split"]) if fields.get("split") else split_of(sheet.rel)
    if split == "":
        builder.problem("malformed", where, f"split {fields['split']!r} is none of train, val and test")
        return
    image = builder.locate(fields["image"], folders(sheet.rel, split), where, dirname(sheet.rel))
    if image is not None:
        entry = builder.entry(image, split, sheet.rel)
        if fill(builder, entry, fields, (where, line)):
            used = set(sheet.columns.values())
            others = {name: row[at] for at, name in enumerate(sheet.header) if at not in used and row[at]}
            entry.describe(fields.get("difficult", "") in ("1", "true", "True"), others)


def fill(builder: AnnotationBuilder, entry: ImageBuilder, fields: Mapping[str, str], place: tuple[str, int]) -> bool:
    """Add the object of a row, and the group, to the entry of its image; False when the row has no (sound) object."""
    group = fields.get("group") or None
    if entry.boxes and entry.group != group:
        builder.problem("malformed", place[0], f"its image is in group {entry.group!r} and in group {group!r}")
    entry.group = group
    names = numbers_of(fields)
    texts = {name: fields[name] for name in names}
    if all(text == "" or (is_number(text) and float(text) == 0) for text in texts.values()):
        return False
    return {FOUR: builder.add_polygon, ROTATED: builder.add_rotated, CORNERS: builder.add}[names](
        entry, texts, fields["label"], place
    )


def split_named(text: str) -> str:
    """Return the split that a cell names, "" when it names none."""
    return next((split for split, words in SPLIT_WORDS.items() if text.lower() in words), "")


def folders(rel: str, split: str | None) -> list[str]:
    """Return where the images of a file may lie, the likeliest first."""
    here = dirname(rel)
    bases = [here, ""] if here else [""]
    return [path_join(base, inner) for base in bases for inner in ("", "images", *([split] if split else []))]


def listed_classes(tree: Tree) -> list[str]:
    """Return the names in a file of `class,id` rows, in order of their ids."""
    for rel in tree.ending(".csv"):
        if "class" in basename(rel).lower():
            rows = [row for _, row in parsed(tree, rel)]
            pairs = [(number, row[0]) for row in rows if len(row) == 2 and (number := whole(row[1])) is not None]
            if pairs and len(pairs) >= len(rows) - 1:  # a header is no pair
                return [name for _, name in sorted(pairs)]
    return []
