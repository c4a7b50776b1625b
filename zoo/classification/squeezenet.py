"""SqueezeNet: fire modules that squeeze channels before they expand them; AlexNet's accuracy in a fiftieth of its size.

Paper: Iandola et al. 2016, https://arxiv.org/abs/1602.07360. The layers are torchvision's (BSD-3-Clause).
"""

from typing import Literal

from torch import Tensor, nn
from torchvision.models import squeezenet1_0, squeezenet1_1

from zoo.classification.network import Classifier, check_classes

VERSIONS = {"1_0": squeezenet1_0, "1_1": squeezenet1_1}
#: Channels of the last fire module.
FEATURES = 512


class SqueezeNet(Classifier):
    """Fire modules; the last layer is a convolution whose rectified maps are averaged, one a class."""

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, K), none below 0, of images (B, C, H, W) in [0, 1]."""
        return self.head(self.dropout(self.maps(images)))

    def maps(self, images: Tensor) -> Tensor:
        """Return the last maps (B, 512, H / 16, W / 16)."""
        return self.backbone(self.sized(self.normalise(images)))

    def features(self, images: Tensor) -> Tensor:
        """Return the means of the last maps (B, 512)."""
        return self.maps(images).mean(dim=(2, 3))

    def own_name(self, name: str) -> str:
        """Return what torchvision's parameter is called here."""
        renamed = name.replace("features.", "backbone.", 1)
        return renamed.replace("classifier.1.", "head.0.", 1)


def build(classes: int, bands: int, *, version: Literal["1_0", "1_1"] = "1_1", dropout: float = 0.5) -> SqueezeNet:
    """A SqueezeNet of K `classes` for images of C `bands`."""
    check_classes(classes)
    layers = VERSIONS[version](weights=None).features
    first = layers[0]
    layers[0] = entry = nn.Conv2d(bands, first.out_channels, first.kernel_size, first.stride)
    nn.init.kaiming_uniform_(entry.weight)
    last = nn.Conv2d(FEATURES, classes, 1)
    head = nn.Sequential(last, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    nn.init.normal_(last.weight, std=0.01)
    # a rectified logit that begins below zero everywhere never learns
    assert last.bias is not None
    nn.init.constant_(last.bias, 0.1)
    return SqueezeNet(layers, head, bands, "classifier.1", dropout)
