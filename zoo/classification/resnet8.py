"""ResNet-8 of MLPerf Tiny: three residual blocks for images of 32 pixels, 78,000 parameters.

Banbury et al. 2021, https://arxiv.org/abs/2106.07597; the blocks are those of He et al. 2015, with convolutions that pad as
TensorFlow's do and have a bias.
"""

from timm.layers import Conv2dSame
from torch import Tensor, nn

from zoo.classification.network import Classifier, check_classes

WIDTHS = (16, 32, 64)
#: What Keras adds to a variance, where PyTorch adds 1e-5.
EPSILON = 1e-3


class Block(nn.Module):
    """Two convolutions with batch norm, and what came in added: through a convolution of 1 × 1 where the size changes."""

    def __init__(self, inside: int, width: int, stride: int) -> None:
        super().__init__()
        self.first, self.second = normed(inside, width, stride), normed(width, width, 1)
        self.shortcut = nn.Identity() if stride == 1 else Conv2dSame(inside, width, 1, stride)

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps (B, width, H / stride, W / stride)."""
        return (self.second(self.first(maps).relu()) + self.shortcut(maps)).relu()


class Trunk(nn.Module):
    """The stem and three blocks, and the mean over the image: normalised images to (B, 64)."""

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.stem = normed(bands, WIDTHS[0], 1)
        pairs = zip((WIDTHS[0], *WIDTHS), WIDTHS, (1, 2, 2), strict=False)
        self.blocks = nn.Sequential(*(Block(inside, width, stride) for inside, width, stride in pairs))

    def forward(self, images: Tensor) -> Tensor:
        """Return features (B, 64)."""
        return self.blocks(self.stem(images).relu()).mean(dim=(2, 3))


def normed(inside: int, width: int, stride: int) -> nn.Sequential:
    """Return a convolution of 3 × 3 with batch norm."""
    return nn.Sequential(Conv2dSame(inside, width, 3, stride), nn.BatchNorm2d(width, eps=EPSILON))


def build(classes: int, bands: int, *, dropout: float = 0.0) -> Classifier:
    """A ResNet-8 of K `classes` for images of C `bands`."""
    check_classes(classes)
    return Classifier(Trunk(bands), nn.Linear(WIDTHS[-1], classes), bands, "dense", dropout, least=8)
