"""Probabilities of the classes, averaged over the symmetries of the square: from above there is no upright."""

from collections.abc import Callable

import torch
from torch import Tensor

from zoo.detection.views import View, views_named


def probabilities(model: Callable[[Tensor], Tensor], images: Tensor, views: int = 1) -> Tensor:
    """Return probabilities (B, K, H, W) float32 of images (B, C, H, W): the mean over 1, 2, 4 or 8 views."""
    total: Tensor | None = None
    for view in views_named(views):
        seen = upright(view, model(view.show(images)).float().softmax(dim=1))
        total = seen if total is None else total + seen
    return torch.as_tensor(total) / views


def upright(view: View, maps: Tensor) -> Tensor:
    """Turn maps (B, K, H, W) of a view back to the image as it is."""
    maps = maps.flip(2) if view.flip else maps
    maps = maps.flip(3) if view.mirror else maps
    return maps.transpose(2, 3) if view.transpose else maps
