"""SegFormer: a transformer whose tokens overlap and shrink stage by stage, and a decoder of linear layers alone.

Paper: Xie et al. 2021, https://arxiv.org/abs/2105.15203. Encoder and decoder are those of Hugging Face's transformers
(Apache-2.0), built from their configuration; nothing is downloaded.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from transformers import SegformerConfig, SegformerModel
from transformers.models.segformer.modeling_segformer import SegformerDecodeHead

from zoo.backbone.normalise import Normalise
from zoo.segmentation.network import check_classes, enlarged, padded

STEP = 32  # the stride of the coarsest tokens


class Encoder(nn.Module):
    """Normalisation and the mix transformer."""

    def __init__(self, bands: int, config: SegformerConfig) -> None:
        super().__init__()
        self.normalise = Normalise(bands)
        self.transformer = SegformerModel(config)

    def forward(self, images: Tensor) -> Sequence[Tensor]:
        """Return the maps of strides 4, 8, 16 and 32 of images (B, C, H, W)."""
        return self.transformer(self.normalise(images), output_hidden_states=True).hidden_states


class SegFormer(nn.Module):
    """Encoder and decoder, enlarged four times; see the contract in `zoo.segmentation`."""

    def __init__(self, bands: int, config: SegformerConfig) -> None:
        super().__init__()
        self.backbone, self.head = Encoder(bands, config), SegformerDecodeHead(config)
        self.step = STEP

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, K, H, W) of images (B, C, H, W) in [0, 1]."""
        H, W = images.shape[-2:]
        images = padded(images, self.step)
        return enlarged(self.head(self.backbone(images)), images)[..., :H, :W]


def build(
    classes: int,
    bands: int,
    *,
    widths: Sequence[int] = (32, 64, 160, 256),
    depths: Sequence[int] = (2, 2, 2, 2),
    decoder_channels: int = 256,
) -> SegFormer:
    """A SegFormer of K `classes` for images of C `bands`; by default of the size B0."""
    check_classes(classes)
    config = SegformerConfig(
        num_channels=bands,
        hidden_sizes=list(widths),
        depths=list(depths),
        decoder_hidden_size=decoder_channels,
    )
    config.num_labels = classes
    return SegFormer(bands, config)
