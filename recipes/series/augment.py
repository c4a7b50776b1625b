"""Augmentation of series: what another sensor, another speed or another moment would have shown.

Um et al. 2017, https://arxiv.org/abs/1706.00527 (jitter, scaling, warping); Le Guennec et al. 2016 (slices); Zhang et al.
2018, https://arxiv.org/abs/1710.09412 (mixing, here of two series of one class). Each change takes a piece, the sample's
own generator, and a partner: another training series of the same class, so nothing ever crosses the split.
"""

from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor


@dataclass(frozen=True)
class Piece:
    """Values (T, F) float32, and labels (T,) of the steps where there are any."""

    values: Tensor
    steps: Tensor | None = None


@dataclass(frozen=True)
class Jitter:
    """White noise, up to `most` deviations of each feature of the series."""

    most: float = 0.05

    def __call__(self, piece: Piece, random: Generator, partner: Piece) -> Piece:
        """Add the noise."""
        deviation = piece.values.std(dim=0, correction=0)
        level = self.most * torch.rand((), generator=random)
        return replace(
            piece, values=piece.values + level * deviation * torch.randn(piece.values.shape, generator=random)
        )


@dataclass(frozen=True)
class Scaling:
    """Each feature larger or smaller about its mean, by a factor e^±`most`."""

    most: float = 0.1

    def __call__(self, piece: Piece, random: Generator, partner: Piece) -> Piece:
        """Scale each feature."""
        factor = torch.exp(self.most * (2 * torch.rand(piece.values.shape[1], generator=random) - 1))
        mean = piece.values.mean(dim=0)
        return replace(piece, values=mean + (piece.values - mean) * factor)


@dataclass(frozen=True)
class TimeWarp:
    """Time that runs faster and slower along the series, by a factor e^±`most` at `knots` places; the length stays."""

    most: float = 0.2
    knots: int = 4

    def __call__(self, piece: Piece, random: Generator, partner: Piece) -> Piece:
        """Read the series at warped places; labels of steps come from the nearest step."""
        T = len(piece.values)
        if T < 3:
            return piece
        drawn = self.most * (2 * torch.rand(1, 1, self.knots, generator=random) - 1)
        speed = torch.exp(torch.nn.functional.interpolate(drawn, T - 1, mode="linear", align_corners=True)[0, 0])
        place = torch.cat([speed.new_zeros(1), speed.cumsum(0)])
        return read(piece, place * ((T - 1) / place[-1]))


@dataclass(frozen=True)
class Slice:
    """A window of at least the share `least`, from anywhere in the series; `stretch` draws it out to the old length."""

    least: float = 0.9
    stretch: bool = True

    def __call__(self, piece: Piece, random: Generator, partner: Piece) -> Piece:
        """Cut the window."""
        T = len(piece.values)
        share, where = torch.rand(2, generator=random).tolist()
        length = max(1, round((1 - share * (1 - self.least)) * T))
        start = round(where * (T - length))
        if self.stretch:
            return read(piece, torch.linspace(start, start + length - 1, T))
        steps = None if piece.steps is None else piece.steps[start : start + length]
        return Piece(piece.values[start : start + length], steps)


@dataclass(frozen=True)
class Mix:
    """A weighted mean with another series of the same class, of at most `most` of it; not where steps have labels."""

    most: float = 0.3
    chance: float = 0.5

    def __call__(self, piece: Piece, random: Generator, partner: Piece) -> Piece:
        """Mix the partner in, drawn out to the length of the series."""
        chance, share = torch.rand(2, generator=random).tolist()
        if chance >= self.chance or piece.steps is not None:
            return piece
        other = read(partner, torch.linspace(0, len(partner.values) - 1, len(piece.values))).values
        return replace(piece, values=piece.values + share * self.most * (other - piece.values))


def read(piece: Piece, places: Tensor) -> Piece:
    """Read a piece at places between its steps: values on the line between neighbours, labels of the nearest."""
    last = len(piece.values) - 1
    below = places.floor().long().clamp(0, max(last - 1, 0))
    above = (below + 1).clamp(max=last)
    share = (places - below)[:, None]
    values = piece.values[below] * (1 - share) + piece.values[above] * share
    return Piece(values, None if piece.steps is None else piece.steps[places.round().long().clamp(0, last)])
