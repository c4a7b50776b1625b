"""Recurrent layers, one direction or both, that read each sequence from its own first step and its own last one.

Padding lies behind, so what runs forwards never meets it before the end; what runs backwards gets the sequence turned
round within its length. That needs no packing, and can be exported.
"""

import torch
from torch import Tensor, nn

from zoo.sequence.masking import valid

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU}


class Recurrent(nn.Module):
    """`layers` layers of a cell (lstm or gru); with `both` ways, each half of the `width` runs one way."""

    def __init__(self, cell: str, inputs: int, width: int, layers: int, both: bool, dropout: float) -> None:
        super().__init__()
        each = width // 2 if both else width
        sizes = [inputs] + [each * (1 + both)] * (layers - 1)
        self.width = each * (1 + both)
        self.forwards = nn.ModuleList(CELLS[cell](size, each, batch_first=True) for size in sizes)
        self.backwards = nn.ModuleList(CELLS[cell](size, each, batch_first=True) for size in sizes if both)
        self.dropout = nn.Dropout(dropout)

    def forward(self, steps: Tensor, lengths: Tensor) -> Tensor:
        """Return steps (B, T, C) of steps (B, T, F) with these lengths (B,); 0 behind them."""
        inside = valid(lengths, steps.shape[1])[..., None]
        for index, ahead in enumerate(self.forwards):
            found, _ = ahead(self.dropout(steps) if index else steps)
            if self.backwards:
                back, _ = self.backwards[index](turned(self.dropout(steps) if index else steps, lengths))
                found = torch.cat([found, turned(back, lengths)], dim=2)
            steps = found.masked_fill(~inside, 0.0)
        return steps


def turned(steps: Tensor, lengths: Tensor) -> Tensor:
    """Turn each sequence of steps (B, T, C) round within its own length; what lies behind stays where it is."""
    T = steps.shape[1]
    order = torch.arange(T, device=steps.device).expand(steps.shape[0], T)
    order = torch.where(valid(lengths, T), lengths[:, None] - 1 - order, order)
    return steps.gather(1, order[..., None].expand_as(steps))
