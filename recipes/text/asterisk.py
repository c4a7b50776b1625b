"""The lists of transcripts that come with the sounds of Asterisk: a prompt a line, its name, a colon, and what is said."""

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import ZooError

#: Of the Debian packages asterisk-core-sounds-…
VERSION = "1.6.1-1"
LINE = re.compile(r"(?P<name>[^;:]+):\s*(?P<text>.*)")
#: What is a remark and not said: beeps and silence are nothing but a remark.
REMARK = re.compile(r"\[[^\]]*\]|\([^)]*\)|<[^>]*>")


@dataclass(frozen=True)
class Line:
    """A line of a list: its number, the name of the recording below the folder of sounds, and what is said in it."""

    number: int
    name: str
    text: str


def unpack(path: Path) -> list[Line]:
    """Return the lines of a packed list, UTF-8 with or without a mark of it."""
    return read(gzip.decompress(path.read_bytes()).decode("utf-8-sig").splitlines())


def read(lines: Sequence[str]) -> list[Line]:
    """Return the lines of a list that name a recording; those that begin with ; are remarks. Raises ZooError."""
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith(";"):
            continue
        match = LINE.fullmatch(line)
        if match is None:
            raise ZooError(f"line {number} of the transcripts, {line!r}, does not read as 'name: text'")
        found.append(Line(number, match["name"].strip(), match["text"]))
    return found


def without_remarks(text: str) -> str:
    """Return what is said of a text."""
    return REMARK.sub(" ", text)
