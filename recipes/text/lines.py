"""Texts without labels: a column of a table, or a text a line."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from recipes.kit.table import read_table
from recipes.kit.text_file import decode
from zoo.errors import ZooError

TABLES = frozenset({".csv", ".tsv"})
ENDINGS = TABLES | {".txt"}


def texts(
    path: Path, columns: Sequence[tuple[str | None, Sequence[str]]], separator: str | None, encoding: str | None
) -> Iterator[tuple[int, str]]:
    """Yield the number of each line with its text: of a table (csv, tsv) the named columns, joined; else the line itself.

    A column is a name, or None for the first that has a usual one, and these usual ones. A row without a text is refused, for
    its answer would be about nothing.
    """
    if path.suffix.lower() in TABLES:
        table = read_table(path, separator, encoding)
        words = [table.words(table.column(name, usual, None)) for name, usual in columns]
        rows = [(line, " ".join(row).strip()) for line, row in zip(table.lines, zip(*words, strict=True), strict=True)]
    else:
        text, _ = decode(path, encoding)
        rows = [(number, line.strip()) for number, line in enumerate(text.removesuffix("\n").split("\n"), 1)]
    if not any(text for _, text in rows):
        raise ZooError(f"{path} holds no text; it is a table with a column of texts, or a text a line")
    for line, text in rows:
        if not text:
            raise ZooError(f"{path}, line {line}: there is no text; take the line out, or write one")
        yield line, text
