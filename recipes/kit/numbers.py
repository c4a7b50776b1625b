"""Columns of numbers as people write them: 1007, 1,007 and 1.007,5, settled over the whole column."""

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np

from zoo.errors import ZooError

#: Words that say that nothing is known.
MISSING = frozenset({"", "?", "na", "n/a", "nan", "null", "none", "-"})
#: What `data.decimal` may say, and what stands for it where nothing is said.
Decimal = Literal["point", "comma"]
FOUND = "auto"
GROUPS_BY_COMMA = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
DECIMAL_COMMA = re.compile(r"[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+)?,\d+([eE][+-]?\d+)?")


def is_missing(word: str) -> bool:
    """Say whether a word stands for no value."""
    return word.lower() in MISSING


def read_numbers(
    words: Sequence[str], lines: Sequence[int], where: str, separator: str = ",", decimal: str | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return a column as float64 (N,), NaN where nothing is known, and a note where commas had to be understood.

    `decimal` is what parts the decimals, `auto` to find out: all commas of a column mean one thing. Where they might mean
    either, a table that commas part has them for thousands, and another is refused. None, for data without a setting
    `data.decimal`, finds out too and does not offer it.
    """
    asked, settled = decimal is not None, decimal not in (None, FOUND)
    mark = str(decimal) if settled else decimal_mark(words, lines, where, separator, asked)
    found = np.empty(len(words), np.float64)
    for index, word in enumerate(words):
        try:
            found[index] = np.nan if is_missing(word) else float(plain(word, mark))
        except ValueError:
            raise ZooError(f"{where}, line {lines[index]}: {word!r} is no number") from None
    example = next((word for word in words if "," in word), None)
    if example is None or settled:
        return found, ()
    other = "comma" if mark == "point" else "point"
    meant = "thousands" if mark == "point" else "decimals"
    read = float(plain(example, mark))
    otherwise = f"; data.decimal={other} says otherwise" if asked else ""
    return found, (f"{where}: commas part {meant}, {example!r} is {read:.12g}{otherwise}",)


def plain(word: str, mark: str) -> str:
    """Return a number as Python reads it; a word that is none stays what it is."""
    if mark == "comma":
        return word.replace(".", "").replace(",", ".") if DECIMAL_COMMA.fullmatch(word) else word
    return word.replace(",", "") if GROUPS_BY_COMMA.fullmatch(word) else word


def decimal_mark(words: Sequence[str], lines: Sequence[int], where: str, separator: str, asked: bool) -> str:
    """Return what parts the decimals of a column, point or comma; `asked` offers the setting where both may be."""
    commas = [word for word in words if "," in word]
    groups = all(GROUPS_BY_COMMA.fullmatch(word) for word in commas)
    decimals = all(DECIMAL_COMMA.fullmatch(word) for word in commas)
    if decimals and not groups:
        return "comma"
    pointed = any("." in word for word in words)
    if not commas or separator == "," or pointed or not (groups and decimals):
        return "point"
    line = lines[next(index for index, word in enumerate(words) if "," in word)]
    way_out = "say data.decimal=point or data.decimal=comma" if asked else "write it with a point, or without"
    raise ZooError(
        f"{where}, line {line}: {commas[0]!r} may be {plain(commas[0], 'point')} or {plain(commas[0], 'comma')}; {way_out}"
    )
