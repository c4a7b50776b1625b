"""Normalisation as part of a model: what an exported model must contain."""

import torch
from torch import Tensor, nn


class Normalise(nn.Module):
    """(x - mean) / std per band; identity until weights bring their own mean and std."""

    mean: Tensor
    std: Tensor

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((bands,), 0.5))
        self.register_buffer("std", torch.full((bands,), 0.5))

    def forward(self, images: Tensor) -> Tensor:
        """Normalise images (B, C, H, W) in [0, 1]."""
        return (images - self.mean.view(1, -1, 1, 1)) / self.std.view(1, -1, 1, 1)
