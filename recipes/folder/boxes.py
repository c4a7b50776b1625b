"""Which boxes can be used: numbers, of positive size, inside their image.

A shape that is no axis-aligned box is never cut: a rectangle around an object that the edge cuts reaches over the edge,
as DOTA's do, and the part inside is no rectangle. It is outside when its centre is.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from recipes.folder import shapes
from recipes.folder.annotations import Annotations, ImageAnnotation, stacked, where
from recipes.folder.problems import Problem

#: A box may reach this far over the edge and is then cut without a question, pixels: VOC counts from 1, and
#: hands and rounding are not exact (in KIT AIS one box of 2,593 is 1.1 pixels over).
SLACK = 2.0


class Faults(NamedTuple):
    """For all boxes of all images in a row, bool (N,): not finite, without area, outside in part, outside altogether."""

    undefined: np.ndarray
    flat: np.ndarray
    over: np.ndarray
    outside: np.ndarray

    @property
    def any(self) -> np.ndarray:
        """Bool (N,): the box has a fault."""
        return self.undefined | self.flat | self.over | self.outside


def faults(boxes: np.ndarray, sizes: np.ndarray) -> Faults:
    """Judge boxes (N, 4) xyxy against sizes (N, 2), pixels."""
    undefined = ~(np.abs(boxes) <= np.finfo(np.float32).max).all(axis=1)  # what a network cannot be told is no number
    low, high = boxes[:, :2], boxes[:, 2:]
    with np.errstate(invalid="ignore"):
        flat = ~undefined & (high <= low).any(axis=1)
        sound = ~undefined & ~flat
        outside = sound & ((high <= 0) | (low >= sizes)).any(axis=1)
        over = sound & ~outside & ((low < -SLACK) | (high > sizes + SLACK)).any(axis=1)
    return Faults(undefined, flat, over, outside)


def judged(images: Sequence[ImageAnnotation]) -> tuple[Faults, np.ndarray]:
    """Judge the objects of all images in a row; also say, bool (N,), which have a shape of their own."""
    boxes, sizes, owner = stacked(images)
    found, shaped = faults(boxes, sizes), np.zeros(len(boxes), bool)
    first = np.searchsorted(owner, np.arange(len(images)))
    those = {first[number] + at: shape for number, image in enumerate(images) for at, shape in image.shapes.items()}
    places = np.array(list(those), np.int64)
    shaped[places] = True
    found.flat[places] = ~found.undefined[places] & (shapes.areas(list(those.values())) <= 0)
    with np.errstate(invalid="ignore"):
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        away = ((centres < 0) | (centres > sizes)).any(axis=1)
    found.outside[shaped] = (away & ~found.undefined & ~found.flat)[shaped]
    found.over[shaped] = False
    return found, shaped


def box_problems(annotations: Annotations) -> list[Problem]:
    """Return a problem for every object whose box is not valid."""
    boxes, sizes, owner = stacked(annotations.images)
    found, _ = judged(annotations.images)
    first = np.searchsorted(owner, np.arange(len(annotations.images)))
    problems = []
    for index in np.flatnonzero(found.any):
        image = annotations.images[owner[index]]
        place = where(annotations, image, int(index - first[owner[index]]))
        problems.append(Problem("box", place, sentence(boxes[index], sizes[index], found, int(index))))
    return problems


def sentence(box: np.ndarray, size: np.ndarray, found: Faults, index: int) -> str:
    """Say what is wrong with one box, with its numbers."""
    numbers = ", ".join(f"{value:g}" for value in box)
    width, height = size
    if found.undefined[index]:
        return f"[{numbers}] is not finite"
    if found.flat[index]:
        return f"[{numbers}] has no positive width and height"
    share = "lies outside" if found.outside[index] else "reaches out of"
    return f"[{numbers}] {share} the image of {width:g} × {height:g}"


class Mended(NamedTuple):
    """Images with valid objects, and how many of these were cut at the edge without and after a question, or dropped."""

    images: list[ImageAnnotation]
    trimmed: int
    clipped: int
    dropped: int


def mend(images: Sequence[ImageAnnotation], invalid: str) -> Mended:
    """Cut boxes to their images; `invalid` = "clip" keeps what reaches out in part, "drop" drops every invalid box."""
    boxes, sizes, _ = stacked(images)
    found, shaped = judged(images)
    bad = found.any if invalid == "drop" else found.undefined | found.flat | found.outside
    cut = np.where(shaped[:, None], boxes, np.clip(np.nan_to_num(boxes), 0, np.tile(sizes, 2)))
    keep = ~bad & (cut[:, 2:] > cut[:, :2]).all(axis=1)
    trimmed = keep & ~found.over & (cut != boxes).any(axis=1)
    parts = np.split(np.arange(len(boxes)), np.cumsum([len(image.boxes) for image in images])[:-1])
    inside = [replace(image, boxes=cut[part]).only(keep[part]) for image, part in zip(images, parts, strict=True)]
    return Mended(inside, int(trimmed.sum()), int((keep & found.over).sum()), int((~keep).sum()))
