"""What `zoo data check` sees of images whatever is annotated on them: decoded whole, copies, values, notes of the split."""

from collections.abc import Iterable, Mapping, Sequence
from math import isnan

from rich.console import Console
from rich.progress import Progress

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.copies import (
    Assigned,
    across_splits,
    copies_of,
    copy_notes,
    copy_sentence,
    pairs,
    settle_copies,
    within_splits,
)
from recipes.folder.pixels import Look, blank_notes, look
from recipes.folder.problems import KINDS
from recipes.imagery.images import Values, reason
from recipes.imagery.scene import Scene
from recipes.kit.split import Leakage, Split
from tools.data.report import Finding
from zoo.errors import ZooError


def look_at_all(images: Sequence[ImageAnnotation], values: Values) -> tuple[dict[str, Look], dict[str, str]]:
    """Decode the images whose heads can be read; return what was seen, and why the others cannot be decoded."""
    looks, broken = {}, {}
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        for image in bar.track(images, description="decoding"):
            if image.facts is not None:
                try:
                    looks[image.name] = look(image.path, values.nodata)
                except ZooError as error:
                    broken[image.name] = reason(error)
    return looks, broken


def kind_finding(level: str, kind: str, examples: Sequence[str]) -> Finding:
    """Return the finding about a kind of problem and its way out."""
    name = KINDS[kind].one if len(examples) == 1 else KINDS[kind].many
    return Finding(level, kind, f"{len(examples)} {name}: {KINDS[kind].remedy}", tuple(examples))


def split_findings(
    images: Sequence[ImageAnnotation], split: Split[Scene] | None, leakage: Leakage, read: Sequence[str] = ()
) -> Iterable[Finding]:
    """Yield the notes of the split, or of what was `read` where there is none, and copies: across splits as `leakage` says.

    A test on copies of what was trained on would measure memory.
    """
    copies, parts = copies_of(images), parts_of(images, split)
    across, within = across_splits(parts, copies), within_splits(parts, copies)
    for level, found in (("error" if leakage == "error" else "warning", across), ("warning", within)):
        if found:
            yield Finding(level, "copies", copy_sentence(len(found), found is across), tuple(pairs(found)))
    told = {*blank_notes(images), *copy_notes(parts, copies), *settle_copies(parts, copies, "note")[1]}
    yield from (Finding("note", "note", note) for note in (split.notes if split else read) if note not in told)


def parts_of(images: Sequence[ImageAnnotation], split: Split[Scene] | None) -> Assigned:
    """Return the images of each split; all as one where there is none."""
    if split is None:
        return {("train",): list(images)}
    paths = {part: {scene.path for scene in scenes} for part, scenes in split.parts.items()}
    return {(part,): [image for image in images if image.path in those] for part, those in paths.items()}


def value_ranges(looks: Iterable[Look]) -> Mapping[str, tuple[float, float]]:
    """Return least and greatest value for each type of image."""
    ranges: dict[str, tuple[float, float]] = {}
    for seen in (seen for seen in looks if not isnan(seen.low)):
        low, high = ranges.get(seen.dtype, (seen.low, seen.high))
        ranges[seen.dtype] = (min(low, seen.low), max(high, seen.high))
    return ranges
