"""What a format cannot carry of a data set: counted, and taken away when that is wanted."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from recipes.folder import shapes
from recipes.folder.annotations import Annotations, ImageAnnotation, Value, where
from recipes.folder.formats.format import Format
from zoo.errors import ZooError
from zoo.geometry.box_geometry import corners

#: What is lost, and what becomes of it.
SENTENCES = {
    "rotation": "rotated boxes become the axis-aligned boxes around them",
    "corners": "outlines that are no rectangles become the smallest rectangles around them",
    "polygon": "polygons become the smallest rectangles around them",
    "parts": "objects of several parts, or with holes, become the outline or the box around all of them",
    "difficult": "objects are no longer marked difficult",
    "attributes": "objects lose their attributes",
    "group": "images lose their group",
    "spaces": "names of classes get _ in the place of spaces",
    "keypoints": "individuals lose their keypoints",
    "unsplit": "images are in no split while others are, and are left out",
}
_XML_NAME = re.compile(r"[^\W\d][\w.-]*")


def losses(annotations: Annotations, target: Format) -> dict[str, list[str]]:
    """Return, by kind, everything that a format cannot carry: where each is."""
    found: dict[str, list[str]] = {kind: [] for kind in SENTENCES}
    for image in annotations.images:
        for kind, indices in lost_objects(image, target).items():
            found[kind] += [where(annotations, image, index) for index in indices]
    for kind, names in whole_losses(annotations).items():
        found[kind] += [] if kind in target.carries else names
    return {kind: those for kind, those in found.items() if those}


def whole_losses(annotations: Annotations) -> dict[str, list[str]]:
    """Return, by kind, the names of images and classes that have what not every format can say of them."""
    images = annotations.images
    split = any(image.split for image in images)
    return {
        "group": [image.name for image in images if image.group],
        "unsplit": [image.name for image in images if split and image.split is None],
        "spaces": [repr(name) for name in annotations.classes if re.search(r"\s", name)],
    }


def lost_objects(image: ImageAnnotation, target: Format) -> dict[str, Iterable[int]]:
    """Return the indices of the objects that lose something, by kind."""
    lost: dict[str, Iterable[int]] = {**lost_shapes(image, target), "parts": sorted(image.regions)}
    if "difficult" not in target.carries:
        lost["difficult"] = sorted(image.difficult)
    lost["attributes"] = [i for i, those in sorted(image.attributes.items()) if kept_of(those, target) != those]
    return lost


def lost_shapes(image: ImageAnnotation, target: Format) -> dict[str, list[int]]:
    """Return the indices of the shapes that a format cannot carry as they are, by kind."""
    if "rectangle" not in target.carries:
        return {"rotation": sorted(image.shapes)}
    lost: dict[str, list[int]] = {"polygon": [], "corners": []}
    for index, shape in sorted(image.shapes.items()):
        lost["corners" if len(shape) == 4 else "polygon"].append(index)
    if lost["corners"]:
        square = shapes.are_rectangles(np.stack([image.shapes[index] for index in lost["corners"]]))
        lost["corners"] = np.array(lost["corners"])[~square].tolist()
    return {kind: those for kind, those in lost.items() if kind not in target.carries}


def kept_of(attributes: Mapping[str, Value], target: Format) -> dict[str, Value]:
    """Return the attributes that a format can carry; VOC's have the names of XML elements."""
    if "attributes" not in target.carries:
        return {}
    if target.name == "voc":
        return {name: value for name, value in attributes.items() if _XML_NAME.fullmatch(name)}
    return dict(attributes)


def reduced(annotations: Annotations, target: Format) -> Annotations:
    """Return what is left for a format that cannot carry all."""
    split = any(image.split for image in annotations.images) and "unsplit" not in target.carries
    images = [reduced_image(image, target) for image in annotations.images if image.split or not split]
    if "spaces" in target.carries:
        return replace(annotations, images=tuple(images))
    names = {name: re.sub(r"\s+", "_", name) for name in annotations.classes}
    if len(set(names.values())) < len(names):
        twice = sorted(name for name in names if list(names.values()).count(names[name]) > 1)
        raise ZooError(f"classes {', '.join(map(repr, twice))} would have one name without spaces; rename one of them")
    images = [replace(image, labels=tuple(names[label] for label in image.labels)) for image in images]
    return replace(annotations, images=tuple(images), classes=tuple(names.values()))


def reduced_image(image: ImageAnnotation, target: Format) -> ImageAnnotation:
    """Return an image with what a format can carry of its objects."""
    kept = dict(image.shapes)
    boxes = image.boxes
    lost = lost_shapes(image, target)
    if "rotation" in lost:
        kept = {}
    elif bad := sorted(index for those in lost.values() for index in those):
        drawn = corners(shapes.rectangles([kept[index] for index in bad]))
        kept |= dict(zip(bad, drawn, strict=True))
        boxes = boxes.copy()
        boxes[bad] = np.concatenate([drawn.min(axis=1), drawn.max(axis=1)], axis=1)
    attributes = {index: kept_of(those, target) for index, those in image.attributes.items()}
    return replace(
        image,
        boxes=boxes,
        shapes=kept,
        regions={},
        difficult=image.difficult if "difficult" in target.carries else frozenset(),
        attributes={index: those for index, those in attributes.items() if those},
        group=image.group if "group" in target.carries else None,
    )
