"""Tables of texts: csv files of any separator and of the usual encodings, columns by name."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from zoo.errors import ZooError, near

SEPARATORS = ",;\t|"
#: Beginnings of files that say their encoding.
MARKED = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
#: Rows that the separator is guessed from.
LOOKED = 50


class Table(NamedTuple):
    """A table: its columns, its rows with the line that each ends at, and notes on how it was read."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    notes: tuple[str, ...]

    def column(self, name: str | None, usual: Sequence[str], key: str) -> int:
        """Return the index of a column by its name, or of the first that has a usual one; `key` is for the error."""
        lowered = [column.lower() for column in self.columns]
        if name is not None:
            if name in self.columns:
                return self.columns.index(name)
            raise ZooError(
                f"{key}={name!r} is no column of {self.path}{near(name, self.columns)}; it has {', '.join(self.columns)}"
            )
        for word in usual:
            if word in lowered:
                return lowered.index(word)
        raise ZooError(
            f"{self.path} has no column called {', '.join(usual[:4])}; its columns are {', '.join(self.columns)}: say {key}="
        )


def read(path: Path, separator: str | None = None, encoding: str | None = None, broken: str = "error") -> Table:
    """Read a table with a header; what is None is found out.

    `broken`: rows with another number of fields than the header are refused (`error`) or left out and said (`drop`).
    """
    if broken not in ("error", "drop"):
        raise ZooError(f"data.reading.broken={broken!r} is not known; it is error or drop")
    text, notes = decoded(path, encoding)
    separator = separator or likeliest(text)
    rows = parsed(path, text, separator)
    columns = tuple(name.strip() for name in rows[0][1])
    whole = tuple(row for row in rows[1:] if len(row[1]) == len(columns))
    if len(whole) == len(rows) - 1:
        return Table(path, columns, whole, notes)
    line, first = next(row for row in rows[1:] if len(row[1]) != len(columns))
    said = (
        f"{len(rows) - 1 - len(whole)} rows of {path} have not the {len(columns)} fields of its header (separator"
        f" {separator!r}), the first ends at line {line} and has {len(first)}"
    )
    if broken == "error":
        raise ZooError(
            f"{said}; quote such fields, say data.reading.separator=, or leave these rows out with data.reading.broken=drop"
        )
    return Table(path, columns, whole, (*notes, f"{said}: left out"))


def parsed(path: Path, text: str, separator: str) -> list[tuple[int, tuple[str, ...]]]:
    """Return the rows of a text that are not empty, the header first, with the line that each ends at."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        rows = [(reader.line_num, tuple(row)) for row in reader if any(field.strip() for field in row)]
    except csv.Error as error:
        raise ZooError(f"{path}, line {reader.line_num}: {error}") from error
    if len(rows) < 2:
        raise ZooError(f"{path} has no rows below a header; a table of texts begins with the names of its columns")
    return rows


def decoded(path: Path, encoding: str | None) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file: as said, as its first bytes say, in UTF-8, or else in Windows' Latin, which is noted."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ZooError(f"{path} cannot be read: {error.strerror}") from error
    named = encoding or next((name for mark, name in MARKED.items() if raw.startswith(mark)), None)
    try:
        return raw.decode(named or "utf-8"), ()
    except (UnicodeDecodeError, LookupError) as error:
        if named is not None:
            raise ZooError(
                f"{path} is not in {named}: {error}; say data.reading.encoding=, or convert the file"
            ) from error
    return raw.decode("cp1252", errors="replace"), (
        f"{path} is not in UTF-8 and was read as cp1252; data.reading.encoding= says another",
    )


def likeliest(text: str) -> str:
    """Return the separator that gives the header and most of the first rows the same number of fields, more than one."""

    def agreement(separator: str) -> tuple[int, int]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        counts = [len(row) for row, _ in zip((row for row in reader if row), range(LOOKED), strict=False)]
        return (
            sum(count == counts[0] for count in counts) if counts and counts[0] > 1 else 0,
            counts[0] if counts else 0,
        )

    return max(SEPARATORS, key=agreement)
