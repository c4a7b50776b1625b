"""What is wrong with a folder of annotations: gathered, so that a check can list all of it and a run can stop at it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from zoo.errors import ZooError

SHOWN = 3  # examples in one sentence; `zoo data check` lists all


class Kind(NamedTuple):
    """A kind of problem: how one and several are called, and the way out."""

    one: str
    many: str
    remedy: str


#: In the order in which they are told: what comes first may be the cause of what follows.
KINDS = {
    "malformed": Kind("annotation cannot be read", "annotations cannot be read", "mend or remove it"),
    "path": Kind(
        "path leaves the data folder",
        "paths leave the data folder",
        "write paths relative to data.root, and keep the images in it",
    ),
    "geometry": Kind(
        "object has a shape that cannot be read as a box",
        "objects have shapes that cannot be read as boxes",
        "correct it, or set data.invalid=drop to leave it out",
    ),
    "keypoints": Kind(
        "place has other keypoints than the rest",
        "places have other keypoints than the rest",
        "give all files the same names of keypoints, and each individual as many",
    ),
    "place": Kind(
        "place is none of keypoints in an image", "places are none of keypoints in an image", "correct or remove it"
    ),
    "skeleton": Kind("edge joins no keypoints", "edges join no keypoints", "correct it, or give data.edges"),
    "invisible": Kind(
        "individual has no visible keypoint",
        "individuals have no visible keypoint",
        "label one, or set data.invalid=drop to leave them out",
    ),
    "class": Kind("object has no known class", "objects have no known class", "add the name to the list of classes"),
    "image": Kind("image cannot be read", "images cannot be read", "replace it, or remove it and its annotation"),
    "leak": Kind("image is in two splits", "images are in two splits", "name it in one split only"),
    "orphan": Kind(
        "annotation has no image",
        "annotations have no image",
        "add the image, or set data.orphans=drop to leave it out",
    ),
    "box": Kind(
        "box is not valid",
        "boxes are not valid",
        "correct it, or set data.invalid=clip (cut to the image, drop what has no area left) or data.invalid=drop",
    ),
    "flat": Kind(
        "box has no area",
        "boxes have no area",
        "correct it, or set data.invalid=drop to leave it out",
    ),
    "size": Kind(
        "image has another size than its annotation says",
        "images have another size than their annotation says",
        "correct the size there, or set data.sizes=file to take all coordinates in pixels of the image",
    ),
    "outline": Kind(
        "object has a box and no outline",
        "objects have boxes and no outlines",
        "draw it, or set data.invalid=ignore to count what is in the box as not known",
    ),
    "unmasked": Kind(
        "image has no mask", "images have no mask", "add the mask, or set data.unmasked=drop to leave the image out"
    ),
    "mask_size": Kind(
        "mask has another size than its image",
        "masks have another size than their image",
        "save it in the size of the image, nearest neighbour, so that no value is mixed",
    ),
    "mask_value": Kind(
        "mask holds values that are no class",
        "masks hold values that are no class",
        "correct the list of classes, or set data.invalid=ignore to count these pixels as not known",
    ),
    "mask_blank": Kind(
        "mask knows no pixel",
        "masks know no pixel",
        "remove it and its image, or set data.blank=drop to leave both out; data.ignore says which value is not known",
    ),
    "mask_empty": Kind(
        "mask shows background alone",
        "masks show background alone",
        "set data.negatives=keep to train on them, or data.negatives=drop to leave them out",
    ),
    "folder": Kind(
        "class folder has no image",
        "class folders have no image",
        "add images, remove it, or set data.empty=drop to pass over it",
    ),
    "twin": Kind(
        "pair of classes is named alike but for case or accents",
        "pairs of classes are named alike but for case or accents",
        "give them one name if they are one class, else names that differ",
    ),
    "several": Kind(
        "image has several labels where one is asked for",
        "images have several labels where one is asked for",
        "keep one, or say task.objective=multi_label",
    ),
    "joined": Kind(
        "label is several others joined",
        "labels are several others joined",
        "give the sign between as data.label_separator, or name all classes in data.classes if it is one of its own",
    ),
    "unlabelled": Kind(
        "image has no label",
        "images have no label",
        "label it, or set data.unlabelled=drop to leave it out",
    ),
    "pixel": Kind(
        "image has one pixel", "images have one pixel", "replace it, or set data.invalid=drop to leave it out"
    ),
    "negative": Kind(
        "image has no annotation",
        "images have no annotation",
        "set data.negatives=keep to train on them as background, or data.negatives=drop to leave them out",
    ),
}


class Problem(NamedTuple):
    """One thing that is wrong: its kind, where it is (file, and line or object), and what is there."""

    kind: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.what else self.where


def settled_kinds(choices: Mapping[str, str]) -> set[str]:
    """Return the kinds of problems that options say how to settle; `choices` are these by kind, `error` where they do not."""
    return {kind for kind, choice in choices.items() if choice != "error"}


def told(problems: Sequence[Problem], done: Mapping[str, str]) -> list[str]:
    """Return a note for each kind of problem that was passed, with what was `done` about it."""
    those = {kind: [problem for problem in problems if problem.kind == kind] for kind in done}
    return [f"{summary(kind, found)}; {done[kind]}" for kind, found in those.items() if found]


def summary(kind: str, problems: Sequence[Problem | str]) -> str:
    """Return how many there are of `kind` and the first few, as part of a sentence."""
    name = KINDS[kind].one if len(problems) == 1 else KINDS[kind].many
    return f"{len(problems)} {name}: {some(problems)}"


def some(things: Iterable[object]) -> str:
    """Return the first few things, and how many more there are."""
    names = [str(thing) for thing in things]
    more = f"; and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return "; ".join(names[:SHOWN]) + more


def refuse(problems: Sequence[Problem], passed: Iterable[str] = ()) -> None:
    """Raise a ZooError about the first kind of problem that is not in `passed`, and say which others there are."""
    found = {kind: [p for p in problems if p.kind == kind] for kind in KINDS if kind not in set(passed)}
    found = {kind: those for kind, those in found.items() if those}
    if not found:
        return
    first, *others = found
    also = "".join(f"; also {summary(kind, found[kind])}" for kind in others)
    raise ZooError(f"{summary(first, found[first])}; {KINDS[first].remedy}{also}")
