"""`zoo data check` of images with boxes: every image decoded, every box judged, the split tried."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import isnan

from rich.console import Console
from rich.progress import Progress

from recipes.folder.annotations import Annotations, ImageAnnotation
from recipes.folder.boxes.options import FolderOptions
from recipes.folder.boxes.scenes import all_problems, as_split, drop_crowds
from recipes.folder.boxes.validity import few_flat
from recipes.folder.formats.reading import read_annotations
from recipes.folder.pixels import Look, look
from recipes.folder.problems import KINDS
from recipes.folder.tree import Tree
from recipes.imagery.images import reason
from recipes.imagery.scene import Scene
from recipes.kit.split import Split
from tools.data.report import LEVELS, Finding, Report
from tools.data.warnings import notes, warnings
from zoo.errors import ZooError, agreeing


def box_report(tree: Tree, format: str | None = None, group: str | None = None) -> Report:
    """Look at all images of a folder and all boxes; only a folder in no known format is an error at once (ZooError)."""
    annotations = drop_crowds(read_annotations(tree, format))
    looks, broken = look_at_all(annotations.images)
    sound = tuple(image for image in annotations.images if image.facts is not None)
    split, refused = try_split(replace(annotations, images=sound, problems=()), group)
    findings = [
        *errors(annotations, broken, refused),
        *warnings(annotations, looks),
        *notes(annotations),
        *copy_findings(looks, split),
        *(Finding("note", "note", note) for note in (split.notes if split else annotations.notes)),
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


def errors(annotations: Annotations, broken: Mapping[str, str], refused: Sequence[str]) -> list[Finding]:
    """Return what is wrong with files and objects, and why there is no split, unless that was said: no object could be read."""
    problems = list(problem_findings(annotations, broken))
    if not any(image.labels for image in annotations.images) and any(one.level == "error" for one in problems):
        return problems
    return [*problems, *(Finding("error", "split", sentence) for sentence in refused)]


def look_at_all(images: Sequence[ImageAnnotation]) -> tuple[dict[str, Look], dict[str, str]]:
    """Decode the images whose heads can be read; return what was seen, and why the others cannot be decoded."""
    looks, broken = {}, {}
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        for image in bar.track(images, description="decoding"):
            if image.facts is not None:
                try:
                    looks[image.name] = look(image.path)
                except ZooError as error:
                    broken[image.name] = reason(error)
    return looks, broken


def try_split(annotations: Annotations, group: str | None) -> tuple[Split[Scene] | None, list[str]]:
    """Split what is sound; return the split, or why there is none."""
    lenient = FolderOptions(group=group, orphans="drop", invalid="clip", unseen="ignore")
    strict = replace(lenient, unseen="error")
    refused: list[str] = []
    for options in (strict, lenient):
        try:
            return as_split(annotations, options), refused
        except ZooError as error:
            refused.append(str(error))
    return None, refused[-1:]


def problem_findings(annotations: Annotations, broken: Mapping[str, str]) -> Iterable[Finding]:
    """Yield a finding for each kind of problem; images without objects are a warning, the rest errors."""
    examples: dict[str, list[str]] = defaultdict(list)
    for problem in all_problems(annotations):
        examples[problem.kind].append(str(problem))
    examples["image"] += [f"{name}: {why}" for name, why in broken.items()]
    mild = {"negative", "flat"} if few_flat(annotations.images) else {"negative"}
    for kind, those in examples.items():
        if those:
            name = KINDS[kind].one if len(those) == 1 else KINDS[kind].many
            level = "warning" if kind in mild else "error"
            yield Finding(level, kind, f"{len(those)} {name}: {KINDS[kind].remedy}", tuple(those))


def copies(looks: Mapping[str, Look]) -> list[tuple[str, str]]:
    """Return the images whose file is byte for byte that of an earlier one, each with that one."""
    first: dict[str, str] = {}
    pairs = [(name, first.setdefault(seen.digest, name)) for name, seen in looks.items()]
    return [(name, original) for name, original in pairs if name != original]


def copy_findings(looks: Mapping[str, Look], split: Split[Scene] | None) -> Iterable[Finding]:
    """Yield a warning for copies in one split, an error for those in several: a test on them would measure memory."""
    splits: dict[str, set[str]] = defaultdict(set)
    for part, scenes in split.parts.items() if split else ():
        for scene in scenes:
            splits[scene.name.removesuffix(f":{part}")].add(part)
    pairs = copies(looks)
    leaks = {(name, original) for name, original in pairs if len(splits[name] | splits[original]) > 1}
    for level, those in (("error", leaks), ("warning", set(pairs) - leaks)):
        examples = tuple(f"{name} = {original}" for name, original in pairs if (name, original) in those)
        where = " in another split" if level == "error" else ""
        if examples:
            said = agreeing(len(examples), f"[image is a copy|images are copies] of one{where}; keep one of them")
            yield Finding(level, "copies", said, examples)


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


def value_ranges(looks: Iterable[Look]) -> dict[str, tuple[float, float]]:
    """Return least and greatest value for each type of image."""
    ranges: dict[str, tuple[float, float]] = {}
    for seen in (seen for seen in looks if not isnan(seen.low)):
        low, high = ranges.get(seen.dtype, (seen.low, seen.high))
        ranges[seen.dtype] = (min(low, seen.low), max(high, seen.high))
    return ranges
