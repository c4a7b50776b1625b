"""U-Net: an encoder whose feature maps are brought back, stride by stride, to the size of the image.

Paper: Ronneberger, Fischer, Brox 2015, https://arxiv.org/abs/1505.04597. The decoder is the one of Segmentation Models
PyTorch (Pavel Iakubovskii, https://github.com/qubvel-org/segmentation_models.pytorch, MIT): two 3 × 3 convolutions with
batch norm a step, nearest-neighbour enlargement, padding that keeps the size. The encoder is any of the zoo's backbones.
"""

from collections.abc import Sequence

from segmentation_models_pytorch.base import SegmentationHead
from segmentation_models_pytorch.base.initialization import initialize_decoder, initialize_head
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder
from torch import Tensor, nn
from torch.nn.functional import pad

from zoo.backbone.features import Features
from zoo.errors import ZooError


class UNet(nn.Module):
    """Backbone → decoder → head; see the contract in `zoo.segmentation`.

    `strides` are those that the decoder passes through, each twice the one before; where the backbone has no map of a
    stride, the decoder goes on without a skip connection.
    """

    backbone: Features

    def __init__(self, backbone: Features, decoder: nn.Module, head: nn.Module, strides: Sequence[int]) -> None:
        super().__init__()
        self.backbone, self.decoder, self.head = backbone, decoder, head
        self.strides = tuple(strides)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, K, H, W) of images (B, C, H, W) in [0, 1]."""
        H, W = images.shape[-2:]
        step = self.strides[-1]
        # the border is repeated: a black one would be an edge that the image does not have
        images = pad(images, (0, -W % step, 0, -H % step), mode="replicate")
        maps = dict(zip(self.backbone.strides, self.backbone(images), strict=True))
        pyramid = [maps.get(stride, absent(images, stride)) for stride in self.strides]
        return self.head(self.decoder([images, *pyramid]))[..., :H, :W]


def absent(images: Tensor, stride: int) -> Tensor:
    """Return a map of no channels (B, 0, H / stride, W / stride): the decoder reads its size alone."""
    B, _, H, W = images.shape
    return images.new_empty(B, 0, H // stride, W // stride)


def build(
    classes: int,
    bands: int,
    backbone: Features,
    *,
    decoder_channels: Sequence[int] = (128, 64, 48, 32, 16),
) -> UNet:
    """A U-Net of K `classes` for images of C `bands`; as many steps deep as `decoder_channels` (coarse to fine) is long."""
    if classes < 2:
        raise ZooError(f"classes={classes}, but a segmentation model needs at least 2: background is a class too")
    strides = [2 ** (i + 1) for i in range(len(decoder_channels))]
    if not strides or strides[-1] not in backbone.strides:
        depths = ", ".join(str(stride.bit_length() - 1) for stride in backbone.strides)
        raise ZooError(
            f"model.decoder_channels={list(decoder_channels)} has {len(decoder_channels)} numbers; "
            f"with features of strides {backbone.strides} it can have {depths}"
        )
    selected = backbone.select([stride for stride in backbone.strides if stride <= strides[-1]])
    channels = dict(zip(selected.strides, selected.channels, strict=True))
    decoder = UnetDecoder([bands, *(channels.get(s, 0) for s in strides)], tuple(decoder_channels), len(strides))
    head = SegmentationHead(decoder_channels[-1], classes)
    initialize_decoder(decoder)
    initialize_head(head)
    return UNet(selected, decoder, head, strides)
