"""The user's own series: one csv file, a row a step, columns by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from recipes.series import table, times
from recipes.series.future import Timed, in_turn, split_in_time
from recipes.series.module import Loading, SeriesModule
from recipes.series.series import SPLITS, UNLABELLED, Series, Split, divide
from recipes.series.table import MISSING, Table
from zoo.errors import ZooError
from zoo.sources import Source


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


class Own(SeriesModule):
    """Series of a csv file of any usual separator; `shares` are those of val and test where no column says the split."""

    def __init__(
        self,
        name: str,
        file: str | None,
        columns: Mapping[str, Any],
        times: str = "raise",
        shares: Sequence[float] = (0.15, 0.15),
        **loading: Any,
    ) -> None:
        super().__init__(name, Loading(**loading))
        if file is None or not columns.get("values"):
            raise ZooError(
                "data.file=FILE.csv and data.columns.values=[…] say what to read; data=series is your own csv"
            )
        self.file, self.times, self.columns = file, times, Columns(**columns)
        self.shares = (float(shares[0]), float(shares[1]))
        if self.loading.objective in ("classify", "tag") and self.columns.label is None:
            raise ZooError(f"task.objective={self.loading.objective} needs data.columns.label=COLUMN, the classes")

    def sources(self) -> Sequence[Source]:
        """Return nothing: the file is here."""
        return []

    def read_split(self) -> Split:
        """Read the file and divide its series as the objective needs."""
        read = table.read(self.file)
        classes = self.classes_of(read)
        every = [self.one(read, word, rows, classes) for word, rows in rows_of(read, self.columns.series)]
        parts, note = self.parts(read, every)
        return Split(parts, classes, tuple(self.columns.values), (note,), "unknown")

    def classes_of(self, read: Table) -> tuple[str, ...]:
        """Return the classes in the order of the alphabet; none where nothing is called by them."""
        if self.columns.label is None or self.loading.objective not in ("classify", "tag"):
            return ()
        return tuple(sorted({word for word in read.words(self.columns.label) if word.lower() not in MISSING}))

    def one(self, read: Table, word: str, rows: np.ndarray, classes: Sequence[str]) -> Timed:
        """Return the series of these rows, in the order of its times."""
        where = f"{read.path}, series {word!r}"
        at = self.times_of(read, rows)
        order = np.argsort(at, kind="stable")
        labels = read.picked(self.columns.label, rows[order]) if self.columns.label else []
        at, values = times.even(at, read.numbers(self.columns.values)[rows], self.times, where)
        series = Series(word, values, group=self.same(read, self.columns.group, rows, where))
        if self.loading.objective == "classify":
            label = self.same(read, self.columns.label, rows, where)
            if label not in classes:
                raise ZooError(f"{where} has no class in column {self.columns.label!r}")
            return Timed(replace(series, label=classes.index(label)), at)
        steps = steps_of(labels, classes, self.loading.objective, where)
        if steps is not None and len(steps) != len(values):
            raise ZooError(f"{where}: data.times=resample cannot tell the label between two rows; take rows, or raise")
        return Timed(replace(series, steps=steps), at)

    def times_of(self, read: Table, rows: np.ndarray) -> np.ndarray:
        """Return the times (T,) of rows in seconds, or their numbers where no column says when they were."""
        if self.columns.time is None:
            return np.arange(len(rows), dtype=np.float64)
        return times.read(read.picked(self.columns.time, rows), str(read.path))

    def read_new(self, path: Path) -> tuple[tuple[str, ...], Sequence[Timed]]:
        """Read another file with the columns of the run's; nothing is called by a label there."""
        read, made = table.read(path), []
        for word, rows in rows_of(read, self.columns.series):
            where = f"{path}, series {word!r}"
            at, values = times.even(
                self.times_of(read, rows), read.numbers(self.columns.values)[rows], self.times, where
            )
            name = word if self.columns.series else ""
            made.append(Timed(Series(name, values), at if self.columns.time else np.zeros(0)))
        return tuple(self.columns.values), made

    def same(self, read: Table, column: str | None, rows: np.ndarray, where: str) -> str:
        """Return the word that a column has in all these rows; nothing where no column is named."""
        words = set(read.picked(column, rows)) if column else {""}
        if len(words) > 1:
            raise ZooError(
                f"{where} has {len(words)} different words in column {column!r}, such as {min(words)!r}; one is needed"
            )
        return words.pop()

    def parts(self, read: Table, every: Sequence[Timed]) -> tuple[dict[str, list[Series]], str]:
        """Divide: forecasts and anomalies in time; else by the column that says so, or drawn, groups undivided."""
        if self.loading.objective == "forecast":
            return split_in_time(every, self.shares, self.loading.window or 1, self.loading.horizon)
        series = [one.series for one in every]
        if self.columns.split is not None:
            by_name = {
                word: self.same(read, self.columns.split, rows, word)
                for word, rows in rows_of(read, self.columns.series)
            }
            if strange := sorted(set(by_name.values()) - set(SPLITS)):
                raise ZooError(f"column {self.columns.split!r} says {strange[0]!r}; it says {', '.join(SPLITS)}")
            return {part: [s for s in series if by_name[s.name] == part] for part in SPLITS}, "split as the file says"
        if self.loading.objective == "detect_anomalies":
            return in_turn(series, self.shares)
        return divide(series, self.shares, 0), "split by chance, classes in proportion, groups undivided"


def rows_of(read: Table, column: str | None) -> list[tuple[str, np.ndarray]]:
    """Return the rows of each series by the word that names it."""
    words = np.array(read.words(column) if column else ["series"] * len(read.rows))
    return [(word, np.flatnonzero(words == word)) for word in dict.fromkeys(words.tolist())]


def steps_of(labels: Sequence[str], classes: Sequence[str], objective: str, where: str) -> np.ndarray | None:
    """Return the labels of the steps as numbers, by what is asked; None where there are none."""
    if not labels:
        return None
    known: dict[str, int] = {name: index for index, name in enumerate(classes)}
    if objective == "detect_anomalies":
        known = {"0": 0, "1": 1, "false": 0, "true": 1, "0.0": 0, "1.0": 1}
    read: Callable[[str], str] = str.lower if objective == "detect_anomalies" else str
    missing = 0 if objective == "detect_anomalies" else UNLABELLED
    numbers = [known.get(read(word), missing if word.lower() in MISSING else None) for word in labels]
    if None in numbers:
        raise ZooError(f"{where}: the label {labels[numbers.index(None)]!r} is neither 1 nor 0")
    return np.array(numbers, np.int64)
