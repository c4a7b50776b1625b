"""fastText's classifier: the mean of the vectors of words, of their character n-grams and of pairs of words; one linear layer.

Joulin et al. 2017, “Bag of Tricks for Efficient Text Classification”, https://arxiv.org/abs/1607.01759. The hashes are our
own, so vectors of the authors' program do not fit.
"""

import torch
from torch import Tensor, nn

from zoo.sequence.words import Words, embedded_sum, hashed, numbers


class FastText(nn.Module):
    """Words (B, T, F) and lengths (B,) to logits (B, K)."""

    def __init__(self, classes: int, words: Words, pairs: int, dropout: float) -> None:
        super().__init__()
        self.words, self.buckets = words, pairs
        self.pairs = nn.Embedding(pairs + 1, words.size, padding_idx=0)
        nn.init.normal_(self.pairs.weight[1:], std=words.size**-0.5)
        self.dropout, self.classifier = nn.Dropout(dropout), nn.Linear(words.size, classes)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, K) of words (B, T, F), whole numbers as `zoo.sequence.words` lays them out."""
        steps = numbers(inputs, lengths, self.words.features)
        there = steps[..., 0] > 0
        summed = self.words(steps).masked_fill(~there[..., None], 0.0).sum(dim=1)
        together = (
            hashed(self.identities(steps).unfold(1, 2, 1), self.buckets) if steps.shape[1] > 1 else steps[:, :0, 0]
        )
        if together.shape[1]:
            summed = summed + embedded_sum(together, self.pairs.weight)
        count = there.sum(dim=1) + (together > 0).sum(dim=1)
        return self.classifier(self.dropout(summed / count.clamp(min=1)[:, None]))

    def identities(self, steps: Tensor) -> Tensor:
        """Return a number (B, T) for each word: its characters' hash where there are any, so that unknown words differ."""
        characters = steps[..., 1:]
        if characters.shape[2] == 0:
            return steps[..., 0]
        mixed = hashed(characters + 1, 2**30)  # + 1: the zeros behind a word are part of what is hashed
        return torch.where(steps[..., 0] > 0, mixed, 0)


def build(
    classes: int,
    bands: int,
    *,
    vocabulary: int = 8192,
    embedded: int = 64,
    buckets: int = 20000,
    pairs: int = 20000,
    dropout: float = 0.2,
) -> FastText:
    """Build a classifier; `buckets` rows hold the hashed n-grams of characters, `pairs` rows those of words."""
    return FastText(classes, Words(bands, vocabulary, embedded, buckets), pairs, dropout)
