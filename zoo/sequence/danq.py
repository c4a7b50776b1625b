"""DanQ: a convolution that finds motifs in DNA, and an LSTM both ways that reads their grammar.

Quang and Xie 2016, https://doi.org/10.1093/nar/gkw226; layers as in the authors' code, https://github.com/uci-cbcl/DanQ
(MIT), whose 320 motifs of 26 bases over 1,000 are here `size`, for sequences of any length.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.sequence.convolution import StepConv, StepNorm
from zoo.sequence.masking import mean_over_time, valid
from zoo.sequence.nucleotides import OneHot
from zoo.sequence.recurrent import Recurrent


class DanQ(nn.Module):
    """Letters (B, T, 1) to logits (B, K)."""

    def __init__(self, classes: int, front: OneHot, size: tuple[int, int, int], ends: int, dropout: float) -> None:
        super().__init__()
        motifs, kernel, width = size
        self.front, self.ends = front, ends
        self.motifs, self.norm = StepConv(4, motifs, kernel), StepNorm(motifs)
        self.grammar = Recurrent("lstm", motifs, width, 1, True, 0.0)
        self.dropout = nn.Dropout(dropout)
        self.places = nn.Conv1d(width, width, 1)
        self.classifier = nn.Sequential(nn.Linear((ends + 1) * width, width), nn.ReLU(), nn.Linear(width, classes))

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, K) of letters (B, T, 1)."""
        bases = self.front(inputs, lengths).transpose(1, 2)
        motifs = F.relu(self.norm(self.motifs(bases), lengths))
        read = self.grammar(self.dropout(motifs).transpose(1, 2), lengths)
        read = F.relu(self.places(read.transpose(1, 2))).transpose(1, 2)
        parts = [mean_over_time(read, lengths), *thirds(read, lengths, self.ends)]
        return self.classifier(self.dropout(torch.cat(parts, dim=1)))


def thirds(steps: Tensor, lengths: Tensor, count: int) -> list[Tensor]:
    """Return the largest value (B, C) in each of `count` equal parts of the sequences of steps (B, T, C), of at least a step.

    Where something lies along the sequence counts: the authors flatten all places, which needs one length.
    """
    T, found = steps.shape[1], []
    for part in range(count):
        start = (lengths * part // count).clamp(max=lengths - 1)
        end = torch.maximum(start + 1, lengths * (part + 1) // count)
        inside = valid(end, T) & ~valid(start, T)
        found.append(steps.masked_fill(~inside[..., None], -torch.inf).amax(dim=1))
    return found


def build(
    classes: int,
    bands: int,
    *,
    size: tuple[int, int, int] = (96, 13, 96),
    parts: int = 15,
    dropout: float = 0.3,
) -> DanQ:
    """Build a DanQ; `size` is motifs, bases of a motif, width of the LSTM; `parts` are the places that it tells apart."""
    return DanQ(classes, OneHot(bands), size, parts, dropout)
