"""CoNLL files: a word and its label a line, apart by a tab or spaces; an empty line ends a sentence.

The first column is the word, the last its label, whatever is between. Lines that begin with -DOCSTART- are no words, nor are
remarks such as `# id 7` or `# text = …`. CoNLL-U (https://universaldependencies.org/format.html) is told by its ten columns:
the word is the second, its label the fourth, the universal part of speech; comments, ranges such as 2-3 and empty nodes such
as 1.1 are no words.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from recipes.kit.table import Invalid
from recipes.kit.text_file import decode, lines_of
from zoo.errors import ZooError

#: What begins a line of CoNLL-U: the number of a word, a range of them, or a node that stands between.
NUMBERED = re.compile(r"(\d+)([-.]\d+)?")
UNIVERSAL, FORM, UPOS = 10, 1, 3
#: What such files alone end in, and what they usually do.
TAGGED = frozenset({".conll", ".conllu", ".iob", ".iob2", ".bio", ".tags"})
COLUMNED = TAGGED | {".txt", ".tsv"}
#: So many lines of a file are looked at to see of what kind it is.
LOOKED = 200
#: What stands behind the sign of a remark; a word may be that sign too.
REMARK = re.compile(r"#\s+([\w.]+\s*=|(id|newdoc|newpar)\b)")
#: What begins a document.
DOCUMENT = re.compile(r"-DOCSTART-|#\s*newdoc\b")


class Sentence(NamedTuple):
    """Words and their labels, the line of the file that they begin at, and which of its documents they are of."""

    line: int
    words: tuple[str, ...]
    labels: tuple[str, ...]
    document: int = 0


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
    begin, bad, document = 1, None, 0
    for number, line in enumerate([*lines, ""], 1):
        document += DOCUMENT.match(line) is not None
        columns = columns_of(line, universal)
        if columns is None:
            continue
        if columns:
            begin = begin if words else number
            bad = number if len(columns) < 2 and bad is None else bad
            words.append(columns[0])
            labels.append(columns[-1])
        elif words:
            yield Sentence(begin, tuple(words), tuple(labels), document), bad
            words, labels, bad = [], [], None


def columns_of(line: str, universal: bool) -> list[str] | None:
    """Return word and label of a line, the word alone where there is no label; nothing of an empty one, None of a remark."""
    if universal and line.strip():
        fields = line.split("\t")
        numbered = NUMBERED.fullmatch(fields[0])
        if line.startswith("#") or (numbered and numbered[2]):
            return None
        return [fields[FORM], fields[UPOS]] if len(fields) == UNIVERSAL else fields[FORM : FORM + 1]
    if REMARK.match(line):
        return None
    columns = line.split("\t") if "\t" in line else line.split(" ")
    columns = [column.strip() for column in columns if column.strip()]
    return [] if columns and columns[0] == "-DOCSTART-" else columns


def holds_tags(path: Path) -> bool:
    """Tell whether a file has a word and its label a line: as many columns in all lines, and empty lines between."""
    if path.suffix.lower() not in COLUMNED:
        return False
    lines = decode(path)[0].splitlines()[:LOOKED]
    filled = [line for line in lines if line.strip() and not line.startswith("#")]
    counts = Counter(len(line.split("\t" if "\t" in line else " ")) for line in filled)
    return len(counts) == 1 and next(iter(counts)) > 1 and len(filled) < len(lines)
