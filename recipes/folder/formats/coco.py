"""COCO: JSON files of images, annotations and categories, one a split.

The format: https://cocodataset.org/#format-data. A box is x, y, width, height in pixels from 0. A rotated box is a bbox of
five numbers, centre, width, height and degrees counter-clockwise (https://detectron2.readthedocs.io, RotatedBoxes), or a
`segmentation` of one polygon with four corners. Splits come from the names: `annotations/instances_train2017.json`,
`train.json`, or Roboflow's `train/_annotations.coco.json`. Annotations with `iscrowd` or `ignore` stand for no single object.
`difficult` marks an object; other keys are its attributes. Classes are in order of their ids.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from posixpath import basename, dirname
from posixpath import join as path_join
from typing import Any

import numpy as np

from recipes.folder.annotation_builder import AnnotationBuilder
from recipes.folder.annotations import Annotations, Region, Value
from recipes.folder.image_builder import ImageBuilder
from recipes.folder.rle import decode_rle
from recipes.folder.shapes import outline_mask, without_repeats
from recipes.folder.tree import Tree, key, parents, split_of, without_suffix
from zoo.errors import ZooError

TABLES = ("images", "annotations", "categories")
Record = Mapping[str, Any]
#: Keys of an annotation and of an image that are read for themselves, or follow from what is read.
OWN = {"id", "image_id", "category_id", "bbox", "segmentation", "area", "iscrowd", "ignore", "difficult", "attributes"}
OF_IMAGE = {"id", "file_name", "width", "height", "group"}


def read(tree: Tree) -> Annotations:
    """Read every COCO file of the tree; images that none of them names are left out with a note."""
    builder = AnnotationBuilder(tree, place="annotation")
    reader = _Reader(builder)
    for rel in instance_files(builder.tree):
        reader.read(rel)
    builder.note("JSON [file holds|files hold] no COCO boxes and [was|were] left out", reader.foreign)
    builder.note("[name|names] of several categories, which are read as one class", reader.twice)
    unlisted = [image for image in builder.tree.images if image not in builder.entries]
    builder.note("[image is|images are] named in no COCO file and [was|were] left out", unlisted)
    headings = {name for _, name in reader.headings} - reader.used
    names = [name for _, name in sorted(reader.categories) if name not in headings]
    return builder.finish(names)


def evidence(tree: Tree) -> Iterator[str]:
    """Yield the files that speak for this format: which of the tables is first is free."""
    for rel in tree.ending(".json"):
        head = tree.head(rel)
        if any(f'"{table}"'.encode() in head for table in TABLES) and b'"FeatureCollection"' not in head:
            yield rel


def instance_files(tree: Tree) -> list[str]:
    """Return the JSON files to read: those called `instances_…` where there are some (captions lie beside them)."""
    files = tree.ending(".json")
    instances = [rel for rel in files if key(basename(rel)).startswith("instances_")]
    return instances or files


class _Reader:
    def __init__(self, builder: AnnotationBuilder) -> None:
        self.builder, self.tree = builder, builder.tree
        self.foreign: list[str] = []
        self.twice: list[str] = []
        self.categories: set[tuple[int, str]] = set()
        self.headings: set[tuple[int, str]] = set()
        self.used: set[str] = set()

    def read(self, rel: str) -> None:
        """Read one file, if it has the three tables of COCO."""
        try:
            content = load(self.tree, rel)
        except ZooError as error:
            self.builder.malformed(error)
            return
        if not isinstance(content, dict) or not all(isinstance(content.get(table), list) for table in TABLES):
            self.foreign.append(rel)
            return
        tables = {table: self._records(content[table], rel, table) for table in TABLES}
        classes = self._classes(tables["categories"], rel)
        entries = self._images(tables["images"], rel)
        for record in tables["annotations"]:
            self._object(record, entries, classes, rel)

    def _records(self, table: list[Any], rel: str, name: str) -> list[Record]:
        needed = ("image_id", "category_id") if name == "annotations" else ("id",)
        good = []
        for number, record in enumerate(table, 1):
            known = record if isinstance(record, dict) else {}
            missing = [field for field in needed if not isinstance(known.get(field), int | str)]
            if missing:
                what = f"{' and '.join(map(repr, missing))} must be there, a whole number or a text"
                self.builder.problem("malformed", f"{rel}, {name} {number}", what)
            else:
                good.append(record)
        return good

    def _classes(self, table: Iterable[Record], rel: str) -> dict[Any, str]:
        classes: dict[Any, str] = {}
        above = {str(record.get("supercategory")) for record in table}
        for record in table:
            number, name = record["id"], str(record.get("name") or "").strip()
            if not isinstance(number, int) or not name or classes.get(number, name) != name:
                self.builder.problem("malformed", f"{rel}, category {number!r}", f"id or name is not usable ({name!r})")
                continue
            classes[number] = name
            self.categories.add((number, name))
            if name in above and record.get("supercategory") != name:
                self.headings.add((number, name))  # Roboflow lists the supercategory among the categories
        self.twice += [name for name, count in Counter(classes.values()).items() if count > 1]
        return classes

    def _images(self, table: Iterable[Record], rel: str) -> dict[Any, ImageBuilder | None]:
        split, folders = split_of(rel), image_folders(self.tree, rel)
        entries: dict[Any, ImageBuilder | None] = {}
        named: dict[str, Any] = {}
        for record in table:
            where, name = f"{rel}, image {record['id']!r}", record.get("file_name")
            if not isinstance(name, str) or not name or record["id"] in entries:
                reason = "its id is there twice" if name else "no 'file_name'"
                self.builder.problem("malformed", where, reason)
                continue
            image = self.builder.locate(name, folders, where, dirname(rel))
            if image in named:
                twice = f"its file_name {name!r} is that of image {named[image]!r} too; give each a name of its own"
                self.builder.problem("malformed", where, twice)
                entries[record["id"]] = None
                continue
            entries[record["id"]] = None if image is None else self.builder.entry(image, split, rel)
            if image is not None:
                named[image] = record["id"]
                self._describe(self.builder.entries[image], record)
        return entries

    def _object(
        self, record: Record, entries: Mapping[Any, ImageBuilder | None], classes: Mapping[Any, str], rel: str
    ) -> None:
        number = record.get("id", "without id")
        where = f"{rel}, annotation {number}"
        if record["image_id"] not in entries:
            self.builder.problem("orphan", where, f"image_id {record['image_id']!r} is not in 'images'")
            return
        if record["category_id"] not in classes:
            self.builder.problem("class", where, f"category_id {record['category_id']!r} is not in 'categories'")
            return
        entry, label = entries[record["image_id"]], classes[record["category_id"]]
        if entry is not None and self._add(entry, record, label, where):
            self.used.add(label)
            said = {**of(record.get("attributes")), **record}
            entry.describe(said.get("difficult") in (1, True), plain(said, OWN))

    def _describe(self, entry: ImageBuilder, record: Record) -> None:
        entry.size = size(record)
        entry.group = str(record["group"]) if record.get("group") else None
        entry.about.update(plain(record, OF_IMAGE))

    def _add(self, entry: ImageBuilder, record: Record, label: str, where: str) -> bool:
        number = record["id"] if isinstance(record.get("id"), int) else -1
        box = coordinates(record.get("bbox"))
        region = region_of(record.get("segmentation"))
        crowd = record.get("iscrowd") == 1 or record.get("ignore") == 1
        if len(box) == 5:
            entry.add_rotated(box, label, number)
        elif len(region) == 1 and len(region[0]) == 1 and not crowd:
            entry.add_shape(region[0][0], label, number, xywh_to_xyxy(box))
        elif region:
            entry.add_region(region, label, number, xywh_to_xyxy(box))
        elif len(box) == 4:
            entry.add(xywh_to_xyxy(box) or (), label, number)
        else:
            what = f"bbox is {str(record.get('bbox'))[:60]}, and no segmentation says where the object is"
            self.builder.problem("malformed", where, what)
            return False
        if crowd:
            entry.crowds.add(len(entry.boxes) - 1)
        return True


def coordinates(value: object) -> list[float]:
    """Return the numbers of a JSON list; none when one of its values is no number."""
    return [float(number) for number in value] if isinstance(value, list) and all(map(is_coordinate, value)) else []


def xywh_to_xyxy(box: list[float]) -> tuple[float, float, float, float] | None:
    """Return xyxy of x, y, width, height; None of anything else."""
    return (box[0], box[1], box[0] + box[2], box[1] + box[3]) if len(box) == 4 else None


def region_of(segmentation: object) -> Region:
    """Return the parts of a segmentation, of polygons or a run-length mask; none where it says nothing that can be read."""
    if isinstance(segmentation, dict):
        mask = decode_rle(segmentation)
        return [] if mask is None else outline_mask(mask)
    rings = [coordinates(part) for part in segmentation] if isinstance(segmentation, list) else []
    points = [without_repeats(np.array(numbers[: len(numbers) // 2 * 2]).reshape(-1, 2)) for numbers in rings]
    return [[ring] for ring in points if len(ring) > 2]


def of(value: object) -> Record:
    """Return a mapping as it is, and an empty one of anything else."""
    return value if isinstance(value, dict) else {}


def plain(record: Record, own: set[str]) -> dict[str, Value]:
    """Return what a record says beyond the keys `own`, as far as it is plain values."""
    return {key: value for key, value in record.items() if key not in own and isinstance(value, str | int | float)}


def is_coordinate(value: object) -> bool:
    """Say whether a JSON value is a number that a float can hold."""
    return isinstance(value, float) or (type(value) is int and abs(value) < 1 << 53)


def load(tree: Tree, rel: str) -> Any:
    """Return the content of a JSON file, or say on which line it breaks."""
    try:
        return json.loads(tree.text(rel))
    except json.JSONDecodeError as error:
        raise ZooError(f"{rel}, line {error.lineno}: {error.msg} (column {error.colno})") from error
    except RecursionError as error:
        raise ZooError(f"{rel}, line 1: nested too deeply to be an annotation file") from error


def image_folders(tree: Tree, rel: str) -> list[str]:
    """Return where the images of a file of annotations may lie, the likeliest first."""
    here = [dirname(rel), *parents(rel)[1:], ""]
    words = [without_suffix(basename(rel)).rpartition("_")[2], split_of(rel) or ""]
    named = [path_join(base, *deeper) for base in here for word in words for deeper in ((word,), ("images", word))]
    bare = [path_join(base, "images") for base in here]
    return [folder for folder in dict.fromkeys([*named, *here, *bare]) if tree.has_folder(folder.rstrip("/"))]


def size(record: Record) -> tuple[int, int] | None:
    """Return width and height as the file states them, None when it does not."""
    width, height = record.get("width"), record.get("height")
    return (width, height) if isinstance(width, int) and isinstance(height, int) and width and height else None
