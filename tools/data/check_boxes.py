"""`zoo data check` of images with boxes: every image decoded, every box judged, the split tried."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from recipes.folder.annotations import Annotations
from recipes.folder.boxes.module import FolderDetection
from recipes.folder.boxes.options import FolderOptions
from recipes.folder.boxes.scenes import all_problems, as_split, drop_crowds, passed_kinds
from recipes.folder.formats.reading import read_annotations
from recipes.folder.tree import Tree
from recipes.imagery.images import Values
from recipes.imagery.scene import Scene
from recipes.kit.split import Split
from tools.data.image_looks import kind_finding, look_at_all, split_findings, value_ranges
from tools.data.report import LEVELS, Finding, Report
from tools.data.warnings import notes, warnings
from zoo.errors import ZooError


def box_report(data: FolderDetection) -> Report:
    """Look at all images of a folder and all boxes; only a folder in no known format is an error at once (ZooError)."""
    tree, options, values = Tree(data.root), data.options, data.loading.values
    annotations = drop_crowds(read_annotations(tree, options.format), options.crowds)
    looks, broken = look_at_all(annotations.images, values)
    sound = tuple(image for image in annotations.images if image.facts is not None and image.name not in broken)
    split, refused = try_split(replace(annotations, images=sound, problems=()), options, values)
    findings = [
        *errors(annotations, options, broken, refused),
        *warnings(annotations, looks),
        *notes(annotations),
        *split_findings(sound, split, options.leakage, annotations.notes),
    ]
    return Report(
        str(tree.root),
        annotations.format,
        len(annotations.images),
        sum(len(image.boxes) for image in annotations.images),
        {name: len(those) for name, those in split.parts.items()} if split else {},
        class_table(annotations, split),
        value_ranges(looks.values()),
        tuple(sorted(findings, key=lambda finding: LEVELS.index(finding.level))),
    )


def errors(
    annotations: Annotations, options: FolderOptions, broken: Mapping[str, str], refused: Sequence[str]
) -> list[Finding]:
    """Return what is wrong with files and objects, and why there is no split, unless that was said: no object could be read."""
    problems = list(problem_findings(annotations, options, broken))
    if not any(image.labels for image in annotations.images) and any(one.level == "error" for one in problems):
        return problems
    return [*problems, *(Finding("error", "split", sentence) for sentence in refused)]


def try_split(
    annotations: Annotations, options: FolderOptions, values: Values
) -> tuple[Split[Scene] | None, list[str]]:
    """Split what is sound; return the split, or why there is none."""
    strict = replace(options, orphans="drop", invalid="clip", sizes="file", leakage="note")
    refused: list[str] = []
    for choice in (strict, replace(strict, unseen="ignore")):
        try:
            return as_split(annotations, choice, values), refused
        except ZooError as error:
            refused.append(str(error))
    return None, refused[-1:]


def problem_findings(annotations: Annotations, options: FolderOptions, broken: Mapping[str, str]) -> Iterable[Finding]:
    """Yield a finding for each kind of problem: a warning where the options, or the small number of them, pass it."""
    examples: dict[str, list[str]] = defaultdict(list)
    for problem in all_problems(annotations, options.geometry):
        examples[problem.kind].append(str(problem))
    examples["image"] += [f"{name}: {why}" for name, why in broken.items()]
    mild = passed_kinds(annotations, options)
    for kind, those in examples.items():
        if those:
            yield kind_finding("warning" if kind in mild else "error", kind, those)


def class_table(annotations: Annotations, split: Split[Scene] | None) -> dict[str, dict[str, int]]:
    """Return the number of objects of each class, in each split where there is one."""
    if split is None:
        counts = Counter(label for image in annotations.images for label in image.labels)
        return {name: {"all": counts[name]} for name in annotations.classes}
    numbers = {
        part: Counter(number for scene in scenes for number in scene.labels.tolist())
        for part, scenes in split.parts.items()
    }
    return {name: {part: counts[index] for part, counts in numbers.items()} for index, name in enumerate(split.classes)}
