"""Means over the cells of a grid, of maps whose size is free: PyTorch's pooling to a grid, as a graph of any size has it.

Where a cell begins depends on the size of the map, which a graph that is traced with one size would keep. Two products with
matrices that are reckoned from the size are the same means.
"""

import torch
from torch import Tensor, nn


class GridPool(nn.Module):
    """Maps (B, F, H, W) to the means (B, F, rows, columns) of the cells of a grid, as `nn.AdaptiveAvgPool2d` has them."""

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__()
        self.rows, self.columns = rows, columns

    def forward(self, maps: Tensor) -> Tensor:
        """Return the means."""
        return cells(self.rows, maps.shape[2]) @ maps @ cells(self.columns, maps.shape[3]).T


def cells(count: int, length: int) -> Tensor:
    """Return the share (count, length) that each of so many cells of a row has in its pixels; neighbours may overlap."""
    pixels, first = torch.arange(length), torch.arange(count)[:, None]
    length_ = pixels[-1:] + 1  # from the pixels, since of a free length there is no number
    begin = torch.div(first * length_, count, rounding_mode="floor")
    end = torch.div((first + 1) * length_ + count - 1, count, rounding_mode="floor")
    inside = ((pixels >= begin) & (pixels < end)).float()  # (count, length)
    return inside / inside.sum(dim=1, keepdim=True)


def free_pools(model: nn.Module) -> nn.Module:
    """Put a `GridPool` in the place of each pooling to a grid of a model, in place, and return it; means over all stay."""
    for name, layer in list(model.named_modules()):
        if isinstance(layer, nn.AdaptiveAvgPool2d) and layer.output_size not in (1, (1, 1)):
            size = layer.output_size
            rows, columns = size if isinstance(size, tuple) else (size, size)
            model.set_submodule(name, GridPool(rows, columns))  # type: ignore[arg-type]  # a side of None is no one's here
    return model
