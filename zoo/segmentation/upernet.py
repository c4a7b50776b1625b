"""UPerNet: a pyramid of poolings over the coarsest map, and a feature pyramid that is fused at stride 4.

Paper: Xiao et al. 2018, https://arxiv.org/abs/1807.10221. The decoder is that of Segmentation Models PyTorch (MIT).
"""

from segmentation_models_pytorch.base import SegmentationHead
from segmentation_models_pytorch.decoders.upernet.decoder import UPerNetDecoder

from zoo.backbone.features import Features
from zoo.segmentation.network import Segmenter, check_classes, encoder


def build(classes: int, bands: int, backbone: Features, *, decoder_channels: int = 96) -> Segmenter:
    """A UPerNet of K `classes` for images of C `bands` on a backbone with maps of strides 4 to 32."""
    check_classes(classes)
    selected, channels, strides = encoder(backbone, bands)
    # a map that the decoder passes over would never be trained
    selected = selected.select([stride for stride in selected.strides if stride >= 4])
    decoder = UPerNetDecoder(channels, 5, decoder_channels)
    return Segmenter(selected, decoder, SegmentationHead(decoder_channels, classes, kernel_size=1), strides)
