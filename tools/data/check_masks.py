"""`zoo data check` of a folder of images and masks: all that is wrong with it, and the pixels of each class."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.masks.module import FolderSegmentation
from recipes.folder.masks.options import MaskOptions
from recipes.folder.masks.reading import annotation, judge, passed, read_masks
from recipes.folder.problems import KINDS, Problem
from recipes.folder.tree import Tree
from recipes.imagery.images import Values
from recipes.imagery.profile import pixels
from recipes.imagery.scene import Scene
from recipes.kit.split import Split
from tools.data.image_looks import kind_finding, look_at_all, split_findings, value_ranges
from tools.data.report import LEVELS, Finding, Report
from tools.data.warnings import look_findings
from zoo.errors import ZooError

#: What the table of pixels is called by, where that of boxes says their format.
KIND = "masks (pixels by class)"
LENIENT: Mapping[str, Any] = {
    "orphans": "drop",
    "unmasked": "drop",
    "blank": "drop",
    "invalid": "ignore",
    "unseen": "ignore",
    "leakage": "note",
}


def mask_report(data: FolderSegmentation) -> Report:
    """Return what there is to say about the images and masks of a folder."""
    tree, options, values = Tree(data.root), data.options, data.loading.values
    images, errors = judgement(tree, options)
    looks, broken = look_at_all(images, values)
    split, refused = try_split(tree, options, values)
    findings = [
        *errors,
        *look_findings(looks),
        *split_findings([one for one in images if one.name in looks], split, options.leakage),
    ]
    if broken:
        findings.append(kind_finding("error", "image", [f"{name}: {why}" for name, why in broken.items()]))
    if refused and not any(finding.level == "error" for finding in findings):
        findings.append(Finding("error", "split", refused))
    return Report(
        str(tree.root),
        KIND,
        len(images),
        0,
        {part: len(those) for part, those in split.parts.items()} if split else {},
        by_class(split) if split else {},
        value_ranges(looks.values()),
        tuple(sorted(findings, key=lambda finding: LEVELS.index(finding.level))),
    )


def judgement(tree: Tree, options: MaskOptions) -> tuple[list[ImageAnnotation], list[Finding]]:
    """Return the images that have a mask that can be read, and what is wrong with them and the others."""
    try:
        judged = judge(tree, options)
    except ZooError as error:
        return [], [Finding("error", "masks", str(error))]
    return [annotation(tree, one) for one in judged.surveyed], list(problem_findings(judged.problems, passed(options)))


def by_class(split: Split[Scene]) -> Mapping[str, Mapping[str, int]]:
    """Return the pixels of each class in each part."""
    counts = {part: pixels(those, split.classes)["classes"] for part, those in split.parts.items()}
    return {name: {part: those[name] for part, those in counts.items()} for name in split.classes}


def problem_findings(problems: Iterable[Problem], mild: set[str]) -> Iterable[Finding]:
    """Yield a finding for each kind of problem, an error unless the options pass it."""
    found = {kind: [str(problem) for problem in problems if problem.kind == kind] for kind in KINDS}
    for kind, those in found.items():
        if those:
            yield kind_finding("warning" if kind in mild else "error", kind, those)


def try_split(tree: Tree, options: MaskOptions, values: Values) -> tuple[Split[Scene] | None, str]:
    """Read and split the folder as leniently as it can be; return why it cannot be."""
    try:
        return read_masks(tree.root, replace(options, **LENIENT), values), ""
    except ZooError as error:
        return None, str(error)
