"""Augmentation of texts: what another hand would have written for the same content.

Each change takes a text and a generator, the sample's own, and gives a text. Tags stay with their words: a word with a
tag other than that for outside is never dropped, moved or replaced by another; only misspelt. Wei and Zou
2019, “EDA”, https://arxiv.org/abs/1901.11196; typing errors as in Belinkov and Bisk 2018, https://arxiv.org/abs/1711.02173.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Generator

from recipes.text import thesaurus
from recipes.text.text import Text
from zoo.errors import ZooError, near

T = TypeVar("T")
#: The rows of a keyboard; neighbours are beside, above and below.
KEYBOARD = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")


@dataclass(frozen=True)
class Synonyms:
    """Writes a word of like meaning for a `share` of those words that have one.

    `source` is `inside`, the small English thesaurus beside this file, or `wordnet`, where NLTK and its WordNet are
    installed. Capitals are kept.
    """

    share: float = 0.1
    source: str = "inside"

    def __post_init__(self) -> None:
        if self.source not in thesaurus.SOURCES:
            raise ZooError(
                f"augment: source={self.source!r} of synonyms is not known{near(self.source, thesaurus.SOURCES)};"
                f" it is one of {', '.join(thesaurus.SOURCES)}"
            )

    def __call__(self, text: Text, random: Generator) -> Text:
        """Replace words outside of entities."""
        drawn, alike = chances(random, len(text.words)), thesaurus.SOURCES[self.source]
        words = list(text.words)
        for i, word in enumerate(words):
            if drawn[i] < self.share and free(text, i) and (found := alike(word)):
                words[i] = cased(pick(found, random), word)
        return replace(text, words=tuple(words))


@dataclass(frozen=True)
class Drop:
    """Leaves out a `share` of the words; one always stays."""

    share: float = 0.1

    def __call__(self, text: Text, random: Generator) -> Text:
        """Drop words outside of entities."""
        drawn = chances(random, len(text.words))
        kept = [i for i, chance in enumerate(drawn) if chance >= self.share or not free(text, i)] or [0]
        tags = tuple(text.tags[i] for i in kept) if text.tags else ()
        return replace(text, words=tuple(text.words[i] for i in kept), tags=tags)


@dataclass(frozen=True)
class Swap:
    """Changes a `share` of the words with the next one."""

    share: float = 0.05

    def __call__(self, text: Text, random: Generator) -> Text:
        """Swap neighbours outside of entities, whose tags are the same."""
        words, drawn = list(text.words), chances(random, len(text.words))
        for i in range(len(words) - 1):
            if drawn[i] < self.share and free(text, i) and free(text, i + 1):
                words[i], words[i + 1] = words[i + 1], words[i]
        return replace(text, words=tuple(words))


@dataclass(frozen=True)
class Typos:
    """Misspells a `share` of the words of three letters or more: a neighbour on the keyboard, a letter less, twice, turned."""

    share: float = 0.05

    def __call__(self, text: Text, random: Generator) -> Text:
        """Misspell words wherever they stand."""
        drawn = chances(random, len(text.words))
        words = tuple(
            misspelt(word, random) if chance < self.share and len(word) >= 3 and word.isalpha() else word
            for word, chance in zip(text.words, drawn, strict=True)
        )
        return replace(text, words=words)


def misspelt(word: str, random: Generator) -> str:
    """Return a word with one typing error behind its first letter."""
    place = 1 + below(random, len(word) - 1)
    sign, kind = word[place], below(random, 4)
    if kind == 0:
        return word[:place] + cased(pick(neighbours(sign), random), sign) + word[place + 1 :]
    if kind == 1:
        return word[:place] + word[place + 1 :]
    if kind == 2:
        return word[:place] + sign + word[place:]
    return word[: place - 1] + sign + word[place - 1] + word[place + 1 :]


def neighbours(sign: str) -> tuple[str, ...]:
    """Return the letters around one on a keyboard; the letter itself when it is not on ours."""
    for row, keys in enumerate(KEYBOARD):
        if (column := keys.find(sign.lower())) >= 0:
            near_ = [(row, column - 1), (row, column + 1), (row + 1, column), (row + 1, column - 1), (row - 1, column)]
            found = [KEYBOARD[r][c] for r, c in near_ if 0 <= r < len(KEYBOARD) and 0 <= c < len(KEYBOARD[r])]
            return tuple(key for key in found if key.isalpha()) or (sign,)
    return (sign,)


def cased(word: str, like: str) -> str:
    """Return a word in the capitals of another."""
    if like.isupper() and (len(like) > 1 or len(word) == 1):
        return word.upper()
    return word[:1].upper() + word[1:] if like[:1].isupper() else word


def free(text: Text, index: int) -> bool:
    """Say whether a word belongs to no entity."""
    return not text.tags or text.tags[index] == text.outside


def chances(random: Generator, count: int) -> list[float]:
    """Draw numbers uniform in [0, 1)."""
    return torch.rand(count, generator=random).tolist()


def below(random: Generator, count: int) -> int:
    """Draw a whole number from 0 to `count` - 1."""
    return int(torch.randint(count, (), generator=random))


def pick(choices: Sequence[T], random: Generator) -> T:
    """Draw one of the choices."""
    return choices[below(random, len(choices))]
