"""DeepLabV3+: atrous convolutions of several rates over the coarsest map, sharpened with one of stride 4.

Paper: Chen et al. 2018, https://arxiv.org/abs/1802.02611. The decoder is that of Segmentation Models PyTorch (MIT). The
encoder keeps its strides: the map of stride 16 is used as it is, which is the paper's output stride.
"""

from collections.abc import Sequence

from segmentation_models_pytorch.base import SegmentationHead
from segmentation_models_pytorch.decoders.deeplabv3.decoder import DeepLabV3PlusDecoder

from zoo.backbone.features import Features
from zoo.segmentation.network import Segmenter, check_classes, encoder


def build(
    classes: int,
    bands: int,
    backbone: Features,
    *,
    decoder_channels: int = 128,
    rates: Sequence[int] = (6, 12, 18),
    dropout: float = 0.1,
) -> Segmenter:
    """A DeepLabV3+ of K `classes` for images of C `bands`, on the backbone's map of stride 16; `rates` of the convolutions."""
    check_classes(classes)
    selected, channels, strides = encoder(backbone, bands, 4)
    decoder = DeepLabV3PlusDecoder(channels, 4, decoder_channels, tuple(rates), 16, True, dropout)
    return Segmenter(selected, decoder, SegmentationHead(decoder_channels, classes, kernel_size=1), strides)
