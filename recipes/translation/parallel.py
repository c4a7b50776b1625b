"""Pairs of texts of one's own: a table with two columns, or two files whose lines belong together."""

from collections.abc import Sequence
from pathlib import Path

from recipes.text.table import decoded, read
from recipes.translation.pair import Pair
from zoo.errors import ZooError
from zoo.sequence.vocabulary import normal

#: What the columns of a table are usually called.
SOURCE = ("source", "src", "input", "from")
TARGET = ("target", "tgt", "translation", "output", "to")


def from_table(
    path: Path, columns: Sequence[str | None], separator: str | None, encoding: str | None, broken: str
) -> tuple[list[Pair], list[str]]:
    """Return the pairs of a table, by the names of its columns of sources and of targets, and notes."""
    table = read(path, separator, encoding, broken)
    source = table.column(columns[0], SOURCE, "data.reading.columns.0")
    target = table.column(columns[1], TARGET, "data.reading.columns.1")
    if source == target:
        raise ZooError(f"data.reading.columns={list(columns)} are one column of {path}; sources and targets are two")
    pairs = [pair(f"line {line}", row[source], row[target]) for line, row in table.rows]
    kept, notes = complete(pairs, path)
    return kept, [*table.notes, *notes]


def from_files(paths: Sequence[Path], encoding: str | None) -> tuple[list[Pair], list[str]]:
    """Return the pairs of two files, line by line, and notes; ZooError when they have not as many lines."""
    read_ = [decoded(path, encoding) for path in paths]
    rows = [text.removesuffix("\n").split("\n") if text else [] for text, _ in read_]
    if len(rows[0]) != len(rows[1]):
        raise ZooError(
            f"{paths[0]} has {len(rows[0])} lines and {paths[1]} has {len(rows[1])};"
            " line by line they must belong together, so mend the files, or give a table with data.file="
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
