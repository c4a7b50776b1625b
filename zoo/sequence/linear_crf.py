"""A linear-chain conditional random field on features of words: the tagger of the time before networks, a plain baseline.

Lafferty et al. 2001, “Conditional Random Fields”. The features are the usual ones (Okazaki 2007, CRFsuite,
https://www.chokkan.org/software/crfsuite): of a word and of its neighbours the small letters, beginning and ending, and how it
is written. Each is hashed to a row of weights, one weight a tag.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.errors import ZooError
from zoo.sequence import words
from zoo.sequence.closed_form import Batch, ClosedForm
from zoo.sequence.crf import Crf
from zoo.sequence.kinds import Structured

#: Code points: of the marks that begin and end a word, of digits, of capitals (and how far their small letters are away).
OPEN, CLOSE = ord("<"), ord(">")
DIGITS, CAPITALS, LATIN, AWAY = (48, 57), (65, 90), (192, 222), 32
#: How many signs of a word's end and of its beginning are features.
ENDINGS, BEGINNING = (3, 2), 3
NEIGHBOURS = (-2, -1, 0, 1, 2)
#: Steps of the solution at most; each looks at all of the training data about once.
ITERATIONS = 80
#: Factors that tell a feature at one place from the same at another.
PLACE = 7919


def between(characters: Tensor, ends: tuple[int, int]) -> Tensor:
    """Tell which characters lie between two code points, both inside."""
    return (characters >= ends[0]) & (characters <= ends[1])


def last(characters: Tensor, count: int) -> Tensor:
    """Return the last `count` characters (…, N) of words (…, C) that end with zeros; 0 before the first."""
    end = (characters > 0).sum(dim=-1, keepdim=True)
    place = end - count + torch.arange(count, device=characters.device)
    return characters.gather(-1, place.clamp(min=0)).masked_fill(place < 0, 0)


class WordFeatures(nn.Module):
    """Steps (B, T, F) to hashed features (B, T, N), 1 to `buckets`; 0 where there is none."""

    def __init__(self, buckets: int) -> None:
        super().__init__()
        self.buckets = buckets

    def forward(self, steps: Tensor) -> Tensor:
        """Return the features of whole numbers (B, T, F), as `zoo.sequence.words` lays them out."""
        own, T = self.own(steps), steps.shape[1]
        found = []
        for place, away in enumerate(NEIGHBOURS):
            moved = F.pad(own, (0, 0, max(-away, 0), max(away, 0)))[:, max(away, 0) :][:, :T]
            edge = (moved == 0).all(dim=2, keepdim=True)  # before the first word, behind the last
            kinds = torch.arange(own.shape[2], device=own.device)
            placed = torch.stack((moved, (kinds + PLACE * (place + 1)).expand_as(moved)), dim=3)
            hashed = words.hashed(placed, self.buckets)
            found.append(torch.where(edge & (kinds == 0), 1 + place, hashed))
        return torch.cat(found, dim=2).masked_fill((steps == 0).all(dim=2, keepdim=True), 0)

    def own(self, steps: Tensor) -> Tensor:
        """Return the features (B, T, N) of each word for itself, above 0; all 0 where there is no word."""
        if steps.shape[2] == 1:
            return steps
        signs = steps[..., 1:].masked_fill((steps[..., 1:] == OPEN).cumsum(-1) == 0, 0)
        signs = F.pad(signs, (0, 1))[..., 1:]  # without the mark that begins it
        ends = (signs > 0).sum(dim=-1, keepdim=True) - 1
        closed = signs.gather(-1, ends.clamp(min=0)) == CLOSE
        signs = signs.masked_fill(closed & (torch.arange(signs.shape[-1], device=signs.device) == ends), 0)
        small = signs + AWAY * (between(signs, CAPITALS) | between(signs, LATIN)).long()
        parts = [small, *(last(small, count) for count in ENDINGS), small[..., :BEGINNING]]
        whole = [fold(part) for part in parts]
        return torch.cat([torch.stack(whole, dim=2), shapes(signs)], dim=2).masked_fill(ends < 0, 0)


def fold(signs: Tensor) -> Tensor:
    """Return a number (…) above 0 for rows of characters (…, C), the same for the same word however long the row is."""
    mixed = torch.ones_like(signs[..., 0])
    for sign in signs.unbind(-1):
        mixed = torch.where(sign > 0, (mixed * 1000003 + sign) % 2147483629, mixed)
    return mixed + 1


def shapes(signs: Tensor) -> Tensor:
    """Return numbers (B, T, 4) above 0 for how words are written: a title, all capitals, with digits, and all that is known."""
    there = signs > 0
    upper = between(signs, CAPITALS) | between(signs, LATIN)
    digit = between(signs, DIGITS)
    letter = upper | between(signs, (97, 122)) | (signs >= LATIN[0])
    title = upper[..., 0] & ~upper[..., 1:].any(-1)
    capitals = upper[..., 0] & (upper | ~letter).all(-1)
    others = (there & ~letter & ~digit).any(-1)
    mark = (signs[..., 0] == ord("@")).long() + 2 * (signs[..., 0] == ord("#")).long()
    facts = [title, capitals, digit.any(-1)]
    known = [*facts, upper[..., 1:].any(-1), (digit | ~there).all(-1), others, there.sum(-1) == 1]
    every = mark + sum(fact.long() << 2 + place for place, fact in enumerate(known))
    return 1 + torch.stack([*(fact.long() for fact in facts), every], dim=-1)


class LinearCrf(ClosedForm, Structured):
    """Words (B, T, F) and lengths (B,) to logits (B, T, K); `loss` and `decode` are those of the random field.

    The likelihood has one maximum, which is solved for: steps of a network's optimizer learn rare words by heart.
    """

    normalise = None
    any_bands = True  # words are read by their characters, however many of these a row holds

    def __init__(self, classes: int, features: int, buckets: int, strength: float) -> None:
        super().__init__()
        self.features, self.strength = features, strength
        self.read = WordFeatures(buckets)
        self.weights = nn.Embedding(buckets + 1, classes, padding_idx=0)
        nn.init.normal_(self.weights.weight[1:], std=0.01)
        self.bias, self.crf = nn.Parameter(torch.zeros(classes)), Crf(classes)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return logits of words (B, T, F), whole numbers as `zoo.sequence.words` lays them out."""
        return self.score(self.read(words.numbers(inputs, lengths, self.features)))

    def score(self, found: Tensor) -> Tensor:
        """Return logits (B, T, K) of features (B, T, N)."""
        B, T, N = found.shape
        summed = words.embedded_sum(found.view(B * T, N), self.weights.weight)
        return summed.view(B, T, -1) + self.bias

    def solve(self, batches: Sequence[Batch]) -> None:
        """Find the weights of the largest likelihood less `strength` times their squares (L-BFGS, Liu and Nocedal 1989)."""
        known = [
            (
                self.read(words.numbers(batch["inputs"], batch["lengths"], self.features)),
                batch["tags"],
                batch["lengths"],
            )
            for batch in batches
        ]
        nn.init.zeros_(self.weights.weight)
        optimizer = torch.optim.LBFGS(self.parameters(), max_iter=ITERATIONS, line_search_fn="strong_wolfe")

        def closure() -> Tensor:
            optimizer.zero_grad()
            total = self.strength * torch.stack([one.square().sum() for one in self.parameters()]).sum()
            total.backward()
            for found, tags, lengths in known:  # one after another, so that only one graph is in memory
                loss = self.loss(self.score(found), tags, lengths) * lengths.sum()
                loss.backward()
                total = total.detach() + loss.detach()
            return total

        optimizer.step(closure)

    def loss(self, logits: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """See `Structured`."""
        return self.crf.loss(logits, tags, lengths)

    def decode(self, logits: Tensor, lengths: Tensor) -> Tensor:
        """See `Structured`."""
        return self.crf.decode(logits, lengths)


def build(classes: int, bands: int, *, buckets: int = 100_000, strength: float = 0.1) -> LinearCrf:
    """Build a random field whose features share `buckets` rows of weights, which `strength` holds small."""
    if strength < 0:
        raise ZooError(f"model.strength={strength} must be 0 or more")
    return LinearCrf(classes, bands, buckets, strength)
