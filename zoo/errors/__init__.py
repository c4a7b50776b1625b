"""What is said to a user who can mend it: one sentence with the argument, the value and the way out."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches


def clean(text: str) -> str:
    """Return text without control characters: a name in a card or a file from elsewhere must not steer the terminal."""
    if text.isprintable():  # nearly always, and by far faster
        return text
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


class ZooError(ValueError):
    """A mistake that the user can mend; the command lines print it without a traceback and exit with 2."""

    def __str__(self) -> str:
        return clean(super().__str__())


def near(name: str, names: Iterable[str]) -> str:
    """Return "; did you mean a, b?" for the names close to `name`, or "" when none is."""
    found = get_close_matches(name, list(names), n=3, cutoff=0.5)
    return f"; did you mean {', '.join(found)}?" if found else ""


def one_of(setting: str, value: str, choices: Iterable[str]) -> str:
    """Return `value`, if it is one of the `choices`; `setting` (data.set, --task) is what the user gave it to."""
    known = list(choices)
    if value not in known:
        sign = " " if setting.startswith("-") else "="
        raise ZooError(f"{setting}{sign}{value} is not known{near(str(value), known)}; it is one of {', '.join(known)}")
    return value


def counted(number: int, name: str, ending: str = "s") -> str:
    """Return a number of things in words; `ending` makes the plural."""
    return f"{number} {name}" if number == 1 else f"{number} {name}{ending}"


def first_few(names: Sequence[str], most: int) -> str:
    """Return at most so many names, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def agreeing(number: int, sentence: str) -> str:
    """Return a number and a sentence about so many things: of each `[one|several]` in it, what agrees with the number."""
    return f"{number} " + re.sub(r"\[([^][|]*)\|([^][|]*)\]", r"\1" if number == 1 else r"\2", sentence)
