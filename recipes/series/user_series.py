"""The user's own series: csv files, a row a step, columns by name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from recipes.kit.module import Change
from recipes.kit.numbers import FOUND, Decimal, is_missing
from recipes.kit.split import SPLITS, Split, check_ratios, note_absent, refuse_twins, split_named
from recipes.kit.table import Table, TableReading, read_table
from recipes.series import times
from recipes.series.future import Timed, after_reference, in_turn, split_in_time
from recipes.series.module import SeriesLoading, SeriesModule
from recipes.series.recognise import offered
from recipes.series.series import UNLABELLED, Series, divide
from recipes.series.times import Uneven
from zoo.errors import ZooError

#: What the files of a folder of series end in.
TABLES = frozenset({".csv", ".tsv", ".txt"})


@dataclass(frozen=True)
class Columns:
    """Names of columns: what is read, when it was, of which series it is, what it is to be called, and what stays together.

    `label` is a class, the same in all rows of a series to classify, one a row to tag; to detect anomalies it is 1 or 0.
    `split` holds train, val or test, where the user divides the series.
    """

    values: Sequence[str]
    time: str | None = None
    series: str | None = None
    label: str | None = None
    group: str | None = None
    split: str | None = None


class Piece(NamedTuple):
    """A series of a file, and the split that the file says of it."""

    timed: Timed
    split: str | None


class UserSeries(SeriesModule):
    """Series of csv files of any usual separator: one, a list of them, or all of a folder, each then a series by itself.

    `ratios` are the shares of train, val and test where no column says the split. To detect anomalies, what is normal may
    be learnt from the first `fit` steps of each series instead. `time_format` is how times are written, as strptime has it,
    `decimal` what parts decimals, point or comma; None finds out.
    """

    records: ClassVar[tuple[type, ...]] = (SeriesLoading, TableReading)

    def __init__(
        self,
        name: str,
        augment: Change | None = None,
        root: str | Sequence[str] | None = None,
        columns: Mapping[str, Any] | None = None,
        times: Uneven = "raise",
        time_format: str | None = None,
        decimal: Decimal | None = None,
        fit: Annotated[int, Field(ge=3)] | None = None,
        ratios: Sequence[float] = (0.7, 0.15, 0.15),
        **settings: Any,
    ) -> None:
        super().__init__(name, augment, **settings)
        if root is None or not (columns or {}).get("values"):
            there = offered(Path(root)) if isinstance(root, str) and Path(root).exists() else ""
            raise ZooError(
                f"data.root=FILE.csv and data.columns.values=[…] say what to read; data=series is your own csv{there}"
            )
        self.root, self.columns = root, Columns(**(columns or {}))
        self.times, self.time_format, self.decimal = times, time_format, decimal or FOUND
        self.reading: TableReading = self.settings[TableReading]
        self.fit, self.ratios = fit, check_ratios(ratios)
        if self.loading.objective in ("classify", "tag") and self.columns.label is None:
            raise ZooError(f"task.objective={self.loading.objective} needs data.columns.label=COLUMN, the classes")

    def read_split(self) -> Split[Series]:
        """Read the files and divide their series as the objective needs."""
        tables = [self.reading.read(path) for path in files_of(self.root)]
        classes = self.classes_of(tables)
        pieces, notes = [], [note for table in tables for note in table.notes]
        for table in tables:
            numbers, told = table.numbers(self.columns.values, self.decimal)
            notes += told
            for name, rows in self.series_of(table, len(tables) > 1):
                pieces.append(self.piece(table, name, rows, numbers[rows], classes))
        parts, how = self.parts(pieces)
        absent = note_absent(parts, classes, labels_of)
        return Split(parts, classes, tuple(self.columns.values), (*how, *absent, *notes))

    def classes_of(self, tables: Sequence[Table]) -> tuple[str, ...]:
        """Return the classes in the order of the alphabet; none where nothing is called by them."""
        if self.columns.label is None or self.loading.objective not in ("classify", "tag"):
            return ()
        words = {word for table in tables for word in table.words(self.columns.label)}
        classes = tuple(sorted(word for word in words if not is_missing(word)))
        refuse_twins(classes, f"column {self.columns.label!r}")
        return classes

    def series_of(self, table: Table, several: bool) -> Iterator[tuple[str, np.ndarray]]:
        """Yield the name of each series of a file, that of the file where it is one of several, and its rows."""
        column = self.columns.series
        words = np.array(table.words(column) if column else ["series"] * len(table.rows))
        for word in dict.fromkeys(words.tolist()):
            name = word if not several else f"{table.path.stem}:{word}" if column else table.path.stem
            yield name, np.flatnonzero(words == word)

    def piece(self, table: Table, name: str, rows: np.ndarray, values: np.ndarray, classes: Sequence[str]) -> Piece:
        """Return the series of these rows, in the order of its times."""
        where = f"{table.path}, series {name!r}"
        at = self.times_of(table, rows, asked=True)
        order = np.argsort(at, kind="stable")
        labels = table.picked(self.columns.label, rows[order]) if self.columns.label else []
        at, values = times.even(at, values, self.times, where, asked=True)
        known = at if self.columns.time else None
        series = Series(name, values, group=self.same(table, self.columns.group, rows, where), times=known)
        word = self.same(table, self.columns.split, rows, where)
        split = split_named(word, f"{where}, column {self.columns.split!r}") if self.columns.split else None
        if self.loading.objective == "classify":
            label = self.same(table, self.columns.label, rows, where)
            if label not in classes:
                raise ZooError(f"{where} has no class in column {self.columns.label!r}")
            return Piece(Timed(replace(series, label=classes.index(label)), at), split)
        steps = steps_of(labels, classes, self.loading.objective, where)
        if steps is not None and len(steps) != len(values):
            raise ZooError(f"{where}: data.times=resample cannot tell the label between two rows; take rows, or raise")
        return Piece(Timed(replace(series, steps=steps), at), split)

    def times_of(self, table: Table, rows: np.ndarray, asked: bool = False) -> np.ndarray:
        """Return the times (T,) of rows in seconds, or their numbers where no column says when they were.

        `asked`: they are read for training, and what is said of them may offer settings.
        """
        if self.columns.time is None:
            return np.arange(len(rows), dtype=np.float64)
        where = f"{table.path}, column {self.columns.time!r}"
        return times.read_times(table.words(self.columns.time), table.lines, where, self.time_format, asked)[rows]

    def read_new(self, path: Path) -> tuple[tuple[str, ...], Sequence[Timed]]:
        """Read another file with the columns of the run's; nothing is called by a label there."""
        table, made = read_table(path, self.reading.separator, self.reading.encoding), []
        numbers, _ = table.numbers(self.columns.values, None if self.decimal == FOUND else self.decimal)
        for word, rows in self.series_of(table, several=False):
            where = f"{path}, series {word!r}"
            at, values = times.even(self.times_of(table, rows), numbers[rows], self.times, where)
            name = word if self.columns.series else ""
            made.append(Timed(Series(name, values), at if self.columns.time else np.zeros(0)))
        return tuple(self.columns.values), made

    def same(self, table: Table, column: str | None, rows: np.ndarray, where: str) -> str:
        """Return the word that a column has in all these rows; nothing where no column is named."""
        words = set(table.picked(column, rows)) if column else {""}
        if len(words) > 1:
            raise ZooError(
                f"{where} has {len(words)} different words in column {column!r}, such as {min(words)!r}; one is needed"
            )
        return words.pop()

    def parts(self, pieces: Sequence[Piece]) -> tuple[Mapping[str, list[Series]], tuple[str, ...]]:
        """Divide: forecasts and anomalies in time; else by the column that says so, or drawn, groups undivided."""
        series, objective = [piece.timed.series for piece in pieces], self.loading.objective
        if objective == "forecast":
            timed = [piece.timed for piece in pieces]
            return split_in_time(timed, self.ratios, self.window, self.loading.horizon)
        if self.columns.split is not None:
            named = {part: [one.timed.series for one in pieces if one.split == part] for part in SPLITS}
            return named, ("split as the file says",)
        if objective == "detect_anomalies":
            return in_turn(series, self.ratios) if self.fit is None else after_reference(series, self.fit)
        return divide(series, self.ratios, 0), ("split by chance, classes in proportion, groups undivided",)


def files_of(root: str | Sequence[str]) -> list[Path]:
    """Return the files of series: the one, those of a list, or all tables of a folder."""
    paths = [Path(path).expanduser() for path in ([root] if isinstance(root, str) else root)]
    if len(paths) > 1 or not paths[0].is_dir():
        return paths
    found = sorted(path for path in paths[0].rglob("*") if path.suffix.lower() in TABLES)
    if not found:
        raise ZooError(
            f"data.root={root} is a folder without a table of series; looked for {', '.join(sorted(TABLES))}"
        )
    return found


def labels_of(series: Series) -> list[int]:
    """Return the classes that a series shows."""
    return [series.label] if series.steps is None else np.unique(series.steps).tolist()


def steps_of(labels: Sequence[str], classes: Sequence[str], objective: str, where: str) -> np.ndarray | None:
    """Return the labels of the steps as numbers, by what is asked; None where there are none."""
    if not labels:
        return None
    known: dict[str, int] = {name: index for index, name in enumerate(classes)}
    if objective == "detect_anomalies":
        known = {"0": 0, "1": 1, "false": 0, "true": 1, "0.0": 0, "1.0": 1}
    read: Callable[[str], str] = str.lower if objective == "detect_anomalies" else str
    missing = 0 if objective == "detect_anomalies" else UNLABELLED
    numbers = [known.get(read(word), missing if is_missing(word) else None) for word in labels]
    if None in numbers:
        raise ZooError(f"{where}: the label {labels[numbers.index(None)]!r} is neither 1 nor 0")
    return np.array(numbers, np.int64)
