"""What files without images or recordings hold: a label a word, pairs of texts, labelled texts, or series of numbers.

The words of a command line that read them are given back, for a check of the folder and for a refusal that names the way.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from recipes.kit.numbers import is_missing
from recipes.kit.table import Table, read_table
from recipes.series.times import parse_time
from recipes.text import topics
from recipes.text.conll import holds_tags
from recipes.translation import parallel

TABLES = frozenset({".csv", ".tsv"})
#: So many lines of a file are looked at.
LOOKED = 200
NUMBER = re.compile(r"[+-]?[\d.,]*\d[\d.,]*([eE][+-]?\d+)?")
TIME = ("t", "time", "date", "datetime", "timestamp", "ds", "day", "hour")
SERIES = ("id", "unique_id", "item_id", "series", "series_id", "machine")
ANOMALIES = "detect_anomalies"
LABEL = ("label", "class", "anomaly", "is_anomaly", "fault", "target")


def words_for(root: Path) -> list[str]:
    """Return the words that read a folder, or a file, of tables or of sentences; none where it holds neither."""
    files = [root] if root.is_file() else sorted(path for path in root.rglob("*") if path.is_file())
    files = [path for path in files if not path.name.startswith(".")]
    if any(holds_tags(path) for path in files):
        return ["task=sequence", "data=entities", f"data.root={quoted(str(root))}"]
    tables = [path for path in files if path.suffix.lower() in TABLES]
    if not tables:
        return []
    table = read_table(tables[0])
    whole = str(root if len(tables) > 1 else tables[0])
    for usual, data in (((parallel.SOURCE, parallel.TARGET), "translation"), ((topics.TEXT, topics.LABEL), "topics")):
        first, second = (named(table, names) for names in usual)
        if first and second and not is_numeric(table, first):
            return ["task=sequence", f"data={data}", f"data.root={quoted(str(tables[0]))}"]
    read = series_words(table, len(tables) > 1)
    return [*read, f"data.root={quoted(whole)}"] if read else []


def offered(root: Path) -> str:
    """Return a sentence on the words that read what is no recording, as a way out; "" where nothing is known to."""
    found = words_for(root)
    return f"; what lies there is read by {' '.join(found)}" if found else ""


def series_words(table: Table, several: bool) -> list[str]:
    """Return the words that read a table of numbers as series, and what they can be asked; [] where it has no numbers."""
    time, series, label = timed(table), named(table, SERIES), named(table, LABEL)
    told = {name for name in (time, series, label) if name}
    values = [name for name in table.columns if name not in told and is_numeric(table, name)]
    if not values:
        return []
    columns = {"time": time, "series": series, "label": label}
    named_ = [f"data.columns.{key}={quoted(name)}" for key, name in columns.items() if name]
    asked = objective(table, label, series or several)
    model = ("windowed_gaussian" if len(values) == 1 else "hotelling_t2") if asked == ANOMALIES else None
    return [
        "task=sequence",
        "data=series",
        f"task.objective={asked}",
        *((f"model={model}",) if model else ()),  # that of other series tells nothing unusual
        f"data.columns.values=[{','.join(map(quoted, values))}]",
        *named_,
    ]


def objective(table: Table, label: str | None, several: object) -> str:
    """Return what series of a table can be asked: by their labels, 1 and 0 or words, else what comes next."""
    if label is None:
        return "forecast"
    found = {word for word in table.words(label) if not is_missing(word)}
    if found <= {"0", "1", "0.0", "1.0"}:
        return ANOMALIES
    return "classify" if several else "tag"


def named(table: Table, usual: Sequence[str]) -> str | None:
    """Return the first column that is called by a usual name."""
    return next((column for word in usual for column in table.columns if column.lower() == word), None)


def timed(table: Table) -> str | None:
    """Return the column that says when a row was: one that is usually called so, or the first that holds dates."""
    dates = (name for name in table.columns if not is_numeric(table, name) and holds_times(table, name))
    return named(table, TIME) or next(dates, None)


def holds_times(table: Table, name: str) -> bool:
    """Tell whether the first rows of a column are times."""
    return all(parse_time(word) is not None for word in table.words(name)[:LOOKED])


def is_numeric(table: Table, name: str) -> bool:
    """Tell whether the first rows of a column look like numbers, and some are known."""
    words = [word for word in table.words(name)[:LOOKED] if not is_missing(word)]
    return bool(words) and all(NUMBER.fullmatch(word) for word in words)


def quoted(word: str) -> str:
    """Return a word as it is written on a command line, in quotes where others would part it."""
    plain = word and all(sign.isalnum() or sign in "_-./" for sign in word)
    return word if plain else "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'"
