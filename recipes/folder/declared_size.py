"""Annotations of an image of another size than their own file says: turned, made smaller, or not to be known."""

from typing import NamedTuple

import numpy as np

from recipes.folder.image_builder import ImageBuilder
from recipes.imagery.images import ImageFacts
from zoo.geometry.box_geometry import hulls

#: Sides that are scaled alike may be off by this, pixels: a program has rounded them.
ROUNDED = 1.0
#: What became of annotations: sentences with the numbers of images.
TURNED = "[annotation is|annotations are] of the picture as it is stored, and [was|were] turned with it"
SCALED = "[image was|images were] resized after it was annotated: [its|their] objects were scaled with it"
KEPT = "[image has|images have] another size than [its|their] annotation says; coordinates are taken in pixels of the image"


class Fit(NamedTuple):
    """How what was annotated comes to the pixels of an image: by a matrix (2, 2) and a shift (2,), said in a sentence.

    The sentence is "" where sizes agree, and None where nobody knows in which pixels the annotation is.
    """

    said: str | None
    matrix: np.ndarray = np.eye(2)
    shift: np.ndarray = np.zeros(2)


def fit(declared: tuple[int, int] | None, facts: ImageFacts | None, points: np.ndarray) -> Fit:
    """Return how annotated `points` (N, 2), x and y, come to an image, by the size that their file declares."""
    if facts is None or declared is None or declared == (facts.width, facts.height):
        return Fit("")
    width, height = declared
    if facts.orientation >= 5 and declared == facts.stored:
        return Fit(TURNED, *turn(facts.orientation, width, height))
    if not len(points) or (points > np.array([width, height]) + ROUNDED).any():
        return Fit(KEPT)  # they reach beyond the size that is declared: it is wrong, and not they
    if abs(height * facts.width / width - facts.height) <= max(ROUNDED, facts.width / width):
        return Fit(SCALED, np.diag([facts.width / width, facts.height / height]))
    return Fit(None)


def fit_declared(entry: ImageBuilder, facts: ImageFacts | None) -> str | None:
    """Move the objects of an image to its pixels as they are seen; return what was done, as `Fit` says it."""
    found = fit(entry.size, facts, np.asarray(entry.boxes, np.float64).reshape(-1, 4)[:, 2:])
    if found.said in (TURNED, SCALED):
        move(entry, found.matrix, found.shift)
    return found.said


def turn(orientation: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the matrix (2, 2) and the shift (2,) from a stored picture to how it is seen, for the EXIF orientations 5 to 8."""
    right, down = (orientation in (6, 7)), (orientation in (7, 8))
    matrix = np.array([[0.0, -1.0 if right else 1.0], [-1.0 if down else 1.0, 0.0]])
    return matrix, np.array([height if right else 0.0, width if down else 0.0])


def move(entry: ImageBuilder, matrix: np.ndarray, shift: np.ndarray) -> None:
    """Move all that is drawn of an image's objects."""

    def moved(points: np.ndarray) -> np.ndarray:
        return points @ matrix.T + shift

    boxes = np.asarray(entry.boxes, np.float64).reshape(-1, 4)
    quads = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    with np.errstate(invalid="ignore"):  # numbers that are not finite are told later, as boxes
        entry.boxes = list(hulls(moved(quads)))
    entry.shapes = {index: moved(points) for index, points in entry.shapes.items()}
    entry.regions = {
        index: [[moved(ring) for ring in part] for part in parts] for index, parts in entry.regions.items()
    }
