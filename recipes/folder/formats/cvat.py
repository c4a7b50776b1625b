"""CVAT for images: one XML file of images, each with its boxes, polygons, ellipses and masks.

The format: https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/. Lines, points, cuboids, skeletons and tags
enclose nothing and are left out with a note; tracks of a video name no images and are refused. Classes are in the order of
the labels.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from posixpath import dirname
from posixpath import join as path_join
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from recipes.folder.annotation_builder import AnnotationBuilder
from recipes.folder.annotations import Annotations
from recipes.folder.formats.format import Placed, save, short
from recipes.folder.formats.labelme import circle_of
from recipes.folder.formats.markup import line, parse
from recipes.folder.image_builder import ImageBuilder
from recipes.folder.numbers import whole
from recipes.folder.rle import decode_rows
from recipes.folder.shapes import outline_mask
from recipes.folder.tree import Tree, split_of, split_of_folder
from zoo.errors import ZooError

FILE = "annotations.xml"
CORNERS = ("xtl", "ytl", "xbr", "ybr")
ELLIPSE = ("cx", "cy", "rx", "ry")
MASK = ("left", "top", "width", "height")
#: Elements of an image that enclose nothing.
OPEN = frozenset({"polyline", "points", "cuboid", "skeleton", "tag"})


def evidence(tree: Tree) -> Iterator[str]:
    """Yield the files that speak for this format."""
    return (rel for rel in tree.ending(".xml") if b"<annotations" in tree.head(rel))


def read(tree: Tree) -> Annotations:
    """Read every file of the tree; images that none of them names are left out with a note."""
    builder, names, left_out = AnnotationBuilder(tree, place="line"), list[str](), list[str]()
    for rel in evidence(tree):
        try:
            root = parse(tree.content(rel), rel)
        except ZooError as error:
            builder.malformed(error)
            continue
        names += [label.findtext("name") or "" for label in root.iter("label")]
        for track in root.iter("track"):
            what = "a track of a video names no image; export the task as 'CVAT for images'"
            builder.problem("malformed", f"{rel}, line {line(track)}", what)
        for element in root.iter("image"):
            left_out += read_image(builder, element, rel)
    builder.note(
        "[shape encloses|shapes enclose] nothing (points, lines, cuboids, tags) and [was|were] left out", left_out
    )
    unlisted = [image for image in tree.images if image not in builder.entries]
    builder.note("[image is|images are] named in no CVAT file and [was|were] left out", unlisted)
    return builder.finish([*filter(None, names), *builder.names()])


def read_image(builder: AnnotationBuilder, element: Element, rel: str) -> list[str]:
    """Read one image; return the places of shapes that enclose nothing."""
    name, subset, where = element.get("name", ""), element.get("subset", ""), f"{rel}, line {line(element)}"
    here = dirname(rel)
    folders = [path_join(here, *deeper) for deeper in (("images", subset), ("images",), (subset,), ())]
    image = builder.locate(name, [folder.rstrip("/") for folder in folders], where, here)
    if image is None:
        return []
    entry = builder.entry(image, split_of(subset) or split_of_folder(image), rel)
    width, height = whole(element.get("width", "")), whole(element.get("height", ""))
    entry.size = (width, height) if width and height else None
    left_out = []
    for shape in element:
        place = (f"{rel}, line {line(shape)}", line(shape))
        if shape.tag in OPEN:
            left_out.append(place[0])
        elif shape.tag not in SHAPES:
            builder.problem("malformed", place[0], f"<{shape.tag[:30]}> is no shape that is known here")
        elif SHAPES[shape.tag](builder, entry, shape, place):
            entry.describe(False, attributes_of(shape))
    return left_out


def attributes_of(shape: Element) -> dict[str, str]:
    """Return what is said of an object."""
    said = {child.get("name", ""): (child.text or "").strip() for child in shape.iter("attribute")}
    occluded = {"occluded": "1"} if shape.get("occluded") == "1" else {}
    return {name: text for name, text in {**occluded, **said}.items() if name and text}


def label_of(shape: Element) -> str:
    """Return the name of an object's class."""
    return shape.get("label", "").strip()


def add_box(builder: AnnotationBuilder, entry: ImageBuilder, shape: Element, place: tuple[str, int]) -> bool:
    """Add a `box`, about whose middle `rotation` turns it clockwise, in degrees."""
    texts = {name: shape.get(name, "") for name in (*CORNERS, "rotation")}
    numbers = builder.numbers({**texts, "rotation": texts["rotation"] or "0"}, label_of(shape), place[0])
    if numbers is None:
        return False
    x0, y0, x1, y1, turn = numbers
    if turn % 360:
        entry.add_rotated([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0, -turn], label_of(shape), place[1])
    else:
        entry.add([x0, y0, x1, y1], label_of(shape), place[1])
    return True


def add_polygon(builder: AnnotationBuilder, entry: ImageBuilder, shape: Element, place: tuple[str, int]) -> bool:
    """Add a `polygon`, whose points are x,y;x,y;…."""
    numbers = [number for point in shape.get("points", "").split(";") for number in point.split(",")]
    texts = {f"number {index} of points": text for index, text in enumerate(numbers, 1)}
    return builder.add_polygon(entry, texts, label_of(shape), place)


def add_ellipse(builder: AnnotationBuilder, entry: ImageBuilder, shape: Element, place: tuple[str, int]) -> bool:
    """Add an `ellipse`, about whose middle `rotation` turns it clockwise, in degrees."""
    texts = {**{name: shape.get(name, "") for name in ELLIPSE}, "rotation": shape.get("rotation", "") or "0"}
    numbers = builder.numbers(texts, label_of(shape), place[0])
    if numbers is None:
        return False
    x, y, across, down, turn = numbers
    turned = np.deg2rad(turn)
    axes = np.array([[np.cos(turned), np.sin(turned)], [-np.sin(turned), np.cos(turned)]])
    points = circle_of(np.zeros(2), np.array([1.0, 0.0])) * (across, down) @ axes + (x, y)
    entry.add_shape(points, label_of(shape), place[1])
    return True


def add_mask(builder: AnnotationBuilder, entry: ImageBuilder, shape: Element, place: tuple[str, int]) -> bool:
    """Add a `mask`: runs of 0 and 1 in turn along the rows of a rectangle."""
    if builder.numbers({name: shape.get(name, "") for name in MASK}, label_of(shape), place[0]) is None:
        return False
    left, top, width, height = (whole(shape.get(name, "")) or 0 for name in MASK)
    mask = decode_rows(shape.get("rle", ""), width, height)
    parts = [] if mask is None else outline_mask(mask)
    if not parts:
        builder.problem(
            "malformed", place[0], f"the runs of its rle do not fill {width} × {height} pixels with an object"
        )
        return False
    corner = np.array([left, top], np.float64)
    entry.add_region([[ring + corner for ring in part] for part in parts], label_of(shape), place[1])
    return True


#: How each kind of shape is added.
SHAPES = {"box": add_box, "polygon": add_polygon, "ellipse": add_ellipse, "mask": add_mask}


def place(bare: str, split: str | None) -> str:
    """Return `images/train/…`."""
    return "/".join(filter(None, ["images", split, bare]))


def write(placed: Sequence[Placed], classes: Sequence[str], root: Path) -> None:
    """Write `annotations.xml`: the labels, and every image with its boxes and polygons."""
    top = Element("annotations")
    SubElement(top, "version").text = "1.1"
    labels = SubElement(SubElement(SubElement(top, "meta"), "task"), "labels")
    for name in classes:
        SubElement(SubElement(labels, "label"), "name").text = name
    for number, one in enumerate(placed):
        facts, split = one.image.facts, one.image.split
        size = {} if facts is None else {"width": str(facts.width), "height": str(facts.height)}
        subset = {"subset": split} if split else {}
        named = {"id": str(number), "name": one.rel.removeprefix("images/")}
        image = SubElement(top, "image", {**named, **subset, **size})
        for index, label in enumerate(one.image.labels):
            kind, facts_of = outline(one.image.boxes[index], one.image.shapes.get(index))
            shape = SubElement(image, kind, {"label": label, **facts_of})
            for name, value in one.image.attributes.get(index, {}).items():
                SubElement(shape, "attribute", name=name).text = str(value)
    indent(top)
    save(root / FILE, tostring(top, encoding="unicode") + "\n")


def outline(box: np.ndarray, drawn: np.ndarray | None) -> tuple[str, Mapping[str, str]]:
    """Return the element of an object, xyxy or points (M, 2), and what it says."""
    if drawn is None:
        return "box", dict(zip(CORNERS, map(short, box), strict=True))
    return "polygon", {"points": ";".join(f"{short(x)},{short(y)}" for x, y in drawn)}
