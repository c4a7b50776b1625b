"""Grad-CAM: where in an image a classifier looks for a class.

Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391.
"""

from typing import Any

import torch
from torch import Tensor, nn

from zoo.errors import ZooError


def grad_cam(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """Return where images (B, C, H, W) show the `classes` (B,) that they are asked about: (B, h, w) in [0, 1].

    The maps are those of the last layer that still has places; a network without such a layer is refused.
    """
    maps: list[Tensor] = []

    def keep(module: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor) and output.ndim == 4 and min(output.shape[2:]) > 1 and output.requires_grad:
            maps.append(output)

    hooks = [module.register_forward_hook(keep) for module in model.modules()]
    try:
        with torch.enable_grad():
            logits = model(images.detach().requires_grad_())
    finally:
        for hook in hooks:
            hook.remove()
    if not maps:
        raise ZooError(f"{type(model).__name__} has no layer with places, where a class could be looked for")
    last = maps[-1]  # (B, F, h, w)
    (gradient,) = torch.autograd.grad(logits.gather(1, classes[:, None]).sum(), last)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    seen = (weights * last).sum(dim=1).relu().detach()  # (B, h, w)
    return seen / seen.amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)
