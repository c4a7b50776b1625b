"""PSPNet: what the whole image shows, pooled to grids of 1, 2, 3 and 6, beside the map of each place.

Paper: Zhao et al. 2017, https://arxiv.org/abs/1612.01105. The pyramid is that of Segmentation Models PyTorch (MIT), over the
map of stride 16; the paper dilates its last stages to stay at stride 8, for which a light backbone has no such stages.
"""

from segmentation_models_pytorch.base import SegmentationHead
from segmentation_models_pytorch.decoders.pspnet.decoder import PSPDecoder

from zoo.backbone.features import Features
from zoo.segmentation.network import Segmenter, check_classes, encoder


def build(
    classes: int, bands: int, backbone: Features, *, decoder_channels: int = 128, dropout: float = 0.1
) -> Segmenter:
    """A PSPNet of K `classes` for images of C `bands`, on the backbone's map of stride 16."""
    check_classes(classes)
    selected, channels, strides = encoder(backbone, bands, 4)
    decoder = PSPDecoder(channels, out_channels=decoder_channels, dropout=dropout)
    return Segmenter(selected.select([16]), decoder, SegmentationHead(decoder_channels, classes), strides)
