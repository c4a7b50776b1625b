"""CoNLL files: a word and its label a line, apart by a tab or spaces; an empty line ends a sentence.

The first column is the word, the last its label, whatever is between. Lines that begin with -DOCSTART- are no words.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from recipes.kit.text_file import lines_of
from zoo.errors import ZooError


class Sentence(NamedTuple):
    """Words and their labels, and the line of the file that they begin at."""

    line: int
    words: tuple[str, ...]
    labels: tuple[str, ...]


def read(path: Path, invalid: str = "error", labelled: bool = True) -> tuple[list[Sentence], int]:
    """Return the sentences of a file, and how many were left out for a line without a label.

    `invalid`: `error` refuses such a line, `drop` leaves its sentence out. Where nothing is asked to be `labelled` a line may
    be a word alone.
    """
    found, dropped = [], 0
    for sentence, bad in sentences(path):
        if bad is None or not labelled:
            found.append(sentence)
        elif invalid == "drop":
            dropped += 1
        else:
            raise ZooError(
                f"{path}, line {bad}: one column, where a word and its label are needed;"
                " mend it, or leave such sentences out with data.invalid=drop"
            )
    if not found:
        raise ZooError(
            f"{path} holds no sentences; a line is a word, a tab and its label, an empty line ends a sentence"
        )
    return found, dropped


def sentences(path: Path) -> Iterator[tuple[Sentence, int | None]]:
    """Yield each sentence with the number of its first broken line."""
    words: list[str] = []
    labels: list[str] = []
    begin, bad = 1, None
    for number, line in enumerate([*lines_of(path), ""], 1):
        columns = line.split("\t") if "\t" in line else line.split(" ")
        columns = [column.strip() for column in columns if column.strip()]
        if columns and columns[0] != "-DOCSTART-":
            begin = begin if words else number
            bad = number if len(columns) < 2 and bad is None else bad
            words.append(columns[0])
            labels.append(columns[-1])
        elif words:
            yield Sentence(begin, tuple(words), tuple(labels)), bad
            words, labels, bad = [], [], None
