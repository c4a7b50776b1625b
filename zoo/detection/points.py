"""Points: the places of an image at which an anchor-free detector predicts, one for each cell of each feature map.

Follows FCOS (Tian et al. 2019, https://arxiv.org/abs/1904.01355), section 3.1: a cell answers for its centre.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def grid(height: int, width: int, stride: int, device: torch.device | None = None) -> Tensor:
    """Centres of the cells of one feature map, row by row: (height * width, 2) as x, y in pixels of the image."""
    y = (torch.arange(height, device=device, dtype=torch.float32) + 0.5) * stride
    x = (torch.arange(width, device=device, dtype=torch.float32) + 0.5) * stride
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    return torch.stack((columns, rows), dim=-1).reshape(-1, 2)


def pyramid(features: Sequence[Tensor], strides: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Points of all feature maps (B, F, H, W), finest first: centres (P, 2) in pixels, and their strides (P,)."""
    grids = [grid(f.shape[-2], f.shape[-1], stride, f.device) for f, stride in zip(features, strides, strict=True)]
    sizes = [points.new_full((len(points),), float(stride)) for points, stride in zip(grids, strides, strict=True)]
    return torch.cat(grids), torch.cat(sizes)
