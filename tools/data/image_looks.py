"""What `zoo data check` sees of images whatever is annotated on them: decoded whole, copies, values, notes of the split."""

from collections.abc import Iterable, Mapping, Sequence
from math import isnan

from rich.console import Console
from rich.progress import Progress

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.pixels import Look, copies, copy_sentence, look, pixel_notes
from recipes.folder.problems import KINDS
from recipes.imagery.images import Values, reason
from recipes.imagery.scene import Scene
from recipes.kit.split import Split
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
    images: Sequence[ImageAnnotation], split: Split[Scene] | None, read: Sequence[str] = ()
) -> Iterable[Finding]:
    """Yield the notes of the split, or of what was `read` where there is none, and copies: an error in several splits.

    A test on copies of what was trained on would measure memory.
    """
    scenes = split.parts if split else {}
    for across, pairs in copies(images, scenes):
        yield Finding("error" if across else "warning", "copies", copy_sentence(across, pairs), tuple(pairs))
    told = set(pixel_notes(images, scenes))
    yield from (Finding("note", "note", note) for note in (split.notes if split else read) if note not in told)


def value_ranges(looks: Iterable[Look]) -> Mapping[str, tuple[float, float]]:
    """Return least and greatest value for each type of image."""
    ranges: dict[str, tuple[float, float]] = {}
    for seen in (seen for seen in looks if not isnan(seen.low)):
        low, high = ranges.get(seen.dtype, (seen.low, seen.high))
        ranges[seen.dtype] = (min(low, seen.low), max(high, seen.high))
    return ranges
