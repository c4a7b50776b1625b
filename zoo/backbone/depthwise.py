"""Depthwise convolutions that stay in float32 where bfloat16 is slow on a processor.

oneDNN (v3.12, with PyTorch 2.14) has no fast bfloat16 gradient for depthwise convolutions that are strided or wider than
3×3 and falls back to a reference: 87 ms instead of 10 ms for a strided 5×5 one over 144 channels of 80×80, batch 8, on
two Zen 5 cores. All else stays in bfloat16; without autocast nothing changes, nor do the names of parameters.
"""

import torch
from timm.layers import Conv2dSame
from torch import Tensor, nn


class Float32Conv2d(nn.Conv2d):
    """A convolution that autocast on a CPU leaves in float32."""

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, H, W) to (B, F, H / stride, W / stride), float32 under autocast on a CPU."""
        if input.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            return super().forward(input)
        with torch.autocast("cpu", enabled=False):
            return super().forward(input.float())


class Float32Conv2dSame(Float32Conv2d, Conv2dSame):
    """The same for timm's convolution that pads as TensorFlow does."""


KEPT = {nn.Conv2d: Float32Conv2d, Conv2dSame: Float32Conv2dSame}


def keep_float32(network: nn.Module) -> nn.Module:
    """Turn, in place, the depthwise convolutions of `network` that are strided or wider than 3×3 into those above."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and type(module) in KEPT and is_slow(module):
            module.__class__ = KEPT[type(module)]  # the same parameters under the same names
    return network


def is_slow(convolution: nn.Conv2d) -> bool:
    """Whether this is one of those that have no fast gradient in bfloat16."""
    return convolution.groups > 1 and (convolution.stride[0] > 1 or convolution.kernel_size[0] > 3)
