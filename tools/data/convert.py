"""`zoo data convert SOURCE --to FORMAT --out FOLDER`: annotated images from one format into another, nothing lost unsaid."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress

from recipes.folder.annotations import Annotations, ImageAnnotation
from recipes.folder.boxes.scenes import all_problems, drop_crowds
from recipes.folder.boxes.validity import few_flat, judge
from recipes.folder.formats.format import Format
from recipes.folder.formats.reading import format_named, read_annotations
from recipes.folder.formats.table import FORMATS
from recipes.folder.problems import KINDS, Problem, refuse, some
from recipes.folder.tree import Tree
from recipes.folder.writing.folder import write_folder
from recipes.folder.writing.loss import SENTENCES, losses, reduced
from tools.terminal.options import expand_options
from zoo.errors import ZooError, clean, counted, near

ON_ERROR = ("raise", "skip")


@dataclass(frozen=True)
class Choices:
    """How to convert: what is read, what becomes of the images, of losses, and of what cannot be read."""

    from_: Annotated[str | None, typer.Option("--from", help="the old format; found out when not given")] = None
    images: Annotated[str, typer.Option(help="link, copy, or none: annotations alone")] = "link"
    lossy: Annotated[bool, typer.Option("--lossy", help="leave out what the new format cannot carry, and count it")] = (
        False
    )
    on_error: Annotated[str, typer.Option(help="raise: stop at what cannot be read; skip: leave it out")] = "raise"

    def __post_init__(self) -> None:
        if self.on_error not in ON_ERROR:
            raise ZooError(
                f"--on-error {self.on_error} is not known{near(self.on_error, ON_ERROR)}; it is raise or skip"
            )


@dataclass(frozen=True)
class Converted:
    """What was written: counts, what was lost and left out by kind with all places, and what was noted."""

    out: str
    source_format: str
    format: str
    images: int
    objects: int
    classes: tuple[str, ...]
    lost: Mapping[str, Sequence[str]]
    left_out: Mapping[str, Sequence[str]]
    notes: tuple[str, ...]


@expand_options
def command(
    source: Annotated[Path, typer.Argument(help="a folder of images and annotations")],
    to: Annotated[str, typer.Option(help="the new format: " + ", ".join(FORMATS))],
    out: Annotated[Path, typer.Option(help="the new folder; it must not be there yet")],
    json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False,
    *,
    choices: Choices,
) -> None:
    """Write a data set in another format; what was written is read back and compared before it is put in its place.

    Example: `zoo data convert my_images --to dota --out my_images_dota`
    """
    with progress() as track:
        done = convert(source, to, out, choices, track)
    if json_:
        print(json.dumps(asdict(done), indent=2, ensure_ascii=False))
    else:
        show(done)


@contextmanager
def progress() -> Iterator[Callable[[Iterable], Iterable]]:
    """Give a function that shows a bar for what it wraps, where someone can see it."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        yield lambda those: bar.track(those, description="images")


def convert(
    source: Path,
    to: str,
    out: Path,
    choices: Choices = Choices(),
    track: Callable[[Iterable], Iterable] = iter,
) -> Converted:
    """Read `source`, write it as `to` into the new folder `out`, and say what was written; see `command`."""
    if out.absolute().resolve().is_relative_to(source.absolute().resolve()):
        raise ZooError(f"--out {out} lies in {source}, where it would be read as part of it; name another folder")
    target, old = format_named(to, "--to "), choices.from_ and format_named(choices.from_, "--from ").name
    annotations, left_out = sound(drop_crowds(read_annotations(Tree(source), old)), choices.on_error)
    lost = losses(annotations, target)
    if lost and not choices.lossy:
        raise ZooError(refusal(to, lost))
    written = reduced(annotations, target)
    write_folder(written, target, out, choices.images, track)
    return Converted(
        str(out),
        annotations.format,
        to,
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
    if on_error == "raise":
        try:
            refuse(wrong, {"flat"} if few_flat(annotations.images) else ())
        except ZooError as error:
            raise ZooError(f"{error}; or leave all of it out with --on-error skip") from error
    parts = np.split(~bad, np.cumsum([len(image.boxes) for image in annotations.images])[:-1])
    pairs = zip(annotations.images, parts, strict=True) if annotations.images else ()
    kept = tuple(image.only(good) for image, good in pairs if image.facts is not None)
    if not kept:
        raise ZooError(f"{annotations.root} holds no image that can be read; nothing is left to convert")
    left_out = {kind: [str(problem) for problem in wrong if problem.kind == kind] for kind in KINDS}
    return replace(annotations, images=kept), {kind: those for kind, those in left_out.items() if those}


def unusable(annotations: Annotations) -> tuple[np.ndarray, list[Problem]]:
    """Return which objects of all images in a row, bool (N,), cannot be written, and all problems that are in the way.

    Boxes that reach out of their image, or lie outside it, are written as they are: they lose nothing.
    """
    found, _ = judge(annotations.images)
    bad = found.undefined | found.flat
    told = iter(bad[found.any])  # of each box with a fault a problem is told, in this order
    problems = all_problems(annotations, "box")
    return bad, [p for p in problems if (next(told) if p.kind in ("box", "flat") else p.kind != "negative")]


def refusal(to: str, lost: Mapping[str, Sequence[str]]) -> str:
    """Return the sentence about what a format cannot carry."""
    those = "; ".join(f"{SENTENCES[kind]}: {len(places)} ({some(places)})" for kind, places in lost.items())
    return f"--to {to} cannot carry all of it ({those}); say --lossy to convert without, or choose another format"


def forgotten(images: Sequence[ImageAnnotation], target: Format) -> list[str]:
    """Return a note on the facts about images that a format has no place for."""
    if target.about is None:
        return []
    names = sorted({name for image in images for name in image.about if name not in target.about})
    return [f"facts about images were not written: {', '.join(names)}"] if names else []


def show(done: Converted) -> None:
    """Print what was written, and what was not."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"{done.out}: {done.format}, {counted(done.images, 'image')}, {counted(done.objects, 'object')}, "
        f"classes: {len(done.classes)} (from {done.source_format})",
        markup=False,
    )
    facts: list[tuple[str, Any]] = [
        *((f"lost: {SENTENCES[kind]}", those) for kind, those in done.lost.items()),
        *((f"left out: {KINDS[kind].many}", those) for kind, those in done.left_out.items()),
    ]
    for sentence, those in facts:
        console.print(clean(f"{sentence}: {len(those)} ({some(those)})"), markup=False)
    for note in done.notes:
        console.print(clean(f"note: {note}"), markup=False)
