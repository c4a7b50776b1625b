"""Augmentation of DNA: the other strand, another cut, a misread base. A letter is its number in ASCII, (T, 1) float32."""

from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

from recipes.series.augment import Piece
from zoo.errors import ZooError

CODES, COMPLEMENTS = "ACGTURYSWKMBDHVN", "TGCAAYRSWMKVHDBN"


def complement() -> Tensor:
    """Return the table (128,) of the number of each letter's complement; other characters stay."""
    table = torch.arange(128.0)
    for code, other in zip(CODES + CODES.lower(), COMPLEMENTS + COMPLEMENTS.lower(), strict=True):
        table[ord(code)] = ord(other)
    return table


@dataclass(frozen=True)
class ReverseComplement:
    """The other strand, read its own way, as often as `chance`.

    Only where the class is the same on both strands, as for most protein binding. A splice junction is not: a donor
    read on the other strand is no donor, and what looks like one there is not spliced; leave `chance` at 0 for them.
    """

    chance: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.chance <= 1:
            raise ZooError(f"ReverseComplement: chance={self.chance} must lie between 0 and 1")

    def __call__(self, piece: Piece, random: Generator, partner: Piece) -> Piece:
        """Turn the sequence round and complement it; labels of steps turn with it."""
        if torch.rand((), generator=random) >= self.chance:
            return piece
        steps = None if piece.steps is None else piece.steps.flip(0)
        return Piece(complement()[piece.values.long()].flip(0), steps)


@dataclass(frozen=True)
class Shift:
    """Moved by up to `most` bases either way, with N where nothing is known; only where the place carries no meaning."""

    most: int = 2

    def __call__(self, piece: Piece, random: Generator, partner: Piece) -> Piece:
        """Move the letters; labels of steps move along, and what comes in has none (-100)."""
        by = int(torch.randint(-self.most, self.most + 1, (), generator=random))
        steps = None if piece.steps is None else moved(piece.steps, by, -100)
        return Piece(moved(piece.values, by, ord("N")), steps)


@dataclass(frozen=True)
class Misread:
    """A share of up to `most` of the bases read as N, as sequencers leave those that they are not sure of."""

    most: float = 0.05

    def __call__(self, piece: Piece, random: Generator, partner: Piece) -> Piece:
        """Put N in the place of some letters."""
        share = self.most * torch.rand((), generator=random)
        unsure = torch.rand(piece.values.shape, generator=random) < share
        return replace(piece, values=piece.values.masked_fill(unsure, float(ord("N"))))


def moved(row: Tensor, by: int, empty: int) -> Tensor:
    """Move a row (T, …) by some places; `empty` comes in at the end that it leaves."""
    filled = torch.full_like(row, empty)
    if abs(by) < len(row):
        kept = row[: len(row) - by] if by >= 0 else row[-by:]
        filled[max(by, 0) : max(by, 0) + len(kept)] = kept
    return filled
