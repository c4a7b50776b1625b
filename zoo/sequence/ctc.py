"""Connectionist temporal classification: from logits a step to symbols, by the best path or by a search over prefixes.

Graves et al. 2006, https://doi.org/10.1145/1143844.1143891; the search over prefixes with a language model: Hannun et al.
2014, https://arxiv.org/abs/1408.2873. Class 0 is the blank; a symbol that is meant twice needs a blank between.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

BLANK = 0
#: Symbols less likely than this at a step are not tried there: e ** -7, a thousandth.
UNLIKELY = -7.0
_NEVER = -math.inf


class Language(Protocol):
    """Says how likely a symbol is after others; a state stands for what came before."""

    def start(self) -> Any:
        """Return the state before the first symbol."""

    def next(self, state: Any, symbol: int) -> tuple[Any, float]:
        """Return the state behind a symbol, and the natural logarithm of its probability."""

    def end(self, state: Any) -> float:
        """Return the natural logarithm of the probability that nothing more comes."""


@dataclass(frozen=True)
class Beam:
    """A search over prefixes: `width` of them are kept; log p + `weight` · log p(language) + `bonus` a symbol is the score."""

    width: int = 16
    language: Language | None = None
    weight: float = 0.5
    bonus: float = 0.0

    def decode(self, logs: Tensor) -> list[int]:
        """Return the best symbols for log-probabilities (T, K)."""
        start = Prefix(0.0, _NEVER, 0.0, self.language.start() if self.language else None)
        beam: dict[tuple[int, ...], Prefix] = {(): start}
        for row in logs.tolist():
            beam = self.kept(self.extended(beam, row))
        best, _ = max(beam.items(), key=lambda item: self.whole(item[1], len(item[0])))
        return list(best)

    def extended(self, beam: dict[tuple[int, ...], "Prefix"], row: Sequence[float]) -> dict[tuple[int, ...], "Prefix"]:
        """Return all prefixes after one more step of log-probabilities (K,)."""
        likely = [symbol for symbol, log in enumerate(row) if log > UNLIKELY and symbol != BLANK]
        found: dict[tuple[int, ...], Prefix] = {}
        for symbols, prefix in beam.items():
            last = symbols[-1] if symbols else BLANK
            stay = found.setdefault(symbols, Prefix(_NEVER, _NEVER, prefix.language, prefix.state))
            stay.blank = add(stay.blank, prefix.total + row[BLANK])
            if last != BLANK:
                stay.symbol = add(stay.symbol, prefix.symbol + row[last])
            for symbol in likely:
                before = prefix.blank if symbol == last else prefix.total
                if before == _NEVER:
                    continue
                longer = (*symbols, symbol)
                if longer not in found:
                    found[longer] = self.opened(beam.get(longer), prefix, symbol)
                found[longer].symbol = add(found[longer].symbol, before + row[symbol])
        return found

    def opened(self, known: "Prefix | None", prefix: "Prefix", symbol: int) -> "Prefix":
        """Return a prefix that is one symbol longer, without chances yet."""
        if known is not None or self.language is None:
            same = known or prefix
            return Prefix(_NEVER, _NEVER, same.language, same.state)
        state, log = self.language.next(prefix.state, symbol)
        return Prefix(_NEVER, _NEVER, prefix.language + log, state)

    def kept(self, found: dict[tuple[int, ...], "Prefix"]) -> dict[tuple[int, ...], "Prefix"]:
        """Return the best prefixes."""
        ranked = sorted(found, key=lambda symbols: self.score(found[symbols], len(symbols)), reverse=True)
        return {symbols: found[symbols] for symbols in ranked[: self.width]}

    def score(self, prefix: "Prefix", length: int) -> float:
        """Return what a prefix is judged by."""
        return prefix.total + self.weight * prefix.language + self.bonus * length

    def whole(self, prefix: "Prefix", length: int) -> float:
        """Return what a prefix is judged by when nothing more comes."""
        end = self.language.end(prefix.state) if self.language else 0.0
        return self.score(prefix, length) + self.weight * end


@dataclass
class Prefix:
    """Log-probabilities that a prefix ends here in a blank or in its last symbol; and what the language says of it."""

    blank: float
    symbol: float
    language: float
    state: Any

    @property
    def total(self) -> float:
        """The log-probability of the prefix, however it ends."""
        return add(self.blank, self.symbol)


def greedy(logs: Tensor) -> list[int]:
    """Return the symbols of the best path through log-probabilities (T, K): repeats are one, blanks are none."""
    path = torch.unique_consecutive(logs.argmax(dim=1))
    return path[path != BLANK].tolist()


def steps_needed(tokens: Tensor, lengths: Tensor) -> Tensor:
    """Return how many steps (B,) the tokens (B, L) of these lengths (B,) need: one each, and a blank between equal ones."""
    inside = torch.arange(1, tokens.shape[1], device=tokens.device) < lengths[:, None]
    return lengths + ((tokens[:, 1:] == tokens[:, :-1]) & inside).sum(dim=1)


def add(a: float, b: float) -> float:
    """Return log(exp(a) + exp(b))."""
    low, high = (a, b) if a < b else (b, a)
    return high if low == _NEVER else high + math.log1p(math.exp(low - high))
