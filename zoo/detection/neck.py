"""Neck: brings the backbone's feature maps to one width and gives the fine ones the context of the coarse ones.

Feature pyramid (Lin et al. 2017, https://arxiv.org/abs/1612.03144) with nearest upsampling and sums; its 3×3
convolutions are depthwise separable (Howard et al. 2017, https://arxiv.org/abs/1704.04861), for processors.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import interpolate


def convolution(inputs: int, outputs: int, size: int = 1, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution, batch norm and SiLU: (B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
    layer = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, groups=groups, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.SiLU(inplace=True))


def separable(channels: int, size: int = 3) -> nn.Sequential:
    """Depthwise convolution of that size and pointwise one, (B, channels, H, W) in and out."""
    depthwise = nn.Conv2d(channels, channels, size, padding=size // 2, groups=channels, bias=False)
    return nn.Sequential(depthwise, convolution(channels, channels))


class FeaturePyramid(nn.Module):
    """From maps of `inputs` channels, finest first, to as many maps of `channels`, and `extra` coarser ones by halving."""

    def __init__(self, inputs: Sequence[int], channels: int, extra: int = 0) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(convolution(width, channels) for width in inputs)
        self.smooth = nn.ModuleList(separable(channels) for _ in inputs)
        self.halve = nn.ModuleList(convolution(channels, channels, 3, stride=2) for _ in range(extra))

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Maps (B, inputs[i], H_i, W_i), each half the size of the one before, to maps (B, channels, H_i, W_i)."""
        maps = [layer(feature) for layer, feature in zip(self.lateral, features, strict=True)]
        for i in range(len(maps) - 1, 0, -1):
            maps[i - 1] = maps[i - 1] + interpolate(maps[i], size=maps[i - 1].shape[-2:], mode="nearest")
        maps = [layer(feature) for layer, feature in zip(self.smooth, maps, strict=True)]
        for layer in self.halve:
            maps.append(layer(maps[-1]))
        return maps
