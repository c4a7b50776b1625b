"""Text as it is spoken: lower case, digits as words, and nothing but letters, apostrophes and spaces."""

import re

from zoo.errors import ZooError, near

STYLES = ("english", "none")
# fmt: off
SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
# fmt: on


def spoken(text: str, style: str = "english") -> str:
    """Return a text as it is spoken, in a style."""
    if style not in STYLES:
        raise ZooError(f"data.style={style!r} is not known{near(style, STYLES)}; it is {' or '.join(STYLES)}")
    if style == "none":
        return " ".join(text.split())
    text = re.sub(r"\d+", lambda found: f" {number(found[0])} ", text.lower().replace("’", "'"))
    text = re.sub(r"(?<![a-z])'|'(?![a-z])", " ", re.sub(r"[^\w']|_", " ", text))  # quotes, but not apostrophes
    return " ".join(text.split())


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
