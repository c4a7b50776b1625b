"""Daily prices of five shares, 2000 to 2013, and four years of weather in Seattle, to be foreseen, or watched.

Prices: Quandl WIKI, public domain, adjusted for splits and dividends, in the bokeh-sampledata package
(https://docs.bokeh.org). Weather: NOAA, in the vega-datasets package (https://github.com/vega/vega-datasets).
"""

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from recipes.kit.choice import one_of
from recipes.kit.module import Change
from recipes.kit.split import Split, check_ratios
from recipes.kit.table import Table, parse_table, read_table
from recipes.series import times
from recipes.series.future import Timed, in_turn, split_in_time
from recipes.series.module import SeriesModule
from recipes.series.series import Series
from recipes.series.times import Uneven
from zoo.sources import Source, fetch_files


class Set(NamedTuple):
    """Where a set comes from, its columns, the column that tells its series apart, and its licence."""

    source: Source
    values: tuple[str, ...]
    time: str
    series: str | None
    licence: str


SETS = {
    "stocks": Set(
        Source(
            "pypi://bokeh-sampledata==2026.1/bokeh_sampledata/_data/stocks.csv.gz",
            "5abadf99b2d394f920120a27de6f0df129859d71d4cfb0bf661bcc99446ab1fd",
        ),
        ("Adj Close",),
        "Date",
        "Ticker",
        "CC0-1.0",
    ),
    "weather": Set(
        Source(
            "pypi://vega-datasets==0.9.0/vega_datasets/_data/seattle-weather.csv",
            "62f0609f787158128aa2bd102967173a4953122dd4f872bf1d502cae1037df0b",
        ),
        ("temp_max", "temp_min", "wind"),
        "date",
        None,
        "unknown",
    ),
}


class Prices(SeriesModule):
    """Windows of a set of daily values; `ratios` are those of train, val and test, the last two the last in time."""

    def __init__(
        self,
        name: str,
        augment: Change | None = None,
        set: str = "stocks",
        ratios: Sequence[float] = (0.7, 0.1, 0.2),
        **settings: Any,
    ) -> None:
        super().__init__(name, augment, **settings)
        one_of("data.set", set, SETS)
        self.set, self.ratios = SETS[set], check_ratios(ratios)

    def sources(self) -> Sequence[Source]:
        """Return the one file."""
        return [self.set.source]

    def read_split(self) -> Split[Series]:
        """Read the series and divide them in time."""
        read = parse_table(text_of(fetch_files(self.sources())[0]), self.set.source.uri.rpartition("/")[2])
        every = timed(read, self.set.values, self.set.time, self.set.series)
        if self.loading.objective == "detect_anomalies":
            parts, notes = in_turn([one.series for one in every], self.ratios)
        else:
            parts, notes = split_in_time(every, self.ratios, self.window, self.loading.horizon)
        return Split(parts, bands=self.set.values, notes=notes, licence=self.set.licence)

    def read_new(self, path: Path) -> tuple[tuple[str, ...], Sequence[Timed]]:
        """Read another table with the columns of the set."""
        return self.set.values, timed(read_table(path), self.set.values, self.set.time, self.set.series)


def text_of(path: Path) -> str:
    """Return the text of a file, unpacked where it is packed."""
    raw = path.read_bytes()
    return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")


def timed(read: Table, values: Sequence[str], time: str, series: str | None, how: Uneven = "rows") -> list[Timed]:
    """Return the series of a table, one for each word in the column `series`, in the order of their times."""
    numbers, _ = read.numbers(values)
    seconds = times.read_times(read.words(time), read.lines, f"{read.path}, column {time!r}")
    words = np.array(read.words(series) if series else ["series"] * len(seconds))
    made = []
    for word in dict.fromkeys(words.tolist()):
        rows = words == word
        at, found = times.even(seconds[rows], numbers[rows], how, f"{read.path}, series {word!r}")
        made.append(Timed(Series(word, found), at))
    return made
