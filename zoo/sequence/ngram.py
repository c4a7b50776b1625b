"""An n-gram language model with interpolated Kneser-Ney smoothing, over characters or over words.

Kneser and Ney 1995, https://doi.org/10.1109/ICASSP.1995.479394, in the interpolated form of Chen and Goodman 1999,
https://doi.org/10.1006/csla.1999.0128: the highest order counts occurrences, the lower ones count the different symbols
that stand before. It is small: dictionaries of counts, made in a second from a few thousand sentences.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

from zoo.errors import ZooError

BEGIN, END = "<s>", "</s>"
State = tuple[Hashable, ...]


class NGram:
    """log p(symbol | the `order` - 1 symbols before), learnt from sequences of symbols; `vocabulary` symbols can come."""

    def __init__(self, sequences: Iterable[Sequence[Hashable]], order: int, vocabulary: int, discount: float = 0.75):
        if order < 1:
            raise ZooError(f"an n-gram of order={order} says nothing; take 1 or more")
        self.order, self.vocabulary, self.discount = order, vocabulary + 1, discount  # the end can come too
        self.counts: list[defaultdict[State, Counter[Hashable]]] = [defaultdict(Counter) for _ in range(order)]
        for sequence in sequences:
            padded = [BEGIN] * (order - 1) + list(sequence) + [END]
            for index in range(order - 1, len(padded)):
                self.counts[-1][tuple(padded[index - order + 1 : index])][padded[index]] += 1
        for lower in range(order - 2, -1, -1):  # each different symbol before counts once
            for context, symbols in self.counts[lower + 1].items():
                for symbol in symbols:
                    self.counts[lower][context[1:]][symbol] += 1
        self.totals = [{context: symbols.total() for context, symbols in level.items()} for level in self.counts]

    def start(self) -> State:
        """Return the state before the first symbol."""
        return (BEGIN,) * (self.order - 1)

    def next(self, state: State, symbol: Hashable) -> tuple[State, float]:
        """Return the state behind a symbol, and the natural logarithm of its probability."""
        return (*state, symbol)[1:] if self.order > 1 else (), math.log(self.probability(state, symbol))

    def end(self, state: State) -> float:
        """Return the natural logarithm of the probability that nothing more comes."""
        return math.log(self.probability(state, END))

    def probability(self, context: State, symbol: Hashable) -> float:
        """Return p(symbol | context); it sums to 1 over the vocabulary and the end."""
        found = 1.0 / self.vocabulary
        for level in range(self.order):
            part = context[len(context) - level :]
            total = self.totals[level].get(part)
            if total is None:
                break  # unseen here, so in every longer context too
            seen = self.counts[level][part]
            found = (max(seen.get(symbol, 0) - self.discount, 0.0) + self.discount * len(seen) * found) / total
        return found


class Saying(NamedTuple):
    """The words before, and the characters of the word that is being said."""

    before: State
    word: tuple[int, ...]


class WordLanguage:
    """A word n-gram over a decoder's characters: a word is judged where it ends, one never heard by its length.

    `space` is the symbol between words.
    """

    def __init__(self, sequences: Sequence[Sequence[int]], order: int, symbols: int, space: int) -> None:
        sentences = [words(sequence, space) for sequence in sequences]
        self.known = {word for sentence in sentences for word in sentence}
        self.model = NGram(sentences, order, len(self.known) + 1)  # and the unknown one
        self.space, self.unheard = space, math.log(symbols)

    def start(self) -> "Saying":
        """Return the state before the first symbol."""
        return Saying(self.model.start(), ())

    def next(self, state: "Saying", symbol: int) -> tuple["Saying", float]:
        """Return the state behind a symbol; only a space, which ends a word, costs anything."""
        if symbol != self.space:
            return Saying(state.before, (*state.word, symbol)), 0.0
        after, log = self.closed(*state)
        return Saying(after, ()), log

    def end(self, state: "Saying") -> float:
        """Return log p of the last word and of the end."""
        after, log = self.closed(*state)
        return log + self.model.end(after)

    def closed(self, before: State, word: tuple[int, ...]) -> tuple[State, float]:
        """Return the state behind a word and log p of it; an unknown one is spelled, each symbol as likely as any other."""
        if not word:
            return before, 0.0
        after, log = self.model.next(before, word if word in self.known else "<unk>")
        return after, log if word in self.known else log - self.unheard * len(word)


def words(sequence: Sequence[int], space: int) -> list[tuple[int, ...]]:
    """Split symbols at each space; empty words are none."""
    parts: list[list[int]] = [[]]
    for symbol in sequence:
        if symbol == space:
            parts.append([])
        else:
            parts[-1].append(symbol)
    return [tuple(part) for part in parts if part]
