"""MobileNetV1 at a quarter of its width, as MLPerf Tiny has it: depthwise separable convolutions, 220,000 parameters.

Howard et al. 2017, https://arxiv.org/abs/1704.04861; Banbury et al. 2021, https://arxiv.org/abs/2106.07597.
"""

from timm.layers import Conv2dSame
from torch import Tensor, nn

from zoo.classification.network import Classifier, check_classes

#: Width of each block, and by how much it halves the maps.
BLOCKS = (
    (16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (128, 1), (128, 1), (128, 1), (128, 1), (256, 2), (256, 1),
)  # fmt: skip
STEM = 8
#: What Keras adds to a variance, where PyTorch adds 1e-5.
EPSILON = 1e-3


class Separable(nn.Module):
    """A convolution of 3 × 3 for each channel and one of 1 × 1 over channels, each with batch norm and rectified."""

    def __init__(self, inside: int, width: int, stride: int) -> None:
        super().__init__()
        self.depthwise = normed(inside, inside, 3, stride, groups=inside)
        self.pointwise = normed(inside, width, 1, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps (B, width, H / stride, W / stride)."""
        return self.pointwise(self.depthwise(maps).relu()).relu()


class Trunk(nn.Module):
    """The stem, thirteen blocks, and the mean over the image: normalised images to (B, 256)."""

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.stem = normed(bands, STEM, 3, 2)
        insides = (STEM, *(width for width, _ in BLOCKS))
        pairs = zip(insides, BLOCKS, strict=False)
        self.blocks = nn.Sequential(*(Separable(inside, width, stride) for inside, (width, stride) in pairs))

    def forward(self, images: Tensor) -> Tensor:
        """Return features (B, 256)."""
        return self.blocks(self.stem(images).relu()).mean(dim=(2, 3))


def normed(inside: int, width: int, side: int, stride: int, groups: int = 1) -> nn.Sequential:
    """Return a convolution with batch norm."""
    return nn.Sequential(Conv2dSame(inside, width, side, stride, groups=groups), nn.BatchNorm2d(width, eps=EPSILON))


def build(classes: int, bands: int, *, dropout: float = 0.0) -> Classifier:
    """A MobileNetV1 of a quarter's width with K `classes` for images of C `bands`."""
    check_classes(classes)
    return Classifier(Trunk(bands), nn.Linear(BLOCKS[-1][0], classes), bands, "dense", dropout)
