"""Which format a folder of annotations is in, and reading it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from recipes.folder.annotations import Annotations
from recipes.folder.formats.format import Format
from recipes.folder.formats.table import FORMATS
from recipes.folder.mask_pairs import masks_of
from recipes.folder.problems import SHOWN
from recipes.folder.tree import Tree
from zoo.errors import ZooError, counted, near


def read_annotations(tree: Tree, format: str | None = None) -> Annotations:
    """Read a folder in the format named, or in the one that it is in; of several, in that of the likeliest reading."""
    if format is not None:
        return read_as(format_named(format), tree)
    found = find_evidence(tree)
    if not found:
        raise ZooError(no_format(tree))
    if len(found) == 1:
        return read_as(FORMATS[next(iter(found))], tree)
    return read_likeliest(tree, found)


def read_as(format: Format, tree: Tree) -> Annotations:
    """Read a folder in a format."""
    return replace(format.read(tree), format=format.name)


def read_likeliest(tree: Tree, found: Mapping[str, Sequence[str]]) -> Annotations:
    """Read a folder in each of several formats and return the reading of most objects and fewest problems, with a note.

    `found` are files that speak for each. Of readings alike the first counts; ZooError where none can be read.
    """
    readings: dict[str, Annotations] = {}
    failures: dict[str, str] = {}
    for name in found:
        try:
            readings[name] = read_as(FORMATS[name], tree)
        except ZooError as error:
            failures[name] = str(error)
    if not readings:
        raise ZooError(f"data.root={tree.root} holds annotations that cannot be read: {'; '.join(failures.values())}")
    best = max(readings, key=lambda name: objects_of(readings[name]) - len(readings[name].problems))
    told = {
        name: f"{counted(objects_of(one), 'object')} and {counted(len(one.problems), 'problem')}"
        for name, one in readings.items()
    }
    ends = {name: f", with {said}: data.format={name} reads it" for name, said in told.items()}
    ends |= {name: f", for it cannot be read: {error}" for name, error in failures.items()}
    others = "; ".join(
        f"{name} ({', '.join(files)}) was left unread{ends[name]}" for name, files in found.items() if name != best
    )
    return readings[best].with_notes(f"annotations were read as {best}, with {told[best]}; {others}")


def objects_of(annotations: Annotations) -> int:
    """Return the number of objects on images that can be read."""
    return sum(len(image.labels) for image in annotations.images if image.facts is not None)


def format_named(name: str, key: str = "data.format=") -> Format:
    """Return a format by its name."""
    if name not in FORMATS:
        raise ZooError(f"{key}{name} is not known{near(name, FORMATS)}; known: {', '.join(FORMATS)}")
    return FORMATS[name]


def no_format(tree: Tree) -> str:
    """Say that a folder holds nothing in a known format, and what was looked for."""
    if not tree.files:
        return f"data.root={tree.root} is empty; put images and annotations ({', '.join(FORMATS)}) into it"
    looked = "; ".join(f"{name}: {one.looked_for}" for name, one in FORMATS.items())
    kinds = ", ".join(sorted({Path(rel).suffix.lower() or Path(rel).name for rel in tree.files})[:8])
    masks = "; it holds masks, for which say task=segmentation" if masks_of(tree, None) else ""
    return (
        f"data.root={tree.root} holds {len(tree.files)} files ({kinds}) and no annotations in a known format{masks}; "
        f"looked for {looked}"
    )


def find_evidence(tree: Tree) -> dict[str, list[str]]:
    """Return the first few files that speak for each format that any file speaks for."""
    found = {name: list(islice(one.evidence(tree), SHOWN)) for name, one in FORMATS.items()}
    return {name: files for name, files in found.items() if files}
