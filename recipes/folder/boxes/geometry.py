"""Whether the objects of a folder become boxes or rotated boxes, and what their shapes lose by it.

`auto` takes rotated boxes where the annotations carry them: shapes of four corners of which one at least is turned, and
no polygons of more points beside them. Polygons are outlines of regions, and say nothing of a direction.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recipes.folder import shapes
from recipes.folder.annotations import Annotations, ImageAnnotation, where
from recipes.folder.boxes.options import FolderOptions
from recipes.folder.problems import Problem, summary
from zoo.errors import agreeing, counted
from zoo.geometry import box_geometry


def choose_geometry(images: Sequence[ImageAnnotation], geometry: str) -> str:
    """Return box or rotated_box: as asked, or what `auto` finds."""
    if geometry != "auto":
        return geometry
    points = {len(shape) for image in images for shape in image.shapes.values()}
    return "rotated_box" if 4 in points and max(points) == 4 else "box"


def geometry_problems(annotations: Annotations, geometry: str) -> list[Problem]:
    """Return a problem for each shape of fewer than four corners where rotated boxes are asked for."""
    if choose_geometry(annotations.images, geometry) == "box":
        return []
    return [
        Problem("geometry", where(annotations, image, index), f"{len(shape)} corners, and a rotated box has 4")
        for image in annotations.images
        for index, shape in sorted(image.shapes.items())
        if len(shape) < 4
    ]


def apply_geometry(annotations: Annotations, options: FolderOptions) -> Annotations:
    """Return the annotations with the shapes that `data.geometry` leaves: none, or rectangles; notes say what was changed.

    Of rotated boxes, those of fewer than four corners are left out.
    """
    problems = geometry_problems(annotations, options.geometry)
    if problems:
        annotations = annotations.with_notes(f"{summary('geometry', problems)}; they were left out")
    if choose_geometry(annotations.images, options.geometry) == "rotated_box":
        images, notes = as_rectangles(annotations.images)
        return replace(annotations, images=tuple(images)).with_notes(*notes)
    total = sum(len(image.shapes) for image in annotations.images)
    if not total:
        return annotations
    note = agreeing(total, "[shape was taken as the box around it|shapes were taken as the boxes around them]")
    note += "; data.geometry=rotated_box takes the smallest rectangles" if options.geometry == "auto" else ""
    return replace(annotations, images=tuple(replace(image, shapes={}) for image in annotations.images)).with_notes(
        note
    )


def as_rectangles(images: Sequence[ImageAnnotation]) -> tuple[list[ImageAnnotation], list[str]]:
    """Return the images with the smallest rectangle around each shape, and notes on those that were none."""
    sound = [image.only(enclosing(image)) for image in images]
    lost = sum(len(before.boxes) - len(after.boxes) for before, after in zip(images, sound, strict=True))
    those = {
        (number, index): shape
        for number, image in enumerate(sound)
        for index, shape in image.shapes.items()
        if np.isfinite(shape).all()  # others are told and dropped as boxes
    }
    if not those:
        return sound, few_corner_note(lost)
    drawn = box_geometry.corners(shapes.rectangles(list(those.values())))
    grown = box_geometry.areas(drawn) / np.maximum(shapes.areas(list(those.values())), 1e-9) - 1
    rectangle = dict(zip(those, drawn, strict=True))
    done = [
        replace(image, shapes={index: rectangle.get((number, index), shape) for index, shape in image.shapes.items()})
        for number, image in enumerate(sound)
    ]
    names = [sound[number].name for number, _ in those]
    changed = np.flatnonzero(grown > shapes.SQUARE)
    notes = []
    if len(changed):
        worst = changed[grown[changed].argmax()]
        said = (
            f"of {counted(len(those), 'shape')} [is no rectangle and was|are no rectangles and were] taken as the smallest "
            "rectangle around [it|them]"
        )
        notes.append(
            f"{agreeing(len(changed), said)}: area +{np.median(grown[changed]):.0%} in the median, at most "
            f"+{grown[worst]:.0%} ({names[worst]})"
        )
    return done, [*few_corner_note(lost), *notes]


def enclosing(image: ImageAnnotation) -> np.ndarray:
    """Say, bool (N,), which objects are boxes or have four corners or more."""
    kept = np.ones(len(image.boxes), bool)
    kept[[index for index, shape in image.shapes.items() if len(shape) < 4]] = False
    return kept


def few_corner_note(count: int) -> list[str]:
    """Return the note on shapes of too few corners."""
    return [agreeing(count, "[shape|shapes] of fewer than four corners [was|were] left out")] if count else []


def rotated_boxes(image: ImageAnnotation) -> np.ndarray:
    """Return the objects of an image as rotated boxes (N, 5): centre, width, height, degrees counter-clockwise."""
    sides = image.boxes[:, 2:] - image.boxes[:, :2]
    found = np.concatenate([image.boxes[:, :2] + sides / 2, sides, np.zeros((len(sides), 1))], axis=1)
    if image.shapes:
        found[list(image.shapes)] = shapes.rectangles(list(image.shapes.values()))
    return found
