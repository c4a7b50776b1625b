"""Convolutions that pad by the size of their input, as TensorFlow does, made to pad by a fixed number of pixels.

What such a layer pads depends on its input alone where the stride does not divide it. In a graph that takes images of whole
multiples of the coarsest stride it is known beforehand, and a formula in each layer of the graph would be for nothing: it
takes minutes to trace, and a runtime cannot join it to the convolution.
"""

import copy

from timm.layers import Conv2dSame
from torch import nn


def fix_padding(model: nn.Module) -> nn.Module:
    """Return a copy of a model for images of whole multiples of its coarsest stride, on which it answers as the model."""
    fixed = copy.deepcopy(model)
    for name, layer in list(fixed.named_modules()):
        if isinstance(layer, Conv2dSame):
            parent, _, own = name.rpartition(".")
            setattr(fixed.get_submodule(parent), own, padded(layer))
    return fixed


def padded(layer: Conv2dSame) -> nn.Module:
    """Return a layer as a convolution of fixed padding; where it is more on one side, behind a layer that pads."""
    edges = []
    for kernel, stride, dilation in zip(layer.kernel_size[::-1], layer.stride[::-1], layer.dilation[::-1], strict=True):
        total = max(0, (kernel - 1) * dilation + 1 - stride)
        edges += [total // 2, total - total // 2]  # the last dimension first, as padding is given
    made = nn.Conv2d(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,  # type: ignore[arg-type]
        layer.stride,  # type: ignore[arg-type]
        dilation=layer.dilation,  # type: ignore[arg-type]
        groups=layer.groups,
        bias=layer.bias is not None,
    )
    made.weight, made.bias = layer.weight, layer.bias
    if edges[0] == edges[1] and edges[2] == edges[3]:
        made.padding = (edges[2], edges[0])
        return made
    return nn.Sequential(nn.ZeroPad2d(tuple(edges)), made)  # type: ignore[arg-type]
