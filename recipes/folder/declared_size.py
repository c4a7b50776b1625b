"""Annotations of an image of another size than their own file says: turned, made smaller, or not to be known."""

import numpy as np

from recipes.folder.image_builder import ImageBuilder
from recipes.imagery.images import ImageFacts
from zoo.geometry.box_geometry import hulls

#: Sides that are scaled alike may be off by this, pixels: a program has rounded them.
ROUNDED = 1.0
#: What became of annotations: sentences with the numbers of images.
TURNED = "[annotation is|annotations are] of the picture as it is stored, and [was|were] turned with it"
SCALED = "[image was|images were] resized after it was annotated: [its|their] objects were scaled with it"
KEPT = "[image has|images have] another size than [its|their] annotation says; boxes are taken in pixels of the image"


def fit_declared(entry: ImageBuilder, facts: ImageFacts | None) -> str | None:
    """Move the objects of an image to its pixels as they are seen, by the size that its annotation declares.

    Returns the sentence on what was done, "" where sizes agree, None where nobody knows in which pixels the objects are.
    """
    if facts is None or entry.size is None or entry.size == (facts.width, facts.height):
        return ""
    width, height = entry.size
    if facts.orientation >= 5 and entry.size == facts.stored:
        move(entry, *turn(facts.orientation, width, height))
        return TURNED
    boxes = np.asarray(entry.boxes, np.float64).reshape(-1, 4)
    if not len(boxes) or (boxes[:, 2:] > np.array([width, height]) + ROUNDED).any():
        return KEPT  # they reach beyond the size that is declared: it is wrong, and not they
    if abs(height * facts.width / width - facts.height) <= max(ROUNDED, facts.width / width):
        move(entry, np.diag([facts.width / width, facts.height / height]), np.zeros(2))
        return SCALED
    return None


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
