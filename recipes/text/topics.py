"""Texts with one topic each, from a table of your own: `data=topics data.file=FILE.csv`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recipes.new import New
from recipes.text import lines
from recipes.text.augment import Change
from recipes.text.split import NAMES, SPLITS, drawn
from recipes.text.table import Table, read
from recipes.text.text import Text
from recipes.text.texts import Loading, Split, Texts
from recipes.text.unseen import apart
from zoo.errors import ZooError, near
from zoo.sequence.vocabulary import words
from zoo.sources import Source

#: What columns are usually called.
TEXT = ("text", "sentence", "content", "body", "review", "message", "title", "description")
LABEL = ("label", "topic", "class", "category", "target", "sentiment", "tag")
SPLIT = ("split", "set", "subset", "fold")


@dataclass(frozen=True)
class Reading:
    """How a table is read. Columns, separator and encoding that are None are found out; several texts are joined.

    `broken` rows: error, drop. `leakage`, texts of training that stand in val or test too: say, drop, error. `longest` is
    in words, longer texts are cut. Where no column says the split it is drawn, by `ratios` and `split_seed`, the same text
    never in two parts.
    """

    text: str | Sequence[str] | None = None
    label: str | None = None
    split: str | None = None
    separator: str | None = None
    encoding: str | None = None
    broken: str = "error"
    leakage: str = "say"
    longest: int = 400
    ratios: Sequence[float] = (0.8, 0.1, 0.1)
    split_seed: int = 0


@dataclass(frozen=True)
class Row:
    """A row of the table that has a text and a label."""

    line: int
    words: tuple[str, ...]
    label: str
    split: str | None


class Topics(Texts):
    """Texts with a label each; the classes are those of the training split, by the alphabet."""

    def __init__(
        self,
        name: str,
        augment: Change,
        file: str | None = None,
        reading: Mapping[str, Any] | None = None,
        **loading: Any,
    ) -> None:
        super().__init__(name, Loading(**loading), augment)
        if file is None:
            raise ZooError("data.file=… is missing: a csv file with a column of texts and one of labels")
        self.file, self.reading = Path(file), Reading(**(reading or {}))

    def sources(self) -> Sequence[Source]:
        """Return nothing: the table is the user's own."""
        return []

    def read_split(self) -> Split:
        """Read the table and split it by its column, or by drawing."""
        how = self.reading
        table = read(self.file, how.separator, how.encoding, how.broken)
        rows, notes = self.rows(table)
        cut = sum(len(row.words) > how.longest for row in rows)
        if cut:
            notes.append(f"{cut} texts have more than {how.longest} words and were cut")
        if rows[0].split is None:
            parts: Mapping[str, Sequence[Row]] = drawn(
                rows, lambda row: row.words, how.ratios, how.split_seed, lambda row: row.label
            )
            notes.append(f"split drawn by data.reading.ratios={list(how.ratios)}, the same text never in two parts")
        else:
            parts = {part: [row for row in rows if row.split == part] for part in SPLITS}
        parts, leaks = apart(parts, lambda row: row.words, how.leakage)
        classes = self.known or tuple(sorted({row.label for row in parts["train"]}))
        texts = {part: [self.text(row, classes) for row in parts[part]] for part in SPLITS}
        if len(classes) == 1:
            raise ZooError(
                f"{self.file} has one label in training, {classes[0]!r}; two or more are needed:"
                " data.reading.label= names their column"
            )
        return Split(texts, classes, (*table.notes, *notes, *leaks))

    def new(self, path: Path) -> Iterator[New]:
        """Yield the texts of a table, by the column that the run read, or of the lines of a text file."""
        how = self.reading
        columns = [(name, TEXT, "data.reading.text") for name in self.named()]
        for line, text in lines.texts(path, columns, how.separator, how.encoding):
            cut = words(text)[: how.longest]
            if not cut:
                raise ZooError(f"{path}, line {line}: {text[:40]!r} holds no word")
            yield self.as_new(str(line), cut, text)

    def named(self) -> list[str | None]:
        """Return the names of the columns of texts; None stands for the first with a usual one."""
        named = self.reading.text
        return [named] if named is None or isinstance(named, str) else list(named)

    def rows(self, table: Table) -> tuple[list[Row], list[str]]:
        """Return the rows with a text and a label, and say how many have none."""
        texts, label, split = self.columns(table)
        found = []
        for line, row in table.rows:
            together = tuple(words(" ".join(row[column] for column in texts)))
            if together and row[label].strip():
                part = None if split is None else self.part(row[split], line)
                found.append(Row(line, together, row[label].strip(), part))
        if not found:
            raise ZooError(f"{self.file} has no row with a text and a label")
        empty = len(table.rows) - len(found)
        return found, [f"{empty} rows have no text or no label and were left out"] if empty else []

    def columns(self, table: Table) -> tuple[list[int], int, int | None]:
        """Return the places of the texts, the label, and the split, None where no column says it."""
        how = self.reading
        texts = [table.column(name, TEXT, "data.reading.text") for name in self.named()]
        label = table.column(how.label, LABEL, "data.reading.label")
        if how.split is None and not set(SPLIT) & {column.lower() for column in table.columns}:
            return texts, label, None
        return texts, label, table.column(how.split, SPLIT, "data.reading.split")

    def part(self, said: str, line: int) -> str:
        """Return the split that a row names."""
        part = NAMES.get(said.strip().lower())
        if part is None:
            raise ZooError(
                f"{self.file}, line {line}: the split {said!r} is not known{near(said, NAMES)}; it is train, val or test"
            )
        return part

    def text(self, row: Row, classes: Sequence[str]) -> Text:
        """Return a row as a sample."""
        if row.label not in classes:
            raise ZooError(
                f"{self.file}, line {row.line}: the label {row.label!r} is not among those of training"
                f"{near(row.label, classes)}; these are {', '.join(classes)}"
            )
        return Text(f"line {row.line}", row.words[: self.reading.longest], classes.index(row.label))
