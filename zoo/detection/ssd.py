"""SSD: the single-shot detector on VGG-16 or any timm backbone, with the choices of its paper as switches.

Liu et al. 2016, https://arxiv.org/abs/1512.02325. Layers as in the authors' Caffe code and
in torchvision (BSD-3, https://github.com/pytorch/vision/blob/main/torchvision/models/detection/ssd.py), whose weights of
SSD300 fit. `atrous` turns VGG's fc6 into a dilated convolution at stride 16 (section 3.1); without it fc6 and fc7 are
VGG's full layers at stride 32 and conv5_3 predicts as well, as in the paper's comparison (table 2).
"""

from collections.abc import Sequence
from typing import Any, Unpack

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from torchvision.models.detection.ssd import SSDHead

from zoo.detection.default_boxes import DefaultBoxes, distribute_shapes, paper_shapes
from zoo.detection.detector import Backbone, prepare_backbone
from zoo.detection.postprocess import Postprocess, PostprocessOptions
from zoo.detection.single_shot import SingleShot
from zoo.errors import ZooError

STRIDES = (8, 16)
#: What follows fc7: width, kernel, stride, padding of each further map; a 1×1 convolution of half the width comes before.
EXTRAS = {
    300: ((512, 3, 2, 1), (256, 3, 2, 1), (256, 3, 1, 0), (256, 3, 1, 0)),
    512: ((512, 3, 2, 1), (256, 3, 2, 1), (256, 3, 2, 1), (256, 3, 2, 1), (256, 4, 1, 1)),
}


class Maps(nn.Module):
    """The backbone's maps of stride 8 and 16 to those that SSD predicts from; `channels` are theirs, finest first."""

    def __init__(self, inputs: Sequence[int], size: int, atrous: bool, count: int) -> None:
        super().__init__()
        fine, coarse = inputs
        self.scale_weight = nn.Parameter(torch.full((fine,), 20.0))  # ParseNet's, https://arxiv.org/abs/1506.04579
        self.fc = atrous_fc(coarse) if atrous else full_fc(coarse)
        width = 1024 if atrous else 4096
        self.channels = [fine, width] if atrous else [fine, coarse, width]
        extras = EXTRAS[size] if atrous else EXTRAS[size][1:]
        self.extra = nn.ModuleList()
        for channels, kernel, stride, padding in extras[: max(0, count - len(self.channels))]:
            narrow, wide = (
                nn.Conv2d(self.channels[-1], channels // 2, 1),
                nn.Conv2d(channels // 2, channels, kernel, stride, padding),
            )
            self.extra.append(nn.Sequential(narrow, nn.ReLU(inplace=True), wide, nn.ReLU(inplace=True)))
            self.channels.append(channels)
        self.atrous = atrous
        for layer in (*self.fc.modules(), *self.extra.modules()):
            if isinstance(layer, nn.Conv2d):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Maps (B, inputs[i], H / 8 or H / 16, …) to float32 maps (B, channels[i], H_i, W_i)."""
        fine, coarse = features
        maps = [self.scale_weight.view(1, -1, 1, 1) * normalize(fine)]
        maps += [self.fc(coarse)] if self.atrous else [coarse, self.fc(coarse)]
        for layer in self.extra:
            maps.append(layer(maps[-1]))
        return [feature.float() for feature in maps]


def atrous_fc(inputs: int) -> nn.Sequential:
    """pool5 without stride and fc6, fc7 subsampled to 3×3 with holes, at the stride of the input."""
    return nn.Sequential(
        nn.MaxPool2d(3, stride=1, padding=1),
        nn.Conv2d(inputs, 1024, 3, padding=6, dilation=6),
        nn.ReLU(inplace=True),
        nn.Conv2d(1024, 1024, 1),
        nn.ReLU(inplace=True),
    )


def full_fc(inputs: int) -> nn.Sequential:
    """pool5 with stride 2 and VGG's full fc6 and fc7."""
    return nn.Sequential(
        nn.MaxPool2d(2, stride=2, ceil_mode=True),
        nn.Conv2d(inputs, 4096, 7, padding=3),
        nn.ReLU(inplace=True),
        nn.Conv2d(4096, 4096, 1),
        nn.ReLU(inplace=True),
    )


def build(
    classes: int,
    bands: int,
    backbone: Backbone,
    *,
    size: int = 300,
    resize: bool = True,
    atrous: bool = True,
    aspect_ratios: Sequence[float] = (2, 3),
    default_boxes: str | Sequence[Sequence[float]] = "paper",
    frozen_stride: int = 0,
    **postprocess: Unpack[PostprocessOptions],
) -> SingleShot:
    """An SSD of K `classes` in images of C `bands`, on the strides 8 and 16 of any backbone.

    With `resize` every image is scaled to `size`, 300 or 512, as in the paper; without, it is seen at its own size, and
    the default boxes have the pixels that they have at `size`. `default_boxes` are the paper's with `aspect_ratios`
    (each with its inverse), or shapes [[width, height], …] in pixels; in a run `kmeans` fits them to the data.
    Layers up to `frozen_stride` are not trained. `postprocess` is what differs from the defaults of `Postprocess`.
    """
    if size not in EXTRAS:
        raise ZooError(f"size={size} is not one of the paper's; choose one of {', '.join(map(str, EXTRAS))}")
    if default_boxes == "paper":
        shapes = paper_shapes(size, aspect_ratios)
    else:
        shapes = distribute_shapes(default_boxes, size, least=2 if atrous else 3)
    trunk = round_maps_up(prepare_backbone(backbone, STRIDES, frozen_stride))
    maps = Maps(trunk.channels, size, atrous, len(shapes))
    head = SSDHead(maps.channels, [len(those) for those in shapes], classes + 1)
    for layer in head.modules():
        if isinstance(layer, nn.Conv2d):  # scores begin alike, also on maps without a norm, whose values are large
            nn.init.normal_(layer.weight, std=0.01)
    return SingleShot(trunk, bands, maps, head, DefaultBoxes(shapes, size), Postprocess(**postprocess), resize)


def round_maps_up(backbone: Any) -> Any:
    """Let pooling without padding, VGG's, keep the last row and column of an odd map: 300 pixels have 38 cells of 8."""
    for module in backbone.modules():
        if isinstance(module, nn.MaxPool2d) and module.padding == 0:
            module.ceil_mode = True
    return backbone
