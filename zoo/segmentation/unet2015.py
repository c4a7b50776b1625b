"""U-Net as it was published, with its own encoder; the SpaceNet winner's is the same with norms and half the channels.

Paper: Ronneberger, Fischer, Brox 2015, https://arxiv.org/abs/1505.04597. Pairs of 3 × 3 convolutions, max pooling down,
2 × 2 transposed convolutions up, the encoder's map copied beside. Convolutions are padded, so that the logits have the size
of the image and tiles can be laid side by side; in the paper they are not.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from zoo.backbone.normalise import Normalise
from zoo.errors import ZooError
from zoo.segmentation.network import check_classes, padded


def pair(inputs: int, outputs: int, norm: bool) -> nn.Sequential:
    """Return two 3 × 3 convolutions with ReLU, and with batch norm when asked."""
    layers: list[nn.Module] = []
    for before in (inputs, outputs):
        layers += [
            nn.Conv2d(before, outputs, 3, padding=1, bias=not norm),
            *([nn.BatchNorm2d(outputs)] if norm else []),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)


class Encoder(nn.Module):
    """Normalisation, and a pair of convolutions for each of `channels` with a max pooling between."""

    def __init__(self, bands: int, channels: Sequence[int], norm: bool, dropout: float) -> None:
        super().__init__()
        self.normalise = Normalise(bands)
        self.blocks = nn.ModuleList(pair(a, b, norm) for a, b in pairwise((bands, *channels)))
        self.dropout = nn.Dropout(dropout)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the maps (B, channels[i], H / 2^i, W / 2^i) of images (B, C, H, W)."""
        maps = [self.blocks[0](self.normalise(images))]
        for block in self.blocks[1:]:
            maps.append(block(max_pool2d(maps[-1], 2)))
        return [*maps[:-1], self.dropout(maps[-1])]  # the paper: dropout at the end of the contracting path


class UNet2015(nn.Module):
    """Encoder, transposed convolutions and pairs up again, a 1 × 1 convolution; see the contract in `zoo.segmentation`."""

    def __init__(self, encoder: Encoder, channels: Sequence[int], classes: int, norm: bool) -> None:
        super().__init__()
        self.backbone, self.step = encoder, 2 ** (len(channels) - 1)
        falling = list(pairwise(channels[::-1]))
        self.up = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, 2) for a, b in falling)
        self.blocks = nn.ModuleList(pair(2 * b, b, norm) for _, b in falling)
        self.head = nn.Conv2d(channels[0], classes, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)  # section 3: a deviation of sqrt(2 / N)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, K, H, W) of images (B, C, H, W) in [0, 1]."""
        H, W = images.shape[-2:]
        *maps, x = self.backbone(padded(images, self.step))
        for up, block, copied in zip(self.up, self.blocks, maps[::-1], strict=True):
            x = block(torch.cat((copied, up(x)), dim=1))
        return self.head(x)[..., :H, :W]


def build(
    classes: int,
    bands: int,
    *,
    channels: Sequence[int] = (64, 128, 256, 512, 1024),
    norm: bool = False,
    dropout: float = 0.5,
) -> UNet2015:
    """A U-Net of K `classes` for images of C `bands`, with so many `channels` at each scale."""
    check_classes(classes)
    if len(channels) < 2:
        raise ZooError(f"model.channels={list(channels)} must have at least two scales, as in [32, 64]")
    return UNet2015(Encoder(bands, channels, norm, dropout), channels, classes, norm)
