"""Pyramid: the full-width feature pyramid of the two-stage and focal-loss detectors, torchvision's, from list to list.

Lin et al. 2017, https://arxiv.org/abs/1612.03144; P6 and P7: Lin et al. 2017, https://arxiv.org/abs/1708.02002. The
light one of Kestrel is in `neck.py`.
"""

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn
from torchvision.ops.feature_pyramid_network import FeaturePyramidNetwork, LastLevelMaxPool, LastLevelP6P7

#: What is put on top: nothing, P6 by subsampling P5 (Faster R-CNN), P6 and P7 by convolutions of P5 (RetinaNet, FCOS).
TOPS = ("none", "pool", "convolutions")


class Pyramid(nn.Module):
    """Maps (B, inputs[i], H_i, W_i), fine to coarse, to maps (B, channels, H_i, W_i) and those of the top."""

    def __init__(self, inputs: Sequence[int], channels: int, top: str) -> None:
        super().__init__()
        blocks = {"none": None, "pool": LastLevelMaxPool(), "convolutions": LastLevelP6P7(channels, channels)}
        self.fpn = FeaturePyramidNetwork(list(inputs), channels, blocks[top])

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """The pyramid, float32, so that anchors made from it are exact under autocast too."""
        named = OrderedDict((str(i), feature) for i, feature in enumerate(features))
        return [feature.float() for feature in self.fpn(named).values()]
