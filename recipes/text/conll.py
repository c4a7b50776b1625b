"""CoNLL files: a word and its label a line, apart by a tab or spaces; an empty line ends a sentence.

The first column is the word, the last its label, whatever is between. Lines that begin with -DOCSTART- are no words. CoNLL-U
(https://universaldependencies.org/format.html) is told by its ten columns: the word is the second, its label the fourth,
the universal part of speech; comments, ranges such as 2-3 and empty nodes such as 1.1 are no words.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from recipes.kit.table import Invalid
from recipes.kit.text_file import lines_of
from zoo.errors import ZooError

#: What begins a line of CoNLL-U: the number of a word, a range of them, or a node that stands between.
NUMBERED = re.compile(r"(\d+)([-.]\d+)?")
UNIVERSAL, FORM, UPOS = 10, 1, 3
#: What such files usually end in.
COLUMNED = frozenset({".conll", ".conllu", ".iob", ".iob2", ".bio", ".txt", ".tsv", ".tags"})


class Sentence(NamedTuple):
    """Words and their labels, and the line of the file that they begin at."""

    line: int
    words: tuple[str, ...]
    labels: tuple[str, ...]


class Conll(NamedTuple):
    """The sentences of a file, and notes on how it was read."""

    sentences: list[Sentence]
    notes: tuple[str, ...]


def read(path: Path, invalid: Invalid = "error", labelled: bool = True) -> Conll:
    """Return the sentences of a file.

    `invalid`: `error` refuses a line without a label, `drop` leaves its sentence out. Where nothing is asked to be `labelled`
    a line may be a word alone.
    """
    lines = lines_of(path)
    universal = is_universal(lines)
    found, dropped = [], 0
    for sentence, bad in sentences(lines, universal):
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
    notes = [f"{path.name} is CoNLL-U: labels are the universal parts of speech"] if universal else []
    if dropped:
        notes.append(f"{dropped} sentences of {path.name} have a line without a label and were left out")
    return Conll(found, tuple(notes))


def is_universal(lines: Sequence[str]) -> bool:
    """Say whether the first line of a word has the ten columns of CoNLL-U."""
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "").split("\t")
    return len(first) == UNIVERSAL and NUMBERED.fullmatch(first[0]) is not None


def sentences(lines: Sequence[str], universal: bool) -> Iterator[tuple[Sentence, int | None]]:
    """Yield each sentence with the number of its first line without a label."""
    words: list[str] = []
    labels: list[str] = []
    begin, bad = 1, None
    for number, line in enumerate([*lines, ""], 1):
        columns = columns_of(line, universal)
        if columns is None:
            continue
        if columns:
            begin = begin if words else number
            bad = number if len(columns) < 2 and bad is None else bad
            words.append(columns[0])
            labels.append(columns[-1])
        elif words:
            yield Sentence(begin, tuple(words), tuple(labels)), bad
            words, labels, bad = [], [], None


def columns_of(line: str, universal: bool) -> list[str] | None:
    """Return word and label of a line, the word alone where there is no label; nothing of an empty one, None of a remark."""
    if universal and line.strip():
        fields = line.split("\t")
        numbered = NUMBERED.fullmatch(fields[0])
        if line.startswith("#") or (numbered and numbered[2]):
            return None
        return [fields[FORM], fields[UPOS]] if len(fields) == UNIVERSAL else fields[FORM : FORM + 1]
    columns = line.split("\t") if "\t" in line else line.split(" ")
    columns = [column.strip() for column in columns if column.strip()]
    return [] if columns and columns[0] == "-DOCSTART-" else columns
