"""Records as columns of numbers, which the tests of drift compare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

#: What is compared of a record beside its statistics.
OF_ANSWERS = ("answers", "confidence", "milliseconds")


@dataclass(frozen=True)
class Sample:
    """N records: each column (N,) float64, NaN where a record says nothing; `sketches` (N, D); place and hour."""

    columns: Mapping[str, np.ndarray]
    sketches: np.ndarray
    places: np.ndarray
    hours: np.ndarray

    def __len__(self) -> int:
        return len(self.places)

    def where(self, kept: np.ndarray) -> "Sample":
        """Return the records that are kept, bool (N,)."""
        columns = {name: values[kept] for name, values in self.columns.items()}
        return Sample(columns, self.sketches[kept], self.places[kept], self.hours[kept])


def sample_of(connection: Any, zone: str, where: str = "true", values: Sequence[Any] = ()) -> Sample:
    """Return the records for which a condition of SQL holds, in the order of their times.

    A record's columns are its statistics, the number of its answers, their mean score, those of each class, its milliseconds.
    """
    local = "extract(hour FROM (time AT TIME ZONE ?))"
    question = f"SELECT *, {local} AS hour FROM records WHERE {where} ORDER BY time, id"  # no text of a user's
    table = connection.sql(question, params=[zone, *values]).to_arrow_table()
    columns = statistics_in(table) | answers_in(table)
    return Sample(columns, sketches_in(table), strings(table, "place"), numbers(table, "hour"))


def numbers(table: Any, name: str) -> np.ndarray:
    """Return a column of numbers (N,), NaN where there is none."""
    return np.asarray(table[name].to_numpy(zero_copy_only=False), np.float64)


def strings(table: Any, name: str) -> np.ndarray:
    """Return a column of texts (N,)."""
    return np.array(table[name].to_pylist(), object)


def owners(table: Any, name: str) -> tuple[np.ndarray, Any]:
    """Return of each item in a column of lists which record it is of (M,), and the items."""
    column = table[name].combine_chunks()
    lengths = np.diff(column.offsets.to_numpy())
    return np.repeat(np.arange(len(table)), lengths), column


def statistics_in(table: Any) -> dict[str, np.ndarray]:
    """Return the statistics of records by name, (N,) each."""
    owner, column = owners(table, "statistics")
    first, last = column.offsets[0].as_py(), column.offsets[-1].as_py()
    names = np.array(column.keys[first:last].to_pylist(), object)
    values = column.items[first:last].to_numpy(zero_copy_only=False)
    found = {}
    for name in sorted(set(names)):
        found[name] = np.full(len(table), np.nan)
        found[name][owner[names == name]] = values[names == name]
    return found


def answers_in(table: Any) -> dict[str, np.ndarray]:
    """Return how many answers records have, their mean score, how many of each class, and the milliseconds, (N,) each."""
    owner, column = owners(table, "scores")
    scores = column.flatten().to_numpy(zero_copy_only=False)
    labels = np.array(table["labels"].combine_chunks().flatten().to_pylist(), object)
    count = np.bincount(owner, minlength=len(table)).astype(float)
    total = np.bincount(owner, scores, minlength=len(table))
    with np.errstate(divide="ignore", invalid="ignore"):
        confidence = np.where(count > 0, total / count, np.nan)
    classes = {
        f"class {name}": np.bincount(owner[labels == name], minlength=len(table)).astype(float)
        for name in (sorted(set(labels)) if len(labels) == len(owner) else ())
    }
    return {"answers": count, "confidence": confidence, **classes, "milliseconds": numbers(table, "milliseconds")}


def sketches_in(table: Any) -> np.ndarray:
    """Return sketches (N, D); without columns where records have none, or such of several lengths."""
    column = table["sketch"].combine_chunks()
    lengths = set(np.diff(column.offsets.to_numpy()).tolist())
    flat = column.flatten().to_numpy(zero_copy_only=False)
    return (
        flat.reshape(len(table), -1).astype(float)
        if len(lengths) == 1 and lengths != {0}
        else np.zeros((len(table), 0))
    )
