"""The characters of transcripts: text brought to what is spoken, and to the numbers that a model gives out.

All text is brought to Unicode's composed form (NFC); what else is done with it is its style. Class 0 is the blank of CTC.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from zoo.errors import ZooError

BLANK = "<blank>"
Unknown = Literal["raise", "drop", "map"]


@dataclass(frozen=True)
class Alphabet:
    """The characters that are told apart; `unknown` says what becomes of others: raise, drop, or map to the bare letter."""

    characters: tuple[str, ...]
    unknown: str = "raise"

    @classmethod
    def of(cls, texts: Iterable[str], unknown: str = "raise", characters: str | None = None) -> "Alphabet":
        """Return the alphabet of training transcripts, or of the named characters."""
        found = sorted(set(characters) if characters is not None else set().union(*texts))
        if not found:
            raise ZooError("the training transcripts hold no character; write what is said into them")
        return cls(tuple(found), unknown)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of a model: the blank, then the characters."""
        return (BLANK, *self.characters)

    def strange(self, text: str) -> list[str]:
        """Return the characters of a text that are none of these, sorted."""
        return sorted(set(text) - set(self.characters))

    def fit(self, text: str, name: str) -> str:
        """Return a text of these characters only; ZooError names the recording and what is strange in it."""
        strange = self.strange(text)
        if not strange:
            return text
        if self.unknown == "raise":
            raise ZooError(
                f"the transcript of {name} holds {', '.join(map(repr, strange))}, which the training transcripts do not;"
                " say data.unknown=drop or map, or name all in data.characters"
            )
        if self.unknown == "map":
            text = "".join(c if c in self.characters else bare(c) for c in text)
        return "".join(c for c in text if c in self.characters)

    def encode(self, text: str) -> list[int]:
        """Return the classes of a text that `fit` gave."""
        index = {character: number for number, character in enumerate(self.classes)}
        return [index[character] for character in text]


def bare(character: str) -> str:
    """Return a letter without its marks: é is e."""
    return "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))


def pad(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return rows of one length, filled up with blanks."""
    longest = max(map(len, rows))
    return [[*row, *[0] * (longest - len(row))] for row in rows]
