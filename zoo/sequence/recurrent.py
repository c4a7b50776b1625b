"""Recurrent layers, one direction or both, that read each sequence from its own first step and its own last one.

Padding lies behind, so what runs forwards never meets it before the end; what runs backwards gets the sequence turned
round within its length. That needs no packing, and can be exported.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from zoo.sequence.masking import valid

#: By class the name of ONNX's operator, and which of PyTorch's gates stands where in it: i o f c of i f c o; z r h of r z n.
GATES: Mapping[type[nn.Module], tuple[str, tuple[int, ...]]] = {
    nn.LSTM: ("LSTM", (0, 3, 1, 2)),
    nn.GRU: ("GRU", (1, 0, 2)),
}
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
            found = read(ahead, self.dropout(steps) if index else steps)
            if self.backwards:
                back = read(self.backwards[index], turned(self.dropout(steps) if index else steps, lengths))
                found = torch.cat([found, turned(back, lengths)], dim=2)
            steps = found.masked_fill(~inside, 0.0)
        return steps


def read(layer: nn.Module, steps: Tensor) -> Tensor:
    """Return what a layer of one of the `CELLS` makes of steps (B, T, F): (B, T, C).

    In a graph that is exported it is ONNX's own operator, since PyTorch would write out each step, and their number.
    """
    if torch.compiler.is_exporting():
        return operator(layer, steps)
    found: Tensor = layer(steps)[0]
    return found


def operator(layer: Any, steps: Tensor) -> Tensor:
    """Return steps (B, T, C) by the node of ONNX for a recurrent layer of one direction.

    https://onnx.ai/onnx/operators/onnx__LSTM.html, https://onnx.ai/onnx/operators/onnx__GRU.html: the gates stand in another
    order there, and PyTorch's GRU resets the state behind its product with the weights.
    """
    name, order = GATES[type(layer)]
    input_weights, state_weights, *biases = (
        torch.cat([value.chunk(len(order))[gate] for gate in order])[None]
        for value in (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0)
    )
    B, T, _ = steps.shape
    found = torch.onnx.ops.symbolic(
        name,
        (steps.transpose(0, 1), input_weights, state_weights, torch.cat(biases, dim=1)),
        {"hidden_size": layer.hidden_size, **({"linear_before_reset": 1} if isinstance(layer, nn.GRU) else {})},
        dtype=steps.dtype,
        shape=(T, 1, B, layer.hidden_size),
        version=None,
    )
    return found[:, 0].transpose(0, 1)


def turned(steps: Tensor, lengths: Tensor) -> Tensor:
    """Turn each sequence of steps (B, T, C) round within its own length; what lies behind stays where it is."""
    T = steps.shape[1]
    order = torch.arange(T, device=steps.device).expand(steps.shape[0], T)
    order = torch.where(valid(lengths, T), lengths[:, None] - 1 - order, order)
    return steps.gather(1, order[..., None].expand_as(steps))
