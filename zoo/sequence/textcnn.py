"""TextCNN: convolutions of several widths over the words of a text, the largest answer of each, one linear layer.

Kim 2014, “Convolutional Neural Networks for Sentence Classification”, https://arxiv.org/abs/1408.5882; words also by hashed
n-grams of their characters, since no pretrained vectors stand behind them. Written for this zoo.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.sequence.masking import valid
from zoo.sequence.words import Words, numbers


class TextCnn(nn.Module):
    """Words (B, T, F) and lengths (B,) to logits (B, K)."""

    def __init__(self, classes: int, words: Words, filters: int, widths: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.words = words
        self.convolutions = nn.ModuleList(nn.Conv1d(words.size, filters, width) for width in widths)
        self.dropout, self.classifier = nn.Dropout(dropout), nn.Linear(filters * len(widths), classes)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, K) of words (B, T, F), whole numbers as `zoo.sequence.words` lays them out."""
        steps = numbers(inputs, lengths, self.words.features)
        mask = valid(lengths, steps.shape[1])
        vectors = self.words(steps).masked_fill(~mask[..., None], 0.0).transpose(1, 2)  # (B, D, T)
        found = [largest(convolution, vectors, lengths) for convolution in self.convolutions]
        return self.classifier(self.dropout(torch.cat(found, dim=1)))


def largest(convolution: nn.Module, vectors: Tensor, lengths: Tensor) -> Tensor:
    """Return the largest answer (B, filters) to windows of vectors (B, D, T) that begin inside a text.

    Zeros follow each text, so that one shorter than the window is seen too, alone as in a batch.
    """
    width = int(convolution.kernel_size[0])  # type: ignore[index]  # a Conv1d
    answers = F.relu(convolution(F.pad(vectors, (0, width - 1))))  # (B, filters, T), none below 0
    return answers.masked_fill(~valid(lengths, answers.shape[2])[:, None], 0.0).amax(dim=2)


def build(
    classes: int,
    bands: int,
    *,
    vocabulary: int = 8192,
    embedded: int = 64,
    buckets: int = 20000,
    filters: int = 64,
    widths: Sequence[int] = (3, 4, 5),
    dropout: float = 0.5,
) -> TextCnn:
    """Build a classifier of `filters` convolutions of each of these `widths`, in words."""
    return TextCnn(classes, Words(bands, vocabulary, embedded, buckets), filters, widths, dropout)
