"""PVANET: Faster R-CNN on a deep and thin trunk, with maps of three strides put together as in HyperNet.

Kim et al. 2016, https://arxiv.org/abs/1608.08021 and Hong et al. 2016, https://arxiv.org/abs/1611.08588. conv3_4 is pooled
to stride 16, conv5_4 is upsampled by a 4×4 deconvolution of each channel, and a 1×1 convolution makes 512 channels of
them and conv4_4 (HyperNet: Kong et al. 2016, https://arxiv.org/abs/1604.00600). Proposals come from the first 128 of these
by a layer of 384; regions are 6×6 of all 512 and two linear layers of 4096.
"""

from collections.abc import Sequence
from typing import Unpack

import torch
from torch import Tensor, nn
from torchvision.models.detection.faster_rcnn import TwoMLPHead
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops import MultiScaleRoIAlign

from zoo.detection.anchors import Anchors
from zoo.detection.detector import Backbone, prepare_backbone
from zoo.detection.limits import LimitOptions, Limits
from zoo.detection.two_stage import Predictor, TwoStage, proposal_network, region_heads

STRIDES = (8, 16, 32)
SEARCHED, ALL, HIDDEN = 128, 512, 384  # channels: of convf seen by the proposals, of convf, of the proposals' layer


class HyperFeature(nn.Module):
    """Maps of the strides 8, 16 and 32 to one of stride 16: its first channels, for proposals, and all of them."""

    def __init__(self, inputs: Sequence[int]) -> None:
        super().__init__()
        coarse = inputs[2]
        self.down = nn.MaxPool2d(3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(coarse, coarse, 4, stride=2, padding=1, groups=coarse, bias=False)
        self.convf = nn.Sequential(nn.Conv2d(sum(inputs), ALL, 1), nn.ReLU(inplace=True))
        with torch.no_grad():  # begins as bilinear upsampling
            line = torch.tensor([0.25, 0.75, 0.75, 0.25])
            self.up.weight.copy_((line[:, None] * line).expand_as(self.up.weight))

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Maps (B, 128, H / 16, W / 16) and (B, 512, H / 16, W / 16)."""
        fine, middle, coarse = features
        whole = self.convf(torch.cat((self.down(fine), middle, self.up(coarse)), dim=1))
        return [whole[:, :SEARCHED], whole]


class ProposalHead(RPNHead):
    """torchvision's head with more channels within than it is given."""

    def __init__(self, anchors: int) -> None:
        super().__init__(HIDDEN, anchors)
        layer = nn.Conv2d(SEARCHED, HIDDEN, 3, padding=1)
        self.conv = nn.Sequential(layer, nn.ReLU(inplace=True))
        nn.init.normal_(layer.weight, std=0.01)


def build(
    classes: int,
    bands: int,
    backbone: Backbone,
    *,
    width: int = 4096,
    anchor_sizes: Sequence[float] = (48, 96, 144, 256, 400),
    aspect_ratios: Sequence[float] = (0.5, 0.667, 1.0, 1.5, 2.0),
    frozen_stride: int = 0,
    **limits: Unpack[LimitOptions],
) -> TwoStage:
    """A PVANET of K `classes` in images of C `bands`, on its own trunk or the strides 8, 16 and 32 of any backbone.

    `width` is that of the two linear layers; anchors are the first paper's. Layers up to `frozen_stride` are not trained.
    `limits` is what differs from the defaults of `Limits`.
    """
    trunk = prepare_backbone(backbone, STRIDES, frozen_stride)
    anchors = Anchors((16,), [anchor_sizes], aspect_ratios)
    bounds = Limits(**limits)
    rpn = proposal_network(SEARCHED, anchors, bounds, ProposalHead(anchors.count))
    heads = region_heads(
        MultiScaleRoIAlign(["1"], 6, 2), TwoMLPHead(ALL * 6 * 6, width), Predictor(width, classes), bounds
    )
    return TwoStage(trunk, bands, HyperFeature(trunk.channels), rpn, heads, searched=1)
