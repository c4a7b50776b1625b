"""The `.ts` format of the UCR and UEA archives: lines `@key value`, then a case a line.

A case is its features with `:` between them and the class behind the last; a feature is its values with `,` between
them, `?` or NaN where missing, or pairs (time,value). https://www.aeon-toolkit.org/en/stable/api_reference/data_format.html
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from recipes.kit.text_file import lines_of
from recipes.series import times
from recipes.series.times import Uneven
from zoo.errors import ZooError

PAIR = re.compile(r"\(([^()]*)\)")
MISSING = frozenset({"?", "", "nan"})
#: What brings times (T,) and values (T, F) in order and evenly apart, as `recipes.series.times.even` does.
Spread = Callable[..., tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Cases:
    """What a file holds: values (T, F) and the word of the class for each case, and the classes that its head names."""

    values: tuple[np.ndarray, ...]
    words: tuple[str, ...]
    classes: tuple[str, ...]


def read(path: Path, uneven: Uneven = "raise", labelled: bool = True) -> Cases:
    """Read a file; ZooError names file and line of what cannot be read. `uneven` times: see `recipes.series.times.even`.

    A file without classes is refused where `labelled`; else the words of its cases are empty.
    """
    lines = lines_of(path)
    head, begin = read_head(path, lines)
    told, *classes = head.get("classlabel", "false").split()
    if told.lower() != "true" and labelled:
        raise ZooError(f"series file {path} says no '@classLabel true …', so it has no classes to learn")
    plain = "" if told.lower() == "true" else ":-"  # where there is no class, one that means nothing
    spread = partial(times.even, how=uneven, asked=labelled)
    values, words = [], []
    for number, line in enumerate(lines[begin:], begin + 1):
        if line.strip() and not line.startswith(("#", "%")):
            found, word = labelled_case(f"{line.strip()}{plain}", spread, f"series file {path}, line {number}")
            values.append(found)
            words.append(word)
    if not values:
        raise ZooError(f"series file {path} has no case below its line @data")
    return Cases(tuple(values), tuple(words), tuple(classes) or tuple(sorted(set(words))))


def labelled_case(line: str, spread: Spread, where: str) -> tuple[np.ndarray, str]:
    """Return the values (T, F) of a line and the word of its class."""
    *features, word = split_case(line)
    if word.strip() in MISSING or not features:
        raise ZooError(f"{where}: no class behind the last ':'")
    return case(features, spread, where), word.strip()


def read_head(path: Path, lines: list[str]) -> tuple[dict[str, str], int]:
    """Return what the head says, keys in lower case, and the number of the first line behind @data."""
    head: dict[str, str] = {}
    for number, line in enumerate(lines):
        if line.strip().lower() == "@data":
            return head, number + 1
        if line.startswith("@"):
            key, _, value = line[1:].strip().partition(" ")
            head[key.lower()] = value.strip()
    raise ZooError(f"series file {path} has no line @data; is it a .ts file of the UCR or UEA archive?")


def split_case(line: str) -> list[str]:
    """Split a case at its colons, but not inside of pairs, whose times may have some."""
    return re.split(r":(?![^()]*\))", line)


def case(features: list[str], spread: Spread, where: str) -> np.ndarray:
    """Return the values (T, F) of a case."""
    columns = [values_of(feature, spread, where) for feature in features]
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        raise ZooError(f"{where}: its features have {min(lengths)} to {max(lengths)} values; they must be as many")
    if lengths == {0}:
        raise ZooError(f"{where}: no values")
    return np.array(columns, np.float32).T


def values_of(feature: str, spread: Spread, where: str) -> np.ndarray:
    """Return the values (T,) of a feature; of pairs, in the order of their times."""
    pairs = [pair.rpartition(",") for pair in PAIR.findall(feature)]
    if not pairs:
        return np.fromiter(numbers(feature.split(","), where), np.float32)
    at = [times.parse_time(word.strip()) for word, _, _ in pairs]
    if None in at:
        raise ZooError(
            f"{where}: {pairs[at.index(None)][0]!r} is no time; write it as 2026-01-31 12:00:00, or a number"
        )
    values = np.fromiter(numbers([word for _, _, word in pairs], where), np.float32)
    return spread(np.array(at, np.float64), values[:, None], where=where)[1][:, 0]


def numbers(words: Iterable[str], where: str) -> Iterator[float]:
    """Yield the values of words, NaN for a missing one."""
    for word in words:
        try:
            yield float("nan") if word.strip().lower() in MISSING else float(word)
        except ValueError:
            raise ZooError(f"{where}: {word.strip()!r} is no number; a missing value is written ?") from None
