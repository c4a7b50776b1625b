"""Words to rows of whole numbers, as `zoo.sequence.words` reads them: the word's number, then its characters."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from zoo.sequence.vocabulary import UNKNOWN, Vocabulary

#: Of a word that is too long for its row, this share of the places goes to its end: suffixes tell more than the middle.
ENDING = 3
#: Rows that are kept, so that augmentation, which makes ever new words, does not fill the memory.
KEPT = 200_000


class Encoding:
    """A vocabulary of words and a number of characters a word."""

    def __init__(self, vocabulary: Vocabulary, characters: int) -> None:
        self.vocabulary, self.characters = vocabulary, characters
        self.rows: dict[str, tuple[int, ...]] = {}

    @property
    def bands(self) -> tuple[str, ...]:
        """The names of a row's numbers."""
        return ("word", *(f"character_{i}" for i in range(1, self.characters + 1)))

    def encode(self, words: Sequence[str]) -> Tensor:
        """Return words (T,) as int64 (T, F)."""
        if len(self.rows) > KEPT:
            self.rows.clear()
        for word in words:
            if word not in self.rows:
                self.rows[word] = (self.vocabulary.number(word), *self.points(word))
        return torch.tensor([self.rows[word] for word in words])

    def points(self, word: str) -> list[int]:
        """Return the code points of <word>, cut in its middle or filled with 0 to the number of characters."""
        points, size = [ord(sign) for sign in f"<{word}>"], self.characters
        if len(points) > size:
            end = size // ENDING
            points = points[: size - end] + points[len(points) - end :]
        return points + [0] * (size - len(points))

    def unknown(self, texts: Sequence[Sequence[str]]) -> float:
        """Return the share of the words of texts that the vocabulary does not hold."""
        numbers = [self.vocabulary.number(word) for words in texts for word in words]
        return numbers.count(UNKNOWN) / max(1, len(numbers))

    def facts(self) -> dict[str, Any]:
        """Return what makes this encoding again, as JSON knows it."""
        return {"vocabulary": self.vocabulary.facts(), "characters": self.characters}

    @classmethod
    def restore(cls, facts: Mapping[str, Any]) -> "Encoding":
        """Return the encoding of `facts`."""
        return cls(Vocabulary.restore(facts["vocabulary"]), int(facts["characters"]))
