"""Times of rows: read from words, put in order, and the choice what to do when they are not evenly apart."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from zoo.errors import ZooError, counted, near

CHOICES = ("rows", "resample", "raise")
#: Ways of writing a time that ISO 8601 does not know but tables use.
FORMATS = (
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%b %d %Y",
)


def read(words: Sequence[str], where: str) -> np.ndarray:
    """Return times (T,) in seconds, float64, of words: ISO 8601, a few other ways of writing, or plain numbers."""
    found = np.empty(len(words), np.float64)
    for index, word in enumerate(words):
        seconds = one(word)
        if seconds is None:
            raise ZooError(
                f"{where}, line {index + 2}: {word!r} is no time; write it as 2026-01-31 or 2026-01-31 12:00:00"
            )
        found[index] = seconds
    return found


def one(word: str) -> float | None:
    """Return the seconds since 1970 of one word, a plain number as it is; None when it is no time."""
    try:
        return float(word)
    except ValueError:
        pass  # most times are no numbers
    for way in (None, *FORMATS):
        try:
            read = datetime.fromisoformat(word) if way is None else datetime.strptime(word, way)
            return (
                read.replace(tzinfo=None) - (read.utcoffset() or datetime.min - datetime.min) - datetime(1970, 1, 1)
            ).total_seconds()
        except ValueError:
            continue
    return None


def even(times: np.ndarray, values: np.ndarray, how: str, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Return times (T,) and values (T, F) in order, by choice also evenly apart.

    `rows` takes each row as a step, as days of trade are; `resample` reads the values on lines between neighbours at even
    times, the median apart; `raise` refuses times that are uneven. Equal times are always refused.
    """
    if how not in CHOICES:
        raise ZooError(f"data.times={how!r} is not known{near(how, CHOICES)}; it is one of {', '.join(CHOICES)}")
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    apart = np.diff(times)
    if len(apart) and apart.min() <= 0:
        raise ZooError(f"{where}: the time {stamp(times[int(apart.argmin())])} is there twice; keep one row a time")
    if how == "rows" or len(apart) == 0:
        return times, values
    step = float(np.median(apart))
    uneven = np.flatnonzero(np.abs(apart - step) > 0.01 * step)
    if not len(uneven):
        return times, values
    if how == "raise":
        place = int(uneven[0])
        others = f", and uneven at {counted(len(uneven) - 1, 'more place')}" if len(uneven) > 1 else ""
        raise ZooError(
            f"{where}: rows are {step:g} s apart, but {apart[place]:g} s after {stamp(times[place])}{others};"
            " data.times=resample puts them evenly, data.times=rows takes each row as a step"
        )
    grid = np.arange(times[0], times[-1] + step / 2, step)
    columns = [
        np.interp(grid, times[known], column[known]) for column in values.T if (known := ~np.isnan(column)).any()
    ]
    if len(columns) < values.shape[1]:
        raise ZooError(f"{where}: a column has no value at all; leave it away")
    return grid, np.stack(columns, axis=1).astype(np.float32)


def stamp(seconds: float) -> str:
    """Return a time as a date, with the hour where there is one; small numbers as they are."""
    if abs(seconds) < 1e8:
        return f"{seconds:g}"
    return str(np.datetime64(int(seconds), "s")).replace("T", " ").removesuffix(" 00:00:00")
