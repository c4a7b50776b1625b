"""A generated parallel corpus with a known grammar: sentences with numbers, dates, times and sums in figures, and in words.

It is made by this file from a seed, so it says whether a translator learns at all, and nothing about language: every
sentence follows one of a few frames, and every figure has one spelling. No two sentences of it speak of the same figures,
so those of the test were never seen.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Generator

from recipes.kit.choice import one_of
from recipes.kit.sampler import generator
from recipes.translation.pair import Pair

ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
IRREGULAR = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth"}  # fmt: skip
FRAMES = (
    ("It happened on {date}.", ("date",)),
    ("On {date} we counted {number} birds.", ("date", "number")),
    ("The train leaves at {time}.", ("time",)),
    ("Since {date} it costs {sum}.", ("date", "sum")),
    ("They sold {number} of them for {sum}.", ("number", "sum")),
    ("Come at {time} on {date}.", ("time", "date")),
    ("The town has {number} people.", ("number",)),
    ("He paid {sum} at {time}.", ("sum", "time")),
)
DIRECTIONS = ("words", "figures")


class Fact(NamedTuple):
    """One thing in figures and in words."""

    figures: str
    words: str


def corpus(count: int, seed: int, into: str = "words") -> list[Pair]:
    """Return `count` pairs drawn from the seed, whose targets are in words or in figures; no two have the same figures."""
    one_of("data.into", into, DIRECTIONS)
    random = generator(seed)
    seen: set[str] = set()
    pairs: list[Pair] = []
    while len(pairs) < count:
        frame, kinds = FRAMES[below(random, len(FRAMES))]
        facts = {kind: KINDS[kind](random) for kind in kinds}
        content = " ".join(sorted(fact.figures for fact in facts.values()))
        if content in seen:
            continue
        seen.add(content)
        figures = frame.format(**{kind: fact.figures for kind, fact in facts.items()})
        words = frame.format(**{kind: fact.words for kind, fact in facts.items()})
        source, target = (figures, words) if into == "words" else (words, figures)
        pairs.append(Pair(f"generated {len(pairs)}", source, target, content))
    return pairs


def number(random: Generator) -> Fact:
    """Draw a number below a million, small ones as often as large ones."""
    value = below(random, 10 ** (2 + below(random, 5)))
    return Fact(f"{value:,}", cardinal(value))


def date(random: Generator) -> Fact:
    """Draw a day between 1800 and 2099."""
    month, year = below(random, 12), 1800 + below(random, 300)
    day = 1 + below(random, DAYS[month])
    return Fact(f"{day} {MONTHS[month]} {year}", f"the {ordinal(day)} of {MONTHS[month]} {spoken_year(year)}")


def time(random: Generator) -> Fact:
    """Draw a minute of the day."""
    hour, minute = below(random, 24), below(random, 60)
    past = "o'clock" if minute == 0 else f"oh {ONES[minute]}" if minute < 10 else cardinal(minute)
    return Fact(f"{hour}:{minute:02d}", f"{cardinal(hour)} {past}")


def money(random: Generator) -> Fact:
    """Draw a sum of pounds and pence."""
    pounds, pence = 1 + below(random, 10 ** (1 + below(random, 4))), below(random, 100)
    words = f"{cardinal(pounds)} pound{'s' * (pounds > 1)}"
    return Fact(f"£{pounds:,}.{pence:02d}", words + (f" and {cardinal(pence)} p" if pence else ""))


KINDS: dict[str, Callable[[Generator], Fact]] = {"number": number, "date": date, "time": time, "sum": money}


def cardinal(value: int) -> str:
    """Return a whole number below a million in English words."""
    if value < 20:
        return ONES[value]
    if value < 100:
        return TENS[value // 10] + (f"-{ONES[value % 10]}" if value % 10 else "")
    if value < 1000:
        return f"{ONES[value // 100]} hundred" + (f" and {cardinal(value % 100)}" if value % 100 else "")
    rest = value % 1000
    tail = f" and {cardinal(rest)}" if 0 < rest < 100 else f" {cardinal(rest)}" if rest else ""
    return f"{cardinal(value // 1000)} thousand{tail}"


def ordinal(value: int) -> str:
    """Return the ordinal of a whole number below a hundred."""
    head, dash, last = cardinal(value).rpartition("-")
    stem = IRREGULAR.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return f"{head}{dash}{stem}"


def spoken_year(year: int) -> str:
    """Return a year from 1800 to 2099 as it is said."""
    century, rest = divmod(year, 100)
    if 2000 <= year < 2010:
        return cardinal(year)
    return f"{cardinal(century)} {cardinal(rest) if rest >= 10 else f'oh {ONES[rest]}' if rest else 'hundred'}"


def below(random: Generator, count: int) -> int:
    """Draw a whole number from 0 to `count` - 1."""
    return int(torch.randint(count, (), generator=random))


def parts(pairs: Sequence[Pair], val: int, test: int) -> dict[str, Sequence[Pair]]:
    """Split pairs: the last are for the test, those before for validation."""
    train = len(pairs) - val - test
    return {"train": pairs[:train], "val": pairs[train : train + val], "test": pairs[train + val :]}
