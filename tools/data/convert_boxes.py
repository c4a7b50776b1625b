"""`zoo data convert` of boxes: read, what cannot be written left out or refused, written, and told."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from recipes.folder.annotations import Annotations, ImageAnnotation
from recipes.folder.boxes.scenes import all_problems, drop_crowds
from recipes.folder.boxes.validity import few_flat, judge
from recipes.folder.formats.format import Format
from recipes.folder.formats.reading import read_annotations
from recipes.folder.problems import Problem
from recipes.folder.tree import Tree
from recipes.folder.writing.folder import write_folder
from recipes.folder.writing.loss import SENTENCES, losses, reduced
from tools.data.converted import Choices, Converted, by_kind, refuse_losses, refuse_unless_skipped
from zoo.errors import ZooError


def convert_boxes(
    source: Path, target: Format, out: Path, choices: Choices, track: Callable = iter, keypoints: Sequence[str] = ()
) -> Converted:
    """Read the boxes of `source`, write them into the new folder `out`, and say what was written.

    `keypoints` are the places of individuals that lose them.
    """
    annotations, left_out = sound(drop_crowds(read_annotations(Tree(source), choices.from_)), choices.on_error)
    lost = losses(annotations, target) | ({"keypoints": list(keypoints)} if keypoints else {})
    refuse_losses(target.name, lost, SENTENCES, choices.lossy)
    written = reduced(annotations, target)
    write_folder(written, target, out, choices.images, track)
    return Converted(
        str(out),
        annotations.format,
        target.name,
        len(written.images),
        sum(len(image.labels) for image in written.images),
        written.classes,
        lost,
        left_out,
        (*annotations.notes, *forgotten(written.images, target)),
    )


def sound(annotations: Annotations, on_error: str) -> tuple[Annotations, dict[str, list[str]]]:
    """Return what can be written, and what is left out by kind; ZooError unless that is wanted."""
    bad, wrong = unusable(annotations)
    refuse_unless_skipped(wrong, on_error, {"flat"} if few_flat(annotations.images) else ())
    parts = np.split(~bad, np.cumsum([len(image.boxes) for image in annotations.images])[:-1])
    pairs = zip(annotations.images, parts, strict=True) if annotations.images else ()
    kept = tuple(image.only(good) for image, good in pairs if image.facts is not None)
    if not kept:
        raise ZooError(f"{annotations.root} holds no image that can be read; nothing is left to convert")
    return replace(annotations, images=kept), by_kind(wrong)


def unusable(annotations: Annotations) -> tuple[np.ndarray, list[Problem]]:
    """Return which objects of all images in a row, bool (N,), cannot be written, and all problems that are in the way.

    Boxes that reach out of their image, or lie outside it, are written as they are: they lose nothing.
    """
    found, _ = judge(annotations.images)
    bad = found.undefined | found.flat
    told = iter(bad[found.any])  # of each box with a fault a problem is told, in this order
    problems = all_problems(annotations, "box")
    return bad, [p for p in problems if (next(told) if p.kind in ("box", "flat") else p.kind != "negative")]


def forgotten(images: Sequence[ImageAnnotation], target: Format) -> list[str]:
    """Return a note on the facts about images that a format has no place for."""
    if target.about is None:
        return []
    names = sorted({name for image in images for name in image.about if name not in target.about})
    return [f"facts about images were not written: {', '.join(names)}"] if names else []
