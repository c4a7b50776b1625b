"""Outlines of annotated objects as masks: polygons, regions of several parts, holes left free."""

import json
from collections.abc import Mapping, Sequence

import numpy as np
from rasterio.features import rasterize

from recipes.folder.annotations import Annotations, ImageAnnotation, where
from recipes.folder.mask_pairs import Pair
from recipes.folder.masks.drawn import Drawn, cached, class_numbers
from recipes.folder.masks.legend import Legend
from recipes.folder.problems import Problem, some
from recipes.imagery.writing import write_raster
from zoo.errors import ZooError, agreeing
from zoo.segmentation import BACKGROUND, IGNORED


def draw_outlines(annotations: Annotations) -> Drawn:
    """Draw the outlines of a folder's objects, the large first; a box that has no outline is not known inside."""
    numbers = class_numbers(annotations.classes)
    problems = [problem for problem in annotations.problems if problem.kind != "negative"]
    pairs, overlapping = [], []
    for image in annotations.images:
        if image.facts is None:
            continue
        for index in boxes_alone(image):
            problems.append(Problem("outline", where(annotations, image, index), "a box and no outline"))
        path = cached("outlines", image.name, image.path, numbers, geometry_key(image))
        mask, twice = burn(image, numbers)
        if not path.is_file():
            write_raster(path, mask[None])
        if twice:
            overlapping.append(image.name)
        pairs.append(Pair(image.name, str(path), image.split))
    said = f"outlines of objects as {annotations.format} are drawn as masks; what none holds is {BACKGROUND}"
    notes = [*annotations.notes, said]
    if overlapping:
        over = "[image has|images have] outlines of several classes over each other: the smaller object is on top"
        notes.append(f"{agreeing(len(overlapping), over)} ({some(overlapping)})")
    return Drawn(tuple(pairs), Legend(numbers, False, annotations.format), tuple(problems), tuple(notes))


def boxes_alone(image: ImageAnnotation) -> list[int]:
    """Return the objects that have a box and no outline."""
    return [i for i in range(len(image.boxes)) if i not in image.outlined and i not in image.regions]


def parts_of(image: ImageAnnotation, index: int) -> Sequence[Sequence[np.ndarray]]:
    """Return the parts of an object, each its outer ring and its holes (M, 2)."""
    x1, y1, x2, y2 = image.boxes[index]
    box = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
    return image.regions.get(index) or [[image.shapes.get(index, box)]]


def burn(image: ImageAnnotation, numbers: Mapping[str, int]) -> tuple[np.ndarray, bool]:
    """Return the mask (H, W) uint8 of an image, and whether objects of several classes lie over each other.

    A pixel is an object's where its middle is. Inside of a box without an outline it is not known.
    """
    seen = image.facts
    if seen is None:
        raise ZooError(f"image {image.name} cannot be read; replace it, or remove it and its annotation")
    mask, twice = np.zeros((seen.height, seen.width), np.uint8), False
    alone, sizes = set(boxes_alone(image)), (image.boxes[:, 2:] - image.boxes[:, :2]).prod(axis=1)
    for index in sorted(
        np.argsort(-np.nan_to_num(sizes), kind="stable").tolist(), key=lambda index: index not in alone
    ):
        rings = [
            {"type": "Polygon", "coordinates": [[*ring.tolist(), ring[0].tolist()] for ring in part]}
            for part in parts_of(image, index)
            if all(len(ring) > 2 and np.isfinite(ring).all() for ring in part)
        ]
        if rings:
            inside = rasterize(rings, mask.shape, dtype=np.uint8).astype(bool)
            number = IGNORED if index in alone else numbers[image.labels[index]]
            twice |= bool(((mask[inside] != number) & (mask[inside] != 0) & (mask[inside] != IGNORED)).any())
            mask[inside] = number
    return mask, twice


def geometry_key(image: ImageAnnotation) -> str:
    """Return what is another for other outlines."""
    drawn = [[[ring.tolist() for ring in part] for part in parts_of(image, i)] for i in range(len(image.boxes))]
    return json.dumps([image.labels, drawn, sorted(image.outlined), image.facts])
