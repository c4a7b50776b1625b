"""`zoo data convert SOURCE --to FORMAT --out FOLDER`: annotated images from one format into another, nothing lost unsaid."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from recipes.folder.formats.table import FORMATS
from recipes.folder.keypoints.options import KeypointOptions
from recipes.folder.keypoints.reading import find, holds_keypoints
from recipes.folder.keypoints.table import FORMATS as KEYPOINTS
from recipes.folder.keypoints.writing import SENTENCES as OF_KEYPOINTS
from recipes.folder.problems import KINDS, some
from recipes.folder.tree import Tree
from recipes.folder.writing.loss import SENTENCES as OF_BOXES
from tools.data.convert_boxes import convert_boxes
from tools.data.convert_keypoints import convert_keypoints
from tools.data.converted import Choices, Converted
from tools.terminal.options import expand_options
from zoo.errors import ZooError, clean, counted, one_of

#: All that is read and written: some carry boxes, some keypoints, some both.
KNOWN = {**FORMATS, **KEYPOINTS}
USUAL = Choices()
SENTENCES = {**OF_BOXES, **OF_KEYPOINTS}


@expand_options
def command(
    source: Annotated[Path, typer.Argument(help="a folder of images and annotations")],
    to: Annotated[str, typer.Option(help="the new format: " + ", ".join(KNOWN))],
    out: Annotated[Path, typer.Option(help="the new folder; it must not be there yet")],
    json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False,
    *,
    choices: Choices,
) -> None:
    """Write a data set in another format; what was written is read back and compared before it is put in its place.

    Where `source` holds keypoints and the new format carries such, these are written, else boxes.

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
    choices: Choices = USUAL,
    track: Callable[[Iterable], Iterable] = iter,
) -> Converted:
    """Read `source`, write it as `to` into the new folder `out`, and say what was written; see `command`."""
    for option, name in (("--to", to), ("--from", choices.from_)):
        one_of(option, name or to, KNOWN)
    if out.absolute().resolve().is_relative_to(source.absolute().resolve()):
        raise ZooError(f"--out {out} lies in {source}, where it would be read as part of it; name another folder")
    posed = (choices.from_ is None or choices.from_ in KEYPOINTS) and holds_keypoints(source)
    if posed and to in KEYPOINTS:
        return convert_keypoints(source, KEYPOINTS[to], out, choices, track)
    if to not in FORMATS:
        raise ZooError(
            f"--to {to} carries keypoints, and {source} holds none that are known here; known of boxes: {', '.join(FORMATS)}"
        )
    return convert_boxes(source, FORMATS[to], out, choices, track, individuals(source) if posed else ())


def individuals(source: Path) -> list[str]:
    """Return the places of all individuals with keypoints."""
    return [one.where for _, one in find(Tree(source), KeypointOptions()).every()]


def show(done: Converted) -> None:
    """Print what was written, and what was not."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"{done.out}: {done.format}, {counted(done.images, 'image')}, {counted(done.objects, done.object)}, "
        f"{done.of}: {len(done.classes)} (from {done.source_format})",
        markup=False,
    )
    facts = [
        *((f"lost: {SENTENCES[kind]}", those) for kind, those in done.lost.items()),
        *((f"left out: {KINDS[kind].many}", those) for kind, those in done.left_out.items()),
    ]
    for sentence, those in facts:
        console.print(clean(f"{sentence}: {len(those)} ({some(those)})"), markup=False)
    for note in done.notes:
        console.print(clean(f"note: {note}"), markup=False)
