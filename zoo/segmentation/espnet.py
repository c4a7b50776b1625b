"""ESPNet: a spatial pyramid of dilated convolutions in place of each convolution; 0.36 M parameters, made for the edge.

Paper: Mehta et al. 2018, https://arxiv.org/abs/1803.06815, figures 1, 2 and 4: reduce, split, transform, merge. A module
projects to a fifth of its channels, looks at them with five dilation rates, and adds the answers up from the narrowest to the
widest before they are laid side by side, which removes the grid that dilation leaves.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from zoo.backbone.normalise import Normalise
from zoo.errors import ZooError
from zoo.segmentation.network import check_classes, padded
from zoo.weights.fitting import load_fitting

RATES = (1, 2, 4, 8, 16)
#: Added to the variance of a batch norm: that of the published code, whose weights are wrong in silence with PyTorch's 1e-5.
EPS = 1e-3


class Activation(nn.Sequential):
    """Batch norm and a rectifier with a learned slope for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__(nn.BatchNorm2d(channels, eps=EPS), nn.PReLU(channels))


class Pyramid(nn.Module):
    """The module of the paper; `stride` 2 halves the map, else what goes in is added to what comes out when `residual`."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, residual: bool = True) -> None:
        super().__init__()
        narrow = outputs // len(RATES)
        first = outputs - narrow * (len(RATES) - 1)  # what the division leaves goes to the undilated one
        kernel = 3 if stride == 2 else 1
        self.reduce = nn.Conv2d(inputs, narrow, kernel, stride, kernel // 2, bias=False)
        self.transform = nn.ModuleList(
            nn.Conv2d(narrow, first if rate == 1 else narrow, 3, padding=rate, dilation=rate, bias=False)
            for rate in RATES
        )
        self.residual, self.activate = residual and stride == 1, Activation(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, outputs, H / stride, W / stride) of (B, inputs, H, W)."""
        reduced = self.reduce(x)
        first, *wider = [transform(reduced) for transform in self.transform]
        merged = [first, wider[0]]
        for answer in wider[1:]:
            merged.append(merged[-1] + answer)
        made = torch.cat(merged, dim=1)
        return self.activate(x + made if self.residual else made)


class Encoder(nn.Module):
    """Three levels, of strides 2, 4 and 8; the image, made smaller, comes in again at the first two."""

    def __init__(self, bands: int, depths: Sequence[int]) -> None:
        super().__init__()
        self.normalise = Normalise(bands)
        self.first = nn.Sequential(nn.Conv2d(bands, 16, 3, 2, 1, bias=False), Activation(16))
        self.activate = nn.ModuleList(Activation(channels) for channels in (16 + bands, 128 + bands, 256))
        self.down = nn.ModuleList(Pyramid(a, b, stride=2) for a, b in ((16 + bands, 64), (128 + bands, 128)))
        self.levels = nn.ModuleList(
            nn.Sequential(*(Pyramid(channels, channels) for _ in range(depth)))
            for channels, depth in zip((64, 128), depths, strict=True)
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the maps of strides 2 (16 + C), 4 (128 + C) and 8 (256 channels) of images (B, C, H, W)."""
        images = self.normalise(images)
        half = avg_pool2d(images, 3, 2, 1)
        quarter = avg_pool2d(half, 3, 2, 1)
        first = self.activate[0](torch.cat((self.first(images), half), dim=1))
        down = self.down[0](first)
        second = self.activate[1](torch.cat((self.levels[0](down), down, quarter), dim=1))
        down = self.down[1](second)
        return first, second, self.activate[2](torch.cat((down, self.levels[1](down)), dim=1))


class ESPNet(nn.Module):
    """Encoder and the light decoder of the paper, all of whose maps have K channels; see the contract in `zoo.segmentation`."""

    #: The image comes in at several places, so that weights are for the bands that they know, in their order.
    fixed_bands: ClassVar[bool] = True

    def __init__(self, classes: int, bands: int, depths: Sequence[int]) -> None:
        super().__init__()
        self.backbone = Encoder(bands, depths)
        self.third = nn.Sequential(
            nn.Conv2d(256, classes, 1, bias=False), nn.BatchNorm2d(classes, eps=EPS), twice(classes)
        )
        self.step = 8
        self.second = nn.Conv2d(128 + bands, classes, 1, bias=False)
        self.combine = nn.Sequential(
            Activation(2 * classes), Narrow(2 * classes, classes), twice(classes), Activation(classes)
        )
        self.first = nn.Sequential(
            nn.Conv2d(classes + 16 + bands, classes, 3, padding=1, bias=False), Activation(classes)
        )
        self.head = twice(classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, K, H, W) of images (B, C, H, W) in [0, 1]."""
        H, W = images.shape[-2:]
        first, second, third = self.backbone(padded(images, self.step))
        combined = self.combine(torch.cat((self.second(second), self.third(third)), dim=1))
        return self.head(self.first(torch.cat((combined, first), dim=1)))[..., :H, :W]

    @property
    def normalise(self) -> nn.Module:
        """Mean and std of the bands, which weights bring along."""
        return self.backbone.normalise

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load parameters of the whole network; of other classes the encoder alone, all of the decoder is theirs."""
        load_fitting(self, state, ("second.", "third.", "combine.", "first.", "head."))


class Narrow(nn.Module):
    """A pyramid without residual for few channels: below five, where none could be split, a plain convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        if outputs >= len(RATES):
            self.module: nn.Module = Pyramid(inputs, outputs, residual=False)
        else:
            self.module = nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), Activation(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, outputs, H, W) of (B, inputs, H, W)."""
        return self.module(x)


def twice(channels: int) -> nn.ConvTranspose2d:
    """Return a transposed convolution that doubles a map."""
    return nn.ConvTranspose2d(channels, channels, 2, 2, bias=False)


def build(classes: int, bands: int, *, depths: Sequence[int] = (2, 8)) -> ESPNet:
    """An ESPNet of K `classes` for images of C `bands`; `depths` are the modules of the second and third level."""
    check_classes(classes)
    if len(depths) != 2 or min(depths) < 1:
        raise ZooError(f"model.depths={list(depths)} must be two numbers from 1 on, as in [2, 8]")
    return ESPNet(classes, bands, depths)
