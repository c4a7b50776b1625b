"""Texts with one topic each, from a table of your own: `data=topics data.root=FILE.csv`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from recipes.kit.inference_sample import InferenceSample
from recipes.kit.module import Change
from recipes.kit.split import SPLITS, Split, draw, note_absent, refuse_twins, split_named
from recipes.kit.table import Table
from recipes.text import lines
from recipes.text.leakage import settle_leakage
from recipes.text.reading import TextReading
from recipes.text.text import Text
from recipes.text.texts import TextLoading, Texts
from zoo.errors import ZooError, near
from zoo.sequence.vocabulary import words

#: What columns are usually called.
TEXT = ("text", "sentence", "content", "body", "review", "message", "title", "description")
LABEL = ("label", "topic", "class", "category", "target", "sentiment", "tag")
SPLIT = ("split", "set", "subset", "fold")
#: Words in the place of a label that are none; "none" may be a class.
UNLABELLED = frozenset({"", "nan", "n/a", "?"})


@dataclass(frozen=True)
class Columns:
    """The columns of a table, by name; None is found out. Several texts are joined."""

    text: str | Sequence[str] | None = None
    label: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class Row:
    """A row of the table that has a text and a label."""

    line: int
    words: tuple[str, ...]
    label: str
    split: str | None


class Topics(Texts):
    """Texts with a label each, cut to `longest` words; the classes are those of the training split, by the alphabet."""

    records: ClassVar[tuple[type, ...]] = (TextLoading, TextReading)

    def __init__(
        self,
        name: str,
        augment: Change | None = None,
        root: str | None = None,
        columns: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(name, augment, **settings)
        if root is None:
            raise ZooError("data.root=… is missing: a csv file with a column of texts and one of labels")
        self.root, self.columns = Path(root).expanduser(), Columns(**(columns or {}))
        self.reading: TextReading = self.settings[TextReading]

    def read_split(self) -> Split[Text]:
        """Read the table and split it by its column, or by drawing."""
        how = self.reading
        table = how.read(self.root)
        rows, notes = self.rows(table)
        cut = sum(len(row.words) > how.longest for row in rows)
        if cut:
            notes.append(f"{cut} texts have more than {how.longest} words and were cut")
        if rows[0].split is None:
            drawn = draw(rows, how.ratios, how.split_seed, lambda row: row.words, lambda row: row.label)
            parts: Mapping[str, Sequence[Row]] = drawn
            notes.append(f"split drawn by data.ratios={list(how.ratios)}, the same text never in two parts")
        else:
            parts = {part: [row for row in rows if row.split == part] for part in SPLITS}
        parts, leaks = settle_leakage(parts, lambda row: row.words, how.leakage)
        refuse_twins(sorted({row.label for row in rows}), str(self.root))
        classes = self.known or tuple(sorted({row.label for row in parts["train"]}))
        texts = {part: [self.text(row, classes) for row in parts[part]] for part in SPLITS}
        if len(classes) == 1:
            raise ZooError(
                f"{self.root} has one label in training, {classes[0]!r}; two or more are needed:"
                " data.columns.label=NAME names their column"
            )
        missing = note_absent(texts, classes, lambda text: [-1 if text.label is None else text.label])
        return Split(texts, classes, notes=(*table.notes, *notes, *missing, *leaks))

    def inference_samples(self, path: Path) -> Iterator[InferenceSample]:
        """Yield the texts of a table, by the column that the run read, or of the lines of a text file."""
        how = self.reading
        columns = [(name, TEXT) for name in self.named()]
        for line, text in lines.texts(path, columns, how.separator, how.encoding):
            cut = words(text)[: how.longest]
            if not cut:
                raise ZooError(f"{path}, line {line}: {text[:40]!r} holds no word")
            yield self.as_new(str(line), cut, text)

    def labelled(self, path: Path, label: int) -> Text:
        """Return the text of a file of one line, of which a person said the label."""
        found = list(self.inference_samples(path))
        if len(found) != 1:
            raise ZooError(f"{path} holds {len(found)} texts, and one label; give each text a file")
        return Text(f"labels/{path.name}", found[0].words, label)

    def named(self) -> list[str | None]:
        """Return the names of the columns of texts; None stands for the first with a usual one."""
        named = self.columns.text
        return [named] if named is None or isinstance(named, str) else list(named)

    def rows(self, table: Table) -> tuple[list[Row], list[str]]:
        """Return the rows with a text and a label, and say how many have none."""
        texts = [table.words(table.column(name, TEXT, "data.columns.text")) for name in self.named()]
        labels = table.words(table.column(self.columns.label, LABEL, "data.columns.label"))
        splits = self.splits(table)
        found = []
        for line, text, label, split in zip(table.lines, zip(*texts, strict=True), labels, splits, strict=True):
            together = tuple(words(" ".join(text)))
            if together and label.lower() not in UNLABELLED:
                found.append(Row(line, together, label, split))
        if not found:
            raise ZooError(f"{self.root} has no row with a text and a label")
        empty = len(table.rows) - len(found)
        return found, [f"{empty} rows have no text or no label and were left out"] if empty else []

    def splits(self, table: Table) -> list[str | None]:
        """Return the split of each row, None where no column says it."""
        name = self.columns.split
        if name is None and not set(SPLIT) & {column.lower() for column in table.columns}:
            return [None] * len(table.rows)
        said = table.words(table.column(name, SPLIT, "data.columns.split"))
        return [split_named(word, f"{self.root}, line {line}") for word, line in zip(said, table.lines, strict=True)]

    def text(self, row: Row, classes: Sequence[str]) -> Text:
        """Return a row as a sample."""
        if row.label not in classes:
            raise ZooError(
                f"{self.root}, line {row.line}: the label {row.label!r} is not among those of training"
                f"{near(row.label, classes)}; these are {', '.join(classes)}"
            )
        return Text(f"line {row.line}", row.words[: self.reading.longest], classes.index(row.label))
