"""The characters of transcripts: text brought to what is spoken, and to the numbers that a model gives out.

All text is brought to Unicode's composed form (NFC); what else is done with it is its style. Class 0 is the blank of CTC.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zoo.errors import ZooError

BLANK = "<blank>"
UNKNOWN = ("raise", "drop", "map")
STYLES = {
    "english": "lower case, digits as English words, nothing but letters, apostrophes and spaces",
    "letters": "lower case, letters of any script with their marks, digits and apostrophes; other signs are spaces",
    "none": "as it is written",
}
#: Joins letters of Indic and Arabic scripts or keeps them apart, and so is part of their spelling.
JOINERS = "\u200c\u200d"
# fmt: off
SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
# fmt: on


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


def likeliest_style(texts: Iterable[str]) -> str:
    """Return `english` for texts whose letters are all English ones, `letters` for others."""
    every = set().union(*(unicodedata.normalize("NFC", text) for text in texts))
    return "english" if all(sign.isascii() or not is_letter(sign) for sign in every) else "letters"


def is_letter(sign: str) -> bool:
    """Say whether a character is a letter or a mark on one."""
    return unicodedata.category(sign)[0] in "LM" or sign in JOINERS


def spoken(text: str, style: str = "english") -> str:
    """Return a text as it is spoken, in a style."""
    text = unicodedata.normalize("NFC", text)
    if style == "none":
        return " ".join(text.split())
    text = text.lower().replace("’", "'")
    if style == "english":
        text = re.sub(r"\d+", lambda found: f" {number(found[0])} ", text)
    kept = (sign if sign == "'" or sign.isdigit() or is_letter(sign) else " " for sign in text)
    joined_up = unicodedata.normalize("NFC", "".join(kept))
    return " ".join(re.sub(r"(?<!\w)'|'(?!\w)", " ", joined_up).split())  # quotes, but not apostrophes


def number(digits: str) -> str:
    """Return a whole number below a million in words; a longer one digit by digit, as people read codes."""
    value = int(digits)
    if len(digits) > 6 or (digits[0] == "0" and len(digits) > 1):
        return " ".join(SMALL[int(digit)] for digit in digits)
    if value < 20:
        return SMALL[value]
    if value < 100:
        return joined(TENS[value // 10 - 2], value % 10)
    if value < 1000:
        return joined(f"{SMALL[value // 100]} hundred", value % 100)
    return joined(f"{number(str(value // 1000))} thousand", value % 1000)


def joined(head: str, rest: int) -> str:
    """Return the head with what remains, if anything does."""
    return f"{head} {number(str(rest))}" if rest else head


def pad(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return rows of one length, filled up with blanks."""
    longest = max(map(len, rows))
    return [[*row, *[0] * (longest - len(row))] for row in rows]
