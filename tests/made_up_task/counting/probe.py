"""What `zoo card check --recompute` holds a counter against."""

import torch
from torch import nn


def count(model: nn.Module, bands: int, classes: int, size: tuple[int, int]) -> str:
    """Check the counts of one picture."""
    found = model(torch.rand(1, bands, *size))
    assert found.shape == (1, classes), f"counts {tuple(found.shape)}"
    return f"(1, {bands}, {size[0]}, {size[1]}) → counts {tuple(found.shape)}"
