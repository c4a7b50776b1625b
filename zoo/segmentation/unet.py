"""U-Net: an encoder whose feature maps are brought back, stride by stride, to the size of the image.

Paper: Ronneberger, Fischer, Brox 2015, https://arxiv.org/abs/1505.04597. The decoder is the one of Segmentation Models
PyTorch (Pavel Iakubovskii, https://github.com/qubvel-org/segmentation_models.pytorch, MIT): two 3 × 3 convolutions with
batch norm a step, nearest-neighbour enlargement, padding that keeps the size. The encoder is any of the zoo's backbones.
"""

from collections.abc import Sequence

from segmentation_models_pytorch.base import SegmentationHead
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder

from zoo.backbone.features import Features
from zoo.segmentation.network import Segmenter, check_classes, encoder


def build(
    classes: int,
    bands: int,
    backbone: Features,
    *,
    decoder_channels: Sequence[int] = (128, 64, 48, 32, 16),
    frozen_stride: int = 0,
    gamma: float = 1.0,
) -> Segmenter:
    """A U-Net of K `classes` for images of C `bands`; as many steps deep as `decoder_channels` (coarse to fine) is long.

    Layers of the backbone up to `frozen_stride` are not trained, nor the statistics of its norms: for pretrained weights.
    Values are raised to the power of `gamma`: 0.5 shows what lies in shadow.
    """
    check_classes(classes)
    selected, channels, strides = encoder(backbone, bands, len(decoder_channels))
    if frozen_stride:
        selected.freeze(frozen_stride)
    decoder = UnetDecoder(channels, tuple(decoder_channels), len(strides))
    return Segmenter(selected, decoder, SegmentationHead(decoder_channels[-1], classes), strides, gamma)
