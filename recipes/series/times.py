"""Times of steps: read by one way of writing for a whole column, put evenly where they are not, and gone on with."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

import numpy as np

from zoo.errors import ZooError, counted

Uneven = Literal["rows", "resample", "raise"]
DAY = 86400.0
EPOCH = datetime(1970, 1, 1)
#: Ways of writing a date that ISO 8601 does not know but tables use; those of a pair differ by which number is the month.
DATES = (
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%b %d %Y",
    "%d %b %Y",
)
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")


def read_times(
    words: Sequence[str], lines: Sequence[int], where: str, time_format: str | None = None, asked: bool = False
) -> np.ndarray:
    """Return times (T,) in seconds, float64, of words that are all written one way; that of `time_format` where it is said.

    Known are plain numbers, ISO 8601 and some others. Where day and month could be either the order of the rows decides;
    if that cannot, or nothing fits all words, ZooError names the line; `asked` offers the setting data.time_format.
    """
    fitting = [found for way in ways(time_format) if (found := seconds_of(words, way)) is not None]
    if not fitting:
        raise unknown_time(words, lines, where, time_format, asked)
    kinds = [found for index, found in enumerate(fitting) if not any(np.array_equal(found, f) for f in fitting[:index])]
    if len(kinds) > 1:
        kinds = [found for found in kinds if (np.diff(found) > 0).all()]
    if len(kinds) != 1:
        way_out = "say data.time_format=%d/%m/%Y or data.time_format=%m/%d/%Y" if asked else "write it as 2026-01-31"
        raise ZooError(
            f"{where}, line {lines[0]}: {words[0]!r} may name the day or the month first, and no row tells; {way_out}"
        )
    return kinds[0]


def ways(time_format: str | None) -> Iterator[Callable[[str], float]]:
    """Yield functions that return the seconds of a word written their way, or raise ValueError."""
    if time_format is not None:
        yield lambda word: seconds(datetime.strptime(word, time_format))
        return
    yield float
    yield lambda word: seconds(datetime.fromisoformat(word))
    yield from (partial(at_any_clock, date) for date in DATES)


def at_any_clock(date: str, word: str) -> float:
    """Return the seconds of a word that is a date written one way, with any clock behind it; ValueError for another."""
    for clock in CLOCKS:
        try:
            return seconds(datetime.strptime(word, date + clock))
        except ValueError:
            continue  # another clock
    raise ValueError(word)


def seconds(time: datetime) -> float:
    """Return the seconds since 1970 of a time, in UTC where it says how far from that it is."""
    return (time.replace(tzinfo=None) - (time.utcoffset() or timedelta()) - EPOCH).total_seconds()


def seconds_of(words: Sequence[str], way: Callable[[str], float]) -> np.ndarray | None:
    """Return the seconds of words that are all written one way, else None."""
    try:
        return np.array([way(word) for word in words], np.float64)
    except ValueError:
        return None  # another way is tried


def unknown_time(
    words: Sequence[str], lines: Sequence[int], where: str, time_format: str | None, asked: bool
) -> ZooError:
    """Say which word is no time: the first that the way of most others does not read."""
    reads = [[is_read(word, way) for word in words] for way in ways(time_format)]
    best = max(reads, key=sum)
    place = best.index(False)
    way_out = "write it as 2026-01-31 or 2026-01-31 12:00:00, as the others are"
    if time_format is not None:
        way_out = f"it is not written as data.time_format={time_format}"
    elif asked:
        way_out += ", or say data.time_format=%d/%m/%Y"
    return ZooError(f"{where}, line {lines[place]}: {words[place]!r} is no time; {way_out}")


def is_read(word: str, way: Callable[[str], float]) -> bool:
    """Say whether a word is written one way."""
    return seconds_of([word], way) is not None


def parse_time(word: str) -> float | None:
    """Return the seconds since 1970 of one word, a plain number as it is; None when it is no time."""
    return next((float(found[0]) for way in ways(None) if (found := seconds_of([word], way)) is not None), None)


def even(
    times: np.ndarray, values: np.ndarray, how: Uneven, where: str, asked: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return times (T,) and values (T, F) in order, by choice also evenly apart.

    `rows` takes each row as a step, as days of trade are; `resample` reads the values on lines between neighbours at even
    times, the median apart; `raise` refuses times that are uneven. Equal times are always refused. `asked`: they are read for
    training, and the settings of data.times are offered.
    """
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
        way_out = "data.times=resample puts them evenly, data.times=rows takes each row as a step"
        raise ZooError(
            f"{where}: rows are {step:g} s apart, but {apart[place]:g} s after {stamp(times[place])}{others}; "
            + (way_out if asked else "give a row for each step, an empty value where none is known")
        )
    grid = np.arange(times[0], times[-1] + step / 2, step)
    columns = [
        np.interp(grid, times[known], column[known]) for column in values.T if (known := ~np.isnan(column)).any()
    ]
    if len(columns) < values.shape[1]:
        raise ZooError(f"{where}: a column has no value at all; leave it away")
    return grid, np.stack(columns, axis=1)


def stamp(seconds: float) -> str:
    """Return a time as a date, with the hour where there is one; small numbers as they are."""
    if abs(seconds) < 1e8:
        return f"{seconds:g}"
    return str(np.datetime64(int(seconds), "s")).replace("T", " ").removesuffix(" 00:00:00")


def following(times: np.ndarray, count: int) -> np.ndarray:
    """Return the `count` times (count,) after those of a series (T,): as far apart as they, months and working days kept."""
    if count < 1 or len(times) < 2:
        return np.zeros(0)
    apart, steps = np.diff(times), np.arange(1, count + 1)
    step = float(np.median(apart))
    if apart.min() >= 28 * DAY and apart.max() <= 31 * DAY:
        month = times[-1:].astype("datetime64[s]").astype("datetime64[M]")
        within = times[-1] - month.astype("datetime64[s]").astype(np.float64)
        return np.asarray((month + steps).astype("datetime64[s]").astype(np.float64) + within)
    days = times[-1] // DAY
    if step == DAY and len(times) > 7 and np.is_busday((times // DAY).astype("datetime64[D]")).all():
        ahead = np.busday_offset(np.datetime64(int(days), "D"), steps)
        return np.asarray(ahead.astype(np.float64) * DAY + times[-1] % DAY)
    return np.asarray(times[-1] + step * steps)
