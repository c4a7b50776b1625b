"""Images that exports are asked about: spots under noise, black, white and grey ones, the same each time."""

import numpy as np
import torch
from torch import Tensor

#: Pixels of the spots: of the size of what detectors are trained on.
SPOT = 16


def spots(count: int, bands: int, height: int, width: int, seed: int = 0) -> Tensor:
    """Return images (B, C, H, W) in [0, 1] of spots under noise."""
    rng = np.random.default_rng(seed)
    found = rng.random((count, bands, -(-height // SPOT), -(-width // SPOT)))
    wide = found.repeat(SPOT, axis=2).repeat(SPOT, axis=3)[:, :, :height, :width]
    noise = rng.normal(0, 0.05, wide.shape)
    return torch.from_numpy((wide + noise).clip(0, 1).astype(np.float32))


def plain(bands: int, height: int, width: int) -> Tensor:
    """Return images (3, C, H, W) without anything on them: black, white, and of another level in each band."""
    levels = torch.linspace(0, 1, bands + 2)[1:-1]
    colours = torch.stack([torch.zeros(bands), torch.ones(bands), levels])
    return colours[:, :, None, None].expand(-1, -1, height, width).contiguous()
