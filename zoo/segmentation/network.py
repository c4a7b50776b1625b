"""The frame of an encoder-decoder: what every network here does between the image and its logits."""

from collections.abc import Mapping, Sequence

from segmentation_models_pytorch.base.initialization import initialize_decoder, initialize_head
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from zoo.backbone.features import Features
from zoo.errors import ZooError
from zoo.weights.fitting import load_fitting


class Segmenter(nn.Module):
    """Backbone → decoder → head; see the contract in `zoo.segmentation`.

    The decoder is handed the image and a map for each of `strides`, each twice the one before and the first 2; where the
    backbone has no map of a stride, one without channels stands in its place. Logits that are smaller than the image are
    enlarged by bilinear interpolation. Values are raised to the power of `gamma` first.
    """

    backbone: Features

    def __init__(
        self, backbone: Features, decoder: nn.Module, head: nn.Module, strides: Sequence[int], gamma: float = 1.0
    ) -> None:
        super().__init__()
        if gamma <= 0:
            raise ZooError(
                f"gamma={gamma} must be above 0: values in [0, 1] are raised to its power; 1 leaves them as they are"
            )
        self.backbone, self.decoder, self.head = backbone, decoder, head
        self.strides, self.gamma = tuple(strides), gamma
        self.step = self.strides[-1]
        initialize_decoder(decoder)
        initialize_head(head)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, K, H, W) of images (B, C, H, W) in [0, 1]."""
        H, W = images.shape[-2:]
        images = padded(images if self.gamma == 1 else images.clamp(min=0) ** self.gamma, self.step)
        maps = dict(zip(self.backbone.strides, self.backbone(images), strict=True))
        pyramid = [maps.get(stride, absent(images, stride)) for stride in self.strides]
        return enlarged(self.head(self.decoder([images, *pyramid])), images)[..., :H, :W]

    @property
    def normalise(self) -> nn.Module:
        """Mean and std of the bands, which weights bring along."""
        return self.backbone.normalise

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load parameters of the whole network; the last convolution stays as it is where the classes differ."""
        load_fitting(self, state, ("head.",))


def padded(images: Tensor, step: int) -> Tensor:
    """Return images (B, C, H, W) with sides that `step` divides; the border is repeated, a black one would be an edge."""
    H, W = images.shape[-2:]
    return pad(images, (0, -W % step, 0, -H % step), mode="replicate")


def enlarged(logits: Tensor, images: Tensor) -> Tensor:
    """Return logits (B, K, h, w) at the size of the images."""
    if logits.shape[-2:] == images.shape[-2:]:
        return logits
    return interpolate(logits, size=images.shape[-2:], mode="bilinear", align_corners=False)


def absent(images: Tensor, stride: int) -> Tensor:
    """Return a map of no channels (B, 0, H / stride, W / stride): the decoder reads its size alone."""
    B, _, H, W = images.shape
    return images.new_empty(B, 0, H // stride, W // stride)


def encoder(backbone: Features, bands: int, depth: int = 5) -> tuple[Features, list[int], list[int]]:
    """Return the part of a backbone up to stride 2 ** depth, the channels of image and maps, and the strides.

    ZooError when the backbone has no map of that stride.
    """
    strides = [2 ** (i + 1) for i in range(depth)]
    if not strides or strides[-1] not in backbone.strides:
        depths = ", ".join(str(stride.bit_length() - 1) for stride in backbone.strides)
        raise ZooError(
            f"a decoder of {depth} steps (a U-Net has one for each number in model.decoder_channels) does not fit features of "
            f"strides {backbone.strides}; with them it can have {depths}; take another model.backbone"
        )
    selected = backbone.select([stride for stride in backbone.strides if stride <= strides[-1]])
    channels = dict(zip(selected.strides, selected.channels, strict=True))
    return selected, [bands, *(channels.get(stride, 0) for stride in strides)], strides


def check_classes(classes: int) -> None:
    """Refuse fewer than two classes."""
    if classes < 2:
        raise ZooError(f"classes={classes}, but a segmentation model needs at least 2: background is a class too")
