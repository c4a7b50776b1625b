"""Which format a folder of annotations is in, and reading it."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

from recipes.folder.annotations import Annotations
from recipes.folder.formats.format import Format
from recipes.folder.formats.table import FORMATS
from recipes.folder.mask_pairs import masks_of
from recipes.folder.problems import SHOWN
from recipes.folder.tree import Tree
from zoo.errors import ZooError, near


def read_annotations(tree: Tree, format: str | None = None) -> Annotations:
    """Read a folder in the format named, or in the one that it is found to be in."""
    known = detect_format(tree) if format is None else format_named(format)
    return replace(known.read(tree), format=known.name)


def format_named(name: str, key: str = "data.format=") -> Format:
    """Return a format by its name."""
    if name not in FORMATS:
        raise ZooError(f"{key}{name} is not known{near(name, FORMATS)}; known: {', '.join(FORMATS)}")
    return FORMATS[name]


def detect_format(tree: Tree) -> Format:
    """Return the format of a folder; one with none or several of them is an error that lists what was found."""
    if not tree.files:
        raise ZooError(f"data.root={tree.root} is empty; put images and annotations ({', '.join(FORMATS)}) into it")
    found = find_evidence(tree)
    if len(found) == 1:
        return FORMATS[next(iter(found))]
    if found:
        those = " and ".join(f"{name} ({', '.join(files)})" for name, files in found.items())
        raise ZooError(f"data.root={tree.root} holds annotations as {those}; choose with data.format={'|'.join(found)}")
    looked = "; ".join(f"{name}: {one.looked_for}" for name, one in FORMATS.items())
    kinds = ", ".join(sorted({Path(rel).suffix.lower() or Path(rel).name for rel in tree.files})[:8])
    masks = "; it holds masks, for which say task=segmentation" if masks_of(tree, None) else ""
    raise ZooError(
        f"data.root={tree.root} holds {len(tree.files)} files ({kinds}) and no annotations in a known format{masks}; "
        f"looked for {looked}"
    )


def find_evidence(tree: Tree) -> dict[str, list[str]]:
    """Return the first few files that speak for each format that any file speaks for."""
    found = {name: list(islice(one.evidence(tree), SHOWN)) for name, one in FORMATS.items()}
    return {name: files for name, files in found.items() if files}
