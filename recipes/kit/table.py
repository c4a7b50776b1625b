"""Tables of the user's: any usual separator and encoding, quotes or none, columns by name, every row with its line."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import numpy as np

from recipes.kit.numbers import read_numbers
from recipes.kit.text_file import decode
from zoo.errors import ZooError, near

SEPARATORS = ",;\t|"
#: Rows that the separator is guessed from.
LOOKED = 50
#: What becomes of rows that cannot be read.
Invalid = Literal["error", "drop"]
#: A row with the line that it ends at.
Row = tuple[int, tuple[str, ...]]


@dataclass(frozen=True)
class TableReading:
    """How a user's tables are read: separator and encoding, None to find out, and `invalid` rows."""

    separator: str | None = None
    encoding: str | None = None
    invalid: Invalid = "error"

    @classmethod
    def of_words(cls, said: Mapping[str, str]) -> "TableReading":
        """Return how words of a command line, by key, say that tables are read."""
        given = {field.name: said.get(f"data.{field.name}", "null") for field in fields(cls)}
        return cls(**{name: word for name, word in given.items() if word != "null"})  # type: ignore[arg-type]

    def read(self, path: str | Path) -> "Table":
        """Read a table; what it may be read as otherwise is offered as settings of the data."""
        return read_table(path, self.separator, self.encoding, self.invalid)


@dataclass(frozen=True)
class Table:
    """Rows of words under named columns; `lines` are those that the rows end at, `notes` say how it was read."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    separator: str
    notes: tuple[str, ...] = ()

    def column(self, name: str | None, usual: Sequence[str], key: str | None) -> str:
        """Return the column of a name, or the first that has a usual one; `key` is the setting that names it, if one does."""
        if name is not None:
            self.words(name)
            return name
        lowered = {column.lower(): column for column in reversed(self.columns)}
        for word in usual:
            if word in lowered:
                return lowered[word]
        raise ZooError(
            f"{self.path} has no column called {', '.join(usual[:4])}; its columns are {', '.join(self.columns)}:"
            + (" call one so" if key is None else f" say {key}=NAME")
        )

    def words(self, column: str) -> list[str]:
        """Return a column as it is written; ZooError names the columns that there are."""
        if column not in self.columns:
            raise ZooError(
                f"{self.path} has no column {column!r}{near(column, self.columns)}; it has {', '.join(self.columns)}"
            )
        place = self.columns.index(column)
        return [row[place] for row in self.rows]

    def picked(self, column: str, rows: Iterable[int]) -> list[str]:
        """Return some rows of a column as they are written."""
        words = self.words(column)
        return [words[row] for row in rows]

    def numbers(self, columns: Sequence[str], decimal: str | None = None) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return columns as numbers (N, F) float64, NaN where nothing is known, and notes; see `kit.numbers.read_numbers`."""
        read = [
            read_numbers(self.words(name), self.lines, f"{self.path}, column {name!r}", self.separator, decimal)
            for name in columns
        ]
        return np.stack([values for values, _ in read], axis=1), tuple(note for _, notes in read for note in notes)


def read_table(
    path: str | Path, separator: str | None = None, encoding: str | None = None, invalid: Invalid | None = None
) -> Table:
    """Read a table with a line of names; what is None is found out.

    `invalid`: rows with another number of fields than the names are refused (`error`) or left out and said (`drop`); None,
    for data without settings of how tables are read, refuses them too, and offers no such setting.
    """
    text, notes = decode(Path(path), encoding, asked=invalid is not None)
    return parse_table(text, path, separator, invalid, notes)


def parse_table(
    text: str,
    path: str | Path,
    separator: str | None = None,
    invalid: Invalid | None = None,
    notes: Sequence[str] = (),
) -> Table:
    """Read the text of a table that came from `path`, as `read_table` does."""
    path, separator = Path(path), separator or likeliest(text)
    rows, quoting = rows_of(text, separator, path)
    if len(rows) < 2:
        raise ZooError(
            f"{path} has no rows below a header; it begins with a line of column names, and holds {len(rows)} lines"
        )
    columns = rows[0][1]
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise ZooError(f"{path} has the column {twice[0]!r} twice; name columns once")
    whole = [row for row in rows[1:] if len(row[1]) == len(columns)]
    told = refuse_uneven(rows, len(columns), separator, path, invalid)
    lines, words = zip(*whole, strict=True) if whole else ((), ())
    return Table(path, columns, tuple(words), tuple(lines), separator, (*notes, *quoting, *told))


def refuse_uneven(
    rows: Sequence[Row], columns: int, separator: str, path: Path, invalid: Invalid | None
) -> tuple[str, ...]:
    """Refuse rows that have not as many fields as the first, or say how many were left out."""
    uneven = [row for row in rows[1:] if len(row[1]) != columns]
    if not uneven:
        return ()
    line, first = uneven[0]
    said = f"{path}, line {line} has {len(first)} columns, its head has {columns} (separator {separator!r})" + (
        f", and so {len(uneven) - 1} more rows" if len(uneven) > 1 else ""
    )
    if invalid != "drop":
        ways = ", name another one with data.separator=…, or leave such rows out with data.invalid=drop"
        raise ZooError(f"{said}; put quotes around a text that holds the separator{'' if invalid is None else ways}")
    return (f"{said}: left out",)


def rows_of(text: str, separator: str, path: Path) -> tuple[list[Row], tuple[str, ...]]:
    """Return the rows that are not empty with their lines, and a note where quotes are characters like others.

    Quotes hold a field together, unless that breaks, or between tabs swallows lines that are whole rows without it.
    """
    if '"' not in text:
        return parsed(text, separator, csv.QUOTE_NONE), ()
    literal = parsed(text, separator, csv.QUOTE_NONE)
    even = len({len(fields) for _, fields in literal}) == 1 and len(literal[0][1]) > 1
    try:
        quoted = parsed(text, separator, csv.QUOTE_MINIMAL)
    except csv.Error as error:
        if even:
            return literal, (unpaired(literal, path),)
        line = next((line for line, fields in literal if sum(field.count('"') for field in fields) % 2), 1)
        raise ZooError(
            f"{path}, line {line}: a quote opens and does not close at the end of its field ({error})"
        ) from error
    if even and separator == "\t" and len(quoted) < len(literal):  # tabs are written by who knows no quotes
        return literal, (unpaired(literal, path),)
    return quoted, ()


def unpaired(rows: Sequence[Row], path: Path) -> str:
    """Say where quotes were taken as characters."""
    line = next(line for line, fields in rows if any(field.count('"') % 2 for field in fields))
    return f"{path}: quotes are read as characters, since that of line {line} closes in no field of its own"


def parsed(text: str, separator: str, quoting: int) -> list[Row]:
    """Return the rows of a text that are not empty, fields without the space around them; csv.Error for wrong quotes."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting, strict=True)  # type: ignore[arg-type]
    return [
        (reader.line_num, tuple(field.strip() for field in row))
        for row in reader
        if any(field.strip() for field in row)
    ]


def likeliest(text: str) -> str:
    """Return the separator that gives the head and most of the first rows the same number of fields, more than one."""

    def agreement(separator: str) -> tuple[int, int]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        counts = [len(row) for row, _ in zip((row for row in reader if row), range(LOOKED), strict=False)]
        return (sum(count == counts[0] for count in counts), counts[0]) if counts and counts[0] > 1 else (0, 0)

    return max(SEPARATORS, key=agreement)
