"""Pairs of texts of one's own: a table with two columns, or two files whose lines belong together."""

from collections.abc import Sequence
from pathlib import Path

from recipes.kit.table import Table
from recipes.kit.text_file import decode
from recipes.translation.pair import Pair
from zoo.errors import ZooError
from zoo.sequence.vocabulary import normal

#: What the columns of a table are usually called.
SOURCE = ("source", "src", "input", "from")
TARGET = ("target", "tgt", "translation", "output", "to")


def from_table(table: Table, source: str | None, target: str | None) -> tuple[list[Pair], list[str]]:
    """Return the pairs of a table, by the names of its columns of sources and of targets, and notes."""
    source = table.column(source, SOURCE, "data.columns.source")
    target = table.column(target, TARGET, "data.columns.target")
    if source == target:
        raise ZooError(
            f"data.columns.source and data.columns.target are one column of {table.path}, {source!r}; sources and targets"
            " are two"
        )
    sides = zip(table.lines, table.words(source), table.words(target), strict=True)
    kept, notes = complete([pair(f"line {line}", *both) for line, *both in sides], table.path)
    return kept, [*table.notes, *notes]


def from_files(paths: Sequence[Path], encoding: str | None) -> tuple[list[Pair], list[str]]:
    """Return the pairs of two files, line by line, and notes; ZooError when they have not as many lines."""
    read_ = [decode(path, encoding, asked=True) for path in paths]
    rows = [text.removesuffix("\n").split("\n") if text else [] for text, _ in read_]
    if len(rows[0]) != len(rows[1]):
        raise ZooError(
            f"{paths[0]} has {len(rows[0])} lines and {paths[1]} has {len(rows[1])};"
            " line by line they must belong together, so mend the files, or give a table with data.root=FILE.csv"
        )
    pairs = [pair(f"line {i}", *lines) for i, lines in enumerate(zip(*rows, strict=True), 1)]
    kept, notes = complete(pairs, paths[0])
    return kept, [*(note for _, found in read_ for note in found), *notes]


def pair(name: str, source: str, target: str) -> Pair:
    """Return a pair; the source is its content."""
    return Pair(name, normal(source), normal(target), normal(source))


def complete(pairs: Sequence[Pair], path: Path) -> tuple[list[Pair], list[str]]:
    """Return the pairs of which neither side is empty, and say how many are."""
    kept = [one for one in pairs if one.source and one.target]
    if not kept:
        raise ZooError(f"{path} has no pair with a source and a target")
    empty = len(pairs) - len(kept)
    return kept, [f"{empty} pairs have an empty side and were left out"] if empty else []
