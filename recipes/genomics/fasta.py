"""Files of nucleotides without labels: FASTA, or a sequence a line with names before it.

FASTA: Pearson and Lipman 1988, https://doi.org/10.1073/pnas.85.8.2444; a line `>name`, then lines of bases.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from recipes.kit.text_file import lines_of
from zoo.errors import ZooError
from zoo.sequence.nucleotides import CODES

ENDINGS = frozenset({".fasta", ".fa", ".fna", ".txt", ".csv", ".tsv"})
#: What the column of bases is called where the first line names the columns.
NAMED = ("bases", "sequence", "seq", "dna")


def read(path: Path) -> list[tuple[str, str]]:
    """Return name and bases of each sequence of a file; of lines with several fields, the last holds the bases."""
    every = [(number, line.strip()) for number, line in enumerate(lines_of(path), 1) if line.strip()]
    found = list(records(every, path)) if every and every[0][1].startswith(">") else list(rows(every, path))
    if not found:
        raise ZooError(f"{path} holds no sequence; it is FASTA, or a line of bases for each")
    return found


def records(every: list[tuple[int, str]], path: Path) -> Iterator[tuple[str, str]]:
    """Yield the records of FASTA; a name is the first word behind its >."""
    name, bases, begins = "", "", 0
    for number, line in [*every, (0, ">")]:
        if not line.startswith(">"):
            refuse_strange(line, path, number)
            bases += line
            continue
        if begins and not bases:
            raise ZooError(f"{path}, line {begins}: {name or '>'} has no bases below it")
        if begins:
            yield name, bases
        name, bases, begins = (line[1:].split() or [f"line {number}"])[0], "", number


def rows(every: list[tuple[int, str]], path: Path) -> Iterator[tuple[str, str]]:
    """Yield a sequence a line, with its name where there is one, the number of its line where not."""
    for number, line in every:
        parts = fields(line)
        if number == 1 and parts[-1].lower() in NAMED:
            continue
        refuse_strange(parts[-1], path, number)
        yield (parts[-2] if len(parts) > 1 else f"line {number}"), parts[-1]


def fields(line: str) -> list[str]:
    """Return the fields of a line, whatever is between them."""
    return [part.strip() for part in re.split("[,;\t]", line)]


def refuse_strange(bases: str, path: Path, number: int) -> None:
    """Refuse what is no code of a nucleotide, and a line without any."""
    if not bases:
        raise ZooError(f"{path}, line {number}: no bases behind the last separator")
    if strange := sorted(set(bases.upper()) - set(CODES)):
        raise ZooError(f"{path}, line {number}: {strange[0]!r} is no code of a nucleotide; they are {''.join(CODES)}")
