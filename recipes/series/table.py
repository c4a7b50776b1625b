"""Tables of the user's: csv with any usual separator, columns by name."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo.errors import ZooError, near

SEPARATORS = ",;\t|"
#: Words that say that nothing is known.
MISSING = frozenset({"", "?", "na", "n/a", "nan", "null", "none", "-"})


@dataclass(frozen=True)
class Table:
    """Rows of words under named columns; `path` is where it came from."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

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

    def numbers(self, columns: Sequence[str]) -> np.ndarray:
        """Return columns as numbers (N, F) float32, NaN where nothing is known."""
        return np.stack([self._numbers(column) for column in columns], axis=1)

    def _numbers(self, column: str) -> np.ndarray:
        words = self.words(column)
        comma = all("," not in word or "." not in word for word in words)  # 1,5 as 1.5 where no point is used at all
        found = np.empty(len(words), np.float32)
        for index, word in enumerate(words):
            try:
                plain = word.replace(",", ".") if comma else word
                found[index] = np.nan if word.lower() in MISSING else float(plain)
            except ValueError:
                raise ZooError(
                    f"{self.path}, line {index + 2}: column {column!r} holds {word!r}, which is no number"
                ) from None
        return found


def read(path: str | Path) -> Table:
    """Read a csv file; the separator is the one that stands in the head most often."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ZooError(f"table {path} cannot be read ({error}); it is a csv file in UTF-8") from error
    return parse(text, path)


def parse(text: str, path: str | Path) -> Table:
    """Read the text of a csv file that came from `path`."""
    path = Path(path)
    head = text.partition("\n")[0]
    separator = max(SEPARATORS, key=head.count)
    rows = [
        tuple(word.strip() for word in row) for row in csv.reader(text.splitlines(), delimiter=separator) if any(row)
    ]
    if len(rows) < 2:
        raise ZooError(
            f"data.file={str(path)!r} needs a line of column names and rows below it; it has {len(rows)} lines"
        )
    columns = rows[0]
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise ZooError(f"{path} has the column {twice[0]!r} twice; name columns once")
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(columns):
            raise ZooError(
                f"{path}, line {number} has {len(row)} columns, its head has {len(columns)} (separator {separator!r});"
                " put quotes around a text that holds the separator"
            )
    return Table(path, columns, tuple(rows[1:]))
