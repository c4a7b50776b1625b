"""Which boxes can be used: numbers, of positive size, inside their image.

A shape that is no axis-aligned box is never cut: a rectangle around an object that the edge cuts reaches over the edge,
as DOTA's do, and the part inside is no rectangle. It is outside when its centre is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from recipes.folder import shapes
from recipes.folder.annotations import Annotations, ImageAnnotation, stacked, where
from recipes.folder.boxes.options import FolderOptions
from recipes.folder.problems import Problem, summary
from zoo.errors import agreeing

#: A box may reach this far over the edge and is then cut without a question, pixels: VOC counts from 1, and
#: hands and rounding are not exact (in KIT AIS one box of 2,593 is 1.1 pixels over).
SLACK = 2.0
#: Boxes without area are dropped with a note up to this share of all: slips of the hand. More are a mistake of the file.
FEW = 0.01


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


def judge(images: Sequence[ImageAnnotation]) -> tuple[Faults, np.ndarray]:
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
    found, _ = judge(annotations.images)
    first = np.searchsorted(owner, np.arange(len(annotations.images)))
    problems = []
    for index in np.flatnonzero(found.any):
        image = annotations.images[owner[index]]
        place = where(annotations, image, int(index - first[owner[index]]))
        kind = "flat" if found.flat[index] else "box"
        problems.append(Problem(kind, place, sentence(boxes[index], sizes[index], found, int(index))))
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


def few_flat(images: Sequence[ImageAnnotation]) -> bool:
    """Say whether so few boxes have no area that they are dropped with a note: at most `FEW` of all."""
    found, _ = judge(images)
    return bool(found.flat.sum() <= FEW * len(found.flat))


def clip_boxes(annotations: Annotations, options: FolderOptions) -> Annotations:
    """Cut boxes to their images, and leave invalid ones out.

    `data.invalid=clip` keeps what reaches out in part, `drop` drops every invalid box.
    """
    boxes, sizes, _ = stacked(annotations.images)
    found, shaped = judge(annotations.images)
    bad = found.any if options.invalid == "drop" else found.undefined | found.flat | found.outside
    cut = np.where(shaped[:, None], boxes, np.clip(np.nan_to_num(boxes), 0, np.tile(sizes, 2)))
    keep = ~bad & (cut[:, 2:] > cut[:, :2]).all(axis=1)
    trimmed = int((keep & ~found.over & (cut != boxes).any(axis=1)).sum())
    ends = np.cumsum([len(image.boxes) for image in annotations.images])[:-1]
    parts = np.split(np.arange(len(boxes)), ends) if annotations.images else []
    images = [
        replace(image, boxes=cut[part]).only(keep[part]) for image, part in zip(annotations.images, parts, strict=True)
    ]
    return replace(annotations, images=tuple(images)).with_notes(*clip_notes(annotations, found, keep, trimmed))


def clip_notes(annotations: Annotations, found: Faults, keep: np.ndarray, trimmed: int) -> Iterator[str]:
    """Yield notes on the objects of which `keep` (N,) is true, and the others."""
    problems = box_problems(annotations)
    if flat := [problem for problem in problems if problem.kind == "flat"]:
        yield f"{summary('flat', flat)}; {len(flat)} dropped of {len(keep)} objects"
    if wrong := [problem for problem in problems if problem.kind == "box"]:
        clipped, dropped = (int((those & ~found.flat).sum()) for those in (keep & found.over, ~keep))
        yield f"{summary('box', wrong)}; {clipped} were cut to the image and {dropped} dropped"
    if trimmed:
        said = f"[box|boxes] reached up to {SLACK:g} pixels over the edge and [was|were] cut to the image"
        yield agreeing(trimmed, said)
