"""labelme: a JSON file an image, with shapes that are drawn on it.

The format: https://github.com/wkentaro/labelme. Polygons, rectangles, circles and masks are read; points and lines are no
outlines and are left out with a note. Classes are as `classes.txt` lists them, else in alphabetical order.
"""

import base64
import binascii
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from posixpath import basename, dirname, splitext
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from recipes.folder.annotation_builder import AnnotationBuilder
from recipes.folder.annotations import Annotations
from recipes.folder.formats.coco import coordinates, load
from recipes.folder.formats.format import Placed, rounded, save
from recipes.folder.formats.text_writer import list_classes
from recipes.folder.image_builder import ImageBuilder
from recipes.folder.shapes import outline_mask, without_repeats
from recipes.folder.tree import Tree, split_of_folder, without_suffix
from zoo.errors import ZooError

#: Shapes that enclose nothing.
OPEN = ("point", "points", "line", "linestrip")
CORNERS_OF_A_CIRCLE = 64


def evidence(tree: Tree) -> Iterator[str]:
    """Yield the files that speak for this format."""
    for rel in tree.ending(".json"):
        head = tree.head(rel)
        if b'"shapes"' in head and any(word in head for word in (b'"imagePath"', b'"flags"', b'"version"')):
            yield rel


def read(tree: Tree) -> Annotations:
    """Read every labelme file of the tree; images that none is about are left out with a note."""
    builder, left_out = AnnotationBuilder(tree, place="shape"), []
    for rel in evidence(tree):
        try:
            left_out += read_file(builder, rel)
        except ZooError as error:
            builder.malformed(error)
    builder.note("[shape is a point or a line and was|shapes are points or lines and were] left out", left_out)
    unlisted = [image for image in tree.images if image not in builder.entries]
    builder.note("[image has|images have] no labelme file and [was|were] left out", unlisted)
    return builder.finish([*tree.listed_names(), *builder.names()])


def read_file(builder: AnnotationBuilder, rel: str) -> list[str]:
    """Read one file; return the places of shapes that enclose nothing."""
    content = load(builder.tree, rel)
    shapes = content.get("shapes") if isinstance(content, dict) else None
    if not isinstance(shapes, list):
        raise ZooError(f"{rel}, line 1: 'shapes' must be a list")
    own = basename(str(content.get("imagePath") or "").replace("\\", "/"))
    beside = builder.tree.image_candidates(own, [dirname(rel)]) if own else []
    image = builder.locate(own if beside else basename(without_suffix(rel)), [dirname(rel)], rel, dirname(rel))
    if image is None:
        return []
    entry = builder.entry(image, split_of_folder(image), rel)
    width, height = content.get("imageWidth"), content.get("imageHeight")
    entry.size = (width, height) if type(width) is type(height) is int and width and height else None
    left_out = []
    for number, shape in enumerate(shapes, 1):
        where = f"{rel}, shape {number}"
        if not isinstance(shape, dict) or not str(shape.get("label") or "").strip():
            builder.problem("malformed", where, "it has no label")
        elif shape.get("shape_type") in OPEN:
            left_out.append(where)
        elif not add_shape(entry, shape, number):
            builder.problem("malformed", where, f"a {str(shape.get('shape_type'))[:30]} whose points enclose nothing")
    return left_out


def add_shape(entry: ImageBuilder, shape: Mapping[str, Any], number: int) -> bool:
    """Add one shape to its image; False where its points enclose nothing."""
    label, kind = str(shape["label"]).strip(), shape.get("shape_type") or "polygon"
    given = [coordinates(point) for point in shape["points"]] if isinstance(shape.get("points"), list) else []
    if not given or any(len(point) != 2 for point in given):
        return False
    points = without_repeats(np.array(given))
    if kind == "mask":
        mask = decode_mask(shape.get("mask"))
        parts = [] if mask is None else outline_mask(mask)
        if parts:
            entry.add_region([[ring + points[0] for ring in part] for part in parts], label, number)
        return bool(parts)
    if kind in ("rectangle", "circle") and len(points) == 2:
        points = corners_of(points) if kind == "rectangle" else circle_of(*points)
    if len(points) < 3:
        return False
    entry.add_shape(points, label, number)
    return True


def corners_of(points: np.ndarray) -> np.ndarray:
    """Return the corners (4, 2) of a rectangle between two points."""
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def circle_of(centre: np.ndarray, edge: np.ndarray) -> np.ndarray:
    """Return points (N, 2) on a circle."""
    turns = np.linspace(0, 2 * np.pi, CORNERS_OF_A_CIRCLE, endpoint=False)
    return centre + np.linalg.norm(edge - centre) * np.stack([np.cos(turns), np.sin(turns)], axis=1)


def decode_mask(text: object) -> np.ndarray | None:
    """Return the mask (H, W) bool in a PNG in base64; None for anything else."""
    try:
        with Image.open(io.BytesIO(base64.b64decode(str(text), validate=True)), formats=["PNG"]) as picture:
            return np.array(picture.convert("L")) > 0
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError):
        return None


def place(bare: str, split: str | None) -> str:
    """Return `images/train/…`, beside which its file is written."""
    return "/".join(filter(None, ["images", split, bare]))


def write(placed: Sequence[Placed], classes: Sequence[str], root: Path) -> None:
    """Write a file beside each image, and `classes.txt`."""
    list_classes(root, classes)
    for one in placed:
        shapes = []
        for index, (label, box) in enumerate(zip(one.image.labels, one.image.boxes, strict=True)):
            drawn = one.image.shapes.get(index)
            points = box.reshape(2, 2) if drawn is None else drawn
            kind = "rectangle" if drawn is None else "polygon"
            shapes.append({"label": label, "points": [rounded(point) for point in points], "shape_type": kind})
        head: dict[str, object] = {
            "version": "5.0.0",
            "flags": {},
            "shapes": shapes,
            "imagePath": basename(one.rel),
            "imageData": None,
        }
        facts = one.image.facts
        sizes = {} if facts is None else {"imageHeight": facts.height, "imageWidth": facts.width}
        save(
            root / f"{splitext(one.rel)[0]}.json", json.dumps(head | sizes, ensure_ascii=False, allow_nan=False) + "\n"
        )
