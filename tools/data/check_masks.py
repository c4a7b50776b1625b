"""`zoo data check` of a folder of images and masks: all that is wrong with it, and the pixels of each class."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from recipes.folder.masks.options import MaskOptions
from recipes.folder.masks.reading import judge, read_masks
from recipes.folder.problems import KINDS, Problem
from recipes.folder.tree import Tree
from recipes.imagery.profile import pixels
from recipes.imagery.scene import Scene
from recipes.kit.split import Split
from tools.data.report import Finding, Report
from zoo.errors import ZooError

#: What the table of pixels is called by, where that of boxes says their format.
KIND = "masks (pixels by class)"
LENIENT = MaskOptions(orphans="drop", unmasked="drop", blank="drop", invalid="ignore", unseen="ignore")


def mask_report(tree: Tree, group: str | None = None) -> Report:
    """Return what there is to say about the images and masks of a folder."""
    root = tree.root
    images, errors = judgement(tree)
    split, refused = tried(root, group)
    if refused and not errors:
        errors = (Finding("error", "split", refused),)
    if split is None:
        return Report(str(root), KIND, images, 0, {}, {}, {}, errors)
    notes = tuple(Finding("note", "note", note) for note in split.notes)
    sizes = {part: len(those) for part, those in split.parts.items()}
    return Report(str(root), KIND, images, 0, sizes, by_class(split), {}, errors + notes)


def judgement(tree: Tree) -> tuple[int, tuple[Finding, ...]]:
    """Return how many images have a mask that can be read, and what is wrong with them and the others."""
    try:
        surveyed, _, problems, _ = judge(tree, MaskOptions())
    except ZooError as error:
        return len(tree.images) // 2, (Finding("error", "masks", str(error)),)
    return len(surveyed), tuple(told(problems))


def by_class(split: Split[Scene]) -> dict[str, dict[str, int]]:
    """Return the pixels of each class in each part."""
    counts = {part: pixels(those, split.classes)["classes"] for part, those in split.parts.items()}
    return {name: {part: those[name] for part, those in counts.items()} for name in split.classes}


def told(problems: Iterable[Problem]) -> Iterable[Finding]:
    """Yield an error for each kind of problem."""
    for kind, names in KINDS.items():
        those = tuple(str(problem) for problem in problems if problem.kind == kind)
        if those:
            name = names.one if len(those) == 1 else names.many
            yield Finding("error", kind, f"{len(those)} {name}: {names.remedy}", those)


def tried(root: Path, group: str | None) -> tuple[Split[Scene] | None, str]:
    """Read and split the folder as leniently as it can be; return why it cannot be."""
    try:
        return read_masks(root, replace(LENIENT, group=group)), ""
    except ZooError as error:
        return None, str(error)
