"""Words as vectors: a table for those that are known, hashed character n-grams and a convolution for all others.

A step is a row of whole numbers: the word's number in a vocabulary (0 nothing, 1 unknown), then the code points of its
characters between the marks < and >, 0 behind them. Hashed n-grams: Bojanowski et al. 2017, “Enriching Word Vectors with
Subword Information”, https://arxiv.org/abs/1607.04606. Convolution: Ma and Hovy 2016, https://arxiv.org/abs/1603.01354.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.errors import ZooError
from zoo.sequence.masking import valid

#: A prime below 2 ** 31 and a factor whose product with it stays below 2 ** 63: hashes are the same on every machine.
_PRIME, _FACTOR = 2147483629, 1000003


def numbers(inputs: Tensor, lengths: Tensor, features: int) -> Tensor:
    """Return inputs (B, T, F) as int64, 0 behind each length; ZooError when F is not `features`."""
    if inputs.shape[2] != features:
        raise ZooError(
            f"inputs of shape {tuple(inputs.shape)} have {inputs.shape[2]} features; this model takes {features}"
        )
    return inputs.masked_fill(~valid(lengths, inputs.shape[1])[..., None], 0).long()


def hashed(rows: Tensor, buckets: int) -> Tensor:
    """Return hashes (…) from 1 to `buckets` of rows of whole numbers (…, N); 0 where a row holds a 0."""
    mixed = torch.full_like(rows[..., 0], rows.shape[-1])
    for part in rows.unbind(-1):
        mixed = (mixed * _FACTOR + part + 1) % _PRIME
    return torch.where((rows > 0).all(dim=-1), mixed % buckets + 1, 0)


def embedded_sum(rows: Tensor, table: Tensor) -> Tensor:
    """Return the sums (N, D) of so many `rows` (N, R) of a table (E, D); row 0 counts for nothing.

    In a graph that is exported each is looked up by itself: what PyTorch sums as it looks up would be a loop in ONNX.
    """
    if torch.compiler.is_exporting():
        return (F.embedding(rows, table) * (rows > 0)[..., None]).sum(dim=1)
    return F.embedding_bag(rows, table, mode="sum", padding_idx=0)


class NGrams(nn.Module):
    """The mean of the vectors of a word's character n-grams, `shortest` to `longest` long, in `buckets` shared rows."""

    def __init__(self, size: int, buckets: int, shortest: int = 3, longest: int = 5) -> None:
        super().__init__()
        self.buckets, self.lengths = buckets, range(shortest, longest + 1)
        self.table = nn.Embedding(buckets + 1, size, padding_idx=0)
        nn.init.normal_(self.table.weight[1:], std=size**-0.5)

    def forward(self, characters: Tensor) -> Tensor:
        """Return vectors (B, T, D) of characters (B, T, C)."""
        B, T, C = characters.shape
        rows = [hashed(characters.unfold(2, n, 1), self.buckets) for n in self.lengths if n <= C]
        if not rows:
            return self.table.weight.new_zeros(B, T, self.table.embedding_dim)
        grams = torch.cat(rows, dim=2).view(B * T, -1)
        summed = embedded_sum(grams, self.table.weight)
        return (summed / (grams > 0).sum(dim=1, keepdim=True).clamp(min=1)).view(B, T, -1)


class CharacterConv(nn.Module):
    """The largest answer of each filter over a word's characters; code points share `rows` rows, Latin ones have their own."""

    def __init__(self, size: int, embedded: int = 24, rows: int = 512) -> None:
        super().__init__()
        self.rows = rows
        self.table = nn.Embedding(rows, embedded, padding_idx=0)
        self.convolution = nn.Conv1d(embedded, size, 3, padding=1)

    def forward(self, characters: Tensor) -> Tensor:
        """Return vectors (B, T, D) of characters (B, T, C); 0 for a word without any."""
        B, T, C = characters.shape
        flat = characters.view(B * T, C)
        there = flat > 0
        embedded = self.table(torch.where(there, (flat - 1) % (self.rows - 1) + 1, 0))
        answers = F.relu(self.convolution(embedded.transpose(1, 2)))  # (B · T, D, C), none below 0
        return answers.masked_fill(~there[:, None], 0.0).amax(dim=2).view(B, T, -1)


class Words(nn.Module):
    """Steps (B, T, F) of whole numbers to vectors (B, T, `size`): known words, n-grams, and characters beside them.

    `hidden` is the share of known words that training hides as unknown, so that the rest of the network learns from the
    characters alone; `convolved` is how many filters run over the characters, 0 for none.
    """

    def __init__(
        self, features: int, vocabulary: int, size: int, buckets: int, convolved: int = 0, hidden: float = 0.0
    ) -> None:
        super().__init__()
        self.features, self.hidden = features, hidden
        self.table = nn.Embedding(vocabulary, size, padding_idx=0)
        nn.init.normal_(self.table.weight[1:], std=size**-0.5)
        self.grams = NGrams(size, buckets) if features > 3 and buckets else None
        self.letters = CharacterConv(convolved) if features > 1 and convolved else None
        self.size = size + (convolved if self.letters is not None else 0)

    def forward(self, steps: Tensor) -> Tensor:
        """Return vectors (B, T, D) of steps (B, T, F), int64, 0 where there is none."""
        known, characters = steps[..., 0], steps[..., 1:]
        if self.training and self.hidden:
            hide = torch.rand(known.shape, device=known.device) < self.hidden
            known = torch.where(hide & (known > 0), 1, known)
        vectors = self.table(known)
        if self.grams is not None:
            vectors = vectors + self.grams(characters)
        if self.letters is not None:
            vectors = torch.cat([vectors, self.letters(characters)], dim=2)
        return vectors
