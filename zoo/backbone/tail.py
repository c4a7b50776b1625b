"""Tail: the last stage of a backbone taken off, to run on regions (Faster R-CNN's C4) or, dilated, on whole maps (R-FCN)."""

import copy
from typing import Any

from torch import nn

from zoo.errors import ZooError


def tail(backbone: Any, stride: int = 16) -> tuple[nn.Sequential, int]:
    """Return a copy of the layers between the map of `stride` and the next one of `backbone`, and their channels.

    They are found by timm's names of the layers that the maps come from, `layer3` and `layer4`, or `blocks.4` and `blocks.6`.
    """
    if stride not in backbone.strides[:-1]:
        raise ZooError(
            f"the backbone has no stage behind stride {stride}: its strides are {backbone.strides}; choose another"
        )
    index = backbone.strides.index(stride)
    before, last = (backbone.trunk.feature_info.module_name()[i] for i in (index, index + 1))
    parent = before.rpartition(".")[0]
    children = [name for name, _ in backbone.trunk.model.get_submodule(parent).named_children()]
    names = [name.removeprefix(f"{parent}.") for name in (before, last)]
    if not set(names) <= set(children):
        raise ZooError(
            f"the layers {before} and {last} do not follow one another; choose a backbone=resnet50 or the like"
        )
    chosen = children[children.index(names[0]) + 1 : children.index(names[1]) + 1]
    layers = [copy.deepcopy(backbone.trunk.model.get_submodule(f"{parent}.{name}".lstrip("."))) for name in chosen]
    return nn.Sequential(*layers), backbone.channels[index + 1]


def dilate(stage: nn.Module) -> nn.Module:
    """Take the stride out of a stage, in place, and widen its later convolutions instead, as à trous networks do.

    Yu and Koltun 2015, https://arxiv.org/abs/1511.07122; what was 3×3 at half the size sees as far at the whole one.
    """
    for layer in stage.modules():
        if not isinstance(layer, nn.Conv2d):
            continue
        layer.stride = (1, 1)
        if layer.kernel_size[0] > 1:
            layer.dilation = (2, 2)
            if layer.padding != (0, 0) and not isinstance(layer.padding, str):  # timm's "same" pads by itself
                layer.padding = (2 * layer.padding[0], 2 * layer.padding[1])
    return stage
