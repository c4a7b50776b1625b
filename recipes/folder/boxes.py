"""Which boxes can be used: numbers, of positive size, inside their image."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from recipes.folder.annotations import Annotations, ImageAnnotation
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


def stacked(images: Sequence[ImageAnnotation]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all boxes (N, 4), the width and height (N, 2) of their images, and the index (N,) of their image."""
    counts = [len(image.boxes) for image in images]
    boxes = np.concatenate([np.zeros((0, 4), np.float32), *(image.boxes for image in images)])
    sizes = [(image.facts.width, image.facts.height) if image.facts else (np.inf, np.inf) for image in images]
    owner = np.repeat(np.arange(len(images)), counts)
    return boxes, np.asarray(sizes, np.float32).reshape(-1, 2)[owner], owner


def faults(boxes: np.ndarray, sizes: np.ndarray) -> Faults:
    """Judge boxes (N, 4) xyxy against sizes (N, 2), pixels."""
    undefined = ~np.isfinite(boxes).all(axis=1)
    low, high = boxes[:, :2], boxes[:, 2:]
    with np.errstate(invalid="ignore"):
        flat = ~undefined & (high <= low).any(axis=1)
        sound = ~undefined & ~flat
        outside = sound & ((high <= 0) | (low >= sizes)).any(axis=1)
        over = sound & ~outside & ((low < -SLACK) | (high > sizes + SLACK)).any(axis=1)
    return Faults(undefined, flat, over, outside)


def box_problems(annotations: Annotations) -> list[Problem]:
    """Return a problem for every box that is not valid."""
    boxes, sizes, owner = stacked(annotations.images)
    found = faults(boxes, sizes)
    first = np.concatenate([[0], np.cumsum([len(image.boxes) for image in annotations.images])])
    problems = []
    for index in np.flatnonzero(found.any):
        image = annotations.images[owner[index]]
        place = image.places[index - first[owner[index]]]
        where = f"{image.source}, {annotations.place} {place}" + (f" ({image.name})" if image.source else "")
        problems.append(Problem("box", where, sentence(boxes[index], sizes[index], found, int(index))))
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
    """Boxes inside their images, which of the annotated ones they are, and how many were cut at the edge or dropped."""

    boxes: list[np.ndarray]
    kept: list[np.ndarray]
    trimmed: int
    clipped: int
    dropped: int


def mend(images: Sequence[ImageAnnotation], invalid: str) -> Mended:
    """Cut boxes to their images; `invalid` = "clip" keeps what reaches out in part, "drop" drops every invalid box."""
    boxes, sizes, _ = stacked(images)
    found = faults(boxes, sizes)
    bad = found.any if invalid == "drop" else found.undefined | found.flat | found.outside
    cut = np.clip(np.nan_to_num(boxes), 0, np.tile(sizes, 2))
    keep = ~bad & (cut[:, 2:] > cut[:, :2]).all(axis=1)
    trimmed = keep & ~found.over & (cut != boxes).any(axis=1)
    parts = np.split(np.arange(len(boxes)), np.cumsum([len(image.boxes) for image in images])[:-1])
    kept = [keep[part] for part in parts]
    inside = [cut[part][keep[part]] for part in parts]
    return Mended(inside, kept, int(trimmed.sum()), int((keep & found.over).sum()), int((~keep).sum()))
