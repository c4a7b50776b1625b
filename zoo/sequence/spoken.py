"""Text as it is spoken, in a style; always in Unicode's composed form (NFC), and the style that texts ask for."""

import re
import unicodedata
from collections.abc import Iterable

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
