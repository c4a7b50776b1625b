"""SegNet: the decoder remembers where each maximum was, and puts its maps back there; no features are copied.

Paper: Badrinarayanan, Kendall, Cipolla 2017, https://arxiv.org/abs/1511.00561. `segnet` has the thirteen convolutions of
VGG-16 with batch norm as its encoder and their mirror image as its decoder; SegNet-Basic has four of 7 × 7 and 64 channels
on either side, and no ReLU in the decoder.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import max_pool2d, max_unpool2d

from zoo.backbone.normalise import Normalise
from zoo.errors import ZooError
from zoo.segmentation.network import check_classes, padded

#: Output channels of the convolutions between two poolings: VGG-16's, and SegNet-Basic's.
VGG16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
BASIC = ((64,), (64,), (64,), (64,))


def layer(inputs: int, outputs: int, kernel: int, rectified: bool = True) -> list[nn.Module]:
    """Return a convolution, batch norm and ReLU."""
    # the bias is without effect before a norm, but VGG-16 with batch norm has one, and so its weights
    convolution = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    return [convolution, nn.BatchNorm2d(outputs), *([nn.ReLU()] if rectified else [])]


class Encoder(nn.Module):
    """Normalisation, then blocks of convolutions; `features` has timm's and torchvision's names of VGG-16."""

    def __init__(self, bands: int, blocks: Sequence[Sequence[int]], kernel: int) -> None:
        super().__init__()
        self.normalise = Normalise(bands)
        self.features = nn.Sequential()
        inputs = bands
        for block in blocks:
            for outputs in block:
                self.features.extend(layer(inputs, outputs, kernel))
                inputs = outputs
            self.features.append(nn.MaxPool2d(2))

    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the coarsest map and, for each pooling, where its maxima were."""
        x, places = self.normalise(images), []
        for module in self.features:
            if isinstance(module, nn.MaxPool2d):
                x, place = max_pool2d(x, 2, return_indices=True)
                places.append(place)
            else:
                x = module(x)
        return x, places


class SegNet(nn.Module):
    """Encoder and its mirror image; see the contract in `zoo.segmentation`."""

    def __init__(
        self, classes: int, encoder: Encoder, blocks: Sequence[Sequence[int]], kernel: int, basic: bool
    ) -> None:
        super().__init__()
        self.backbone, self.step = encoder, 2 ** len(blocks)
        self.blocks = nn.ModuleList()
        for i, block in reversed(list(enumerate(blocks))):
            after = [blocks[i - 1][-1]] if i else [64] if basic else []  # the head is the last convolution of SegNet
            self.blocks.append(mirror([*block[::-1], *after], kernel, not basic))
        self.head = nn.Conv2d(blocks[0][0], classes, 1 if basic else 3, padding=0 if basic else 1)

    @property
    def normalise(self) -> Normalise:
        """The normalisation that weights bring."""
        return self.backbone.normalise

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, K, H, W) of images (B, C, H, W) in [0, 1]."""
        H, W = images.shape[-2:]
        x, places = self.backbone(padded(images, self.step))
        for block, place in zip(self.blocks, places[::-1], strict=True):
            x = block(max_unpool2d(x, place, (2, 2)))
        return self.head(x)[..., :H, :W]

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load VGG-16's convolutions; the classifier behind them is left out."""
        mine = self.backbone.features.state_dict()
        kept = {name.removeprefix("features."): value for name, value in state.items() if name.startswith("features.")}
        absent = sorted(name for name in set(mine) - set(kept) if not name.endswith("num_batches_tracked"))
        if absent:
            raise ZooError(
                f"weights for SegNet's encoder lack {len(absent)} parameters, the first is features.{absent[0]}"
            )
        self.backbone.features.load_state_dict({**mine, **{name: kept[name] for name in mine if name in kept}})


def mirror(channels: Sequence[int], kernel: int, rectified: bool) -> nn.Sequential:
    """Return a block of the decoder: convolutions from each of the channels to the next."""
    return nn.Sequential(*(module for a, b in pairwise(channels) for module in layer(a, b, kernel, rectified)))


def build(classes: int, bands: int, *, basic: bool = False) -> SegNet:
    """A SegNet, or SegNet-Basic, of K `classes` for images of C `bands`."""
    check_classes(classes)
    blocks, kernel = (BASIC, 7) if basic else (VGG16, 3)
    return SegNet(classes, Encoder(bands, blocks, kernel), blocks, kernel, basic)
