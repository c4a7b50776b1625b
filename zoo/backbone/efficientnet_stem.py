"""EfficientNet whose map of stride 2 is what the stem gives, and not the first stage, as segmentation-models-pytorch has it.

Tan and Le 2019, https://arxiv.org/abs/1905.11946. The layers are timm's (Ross Wightman, Apache-2.0), under timm's names; the
places of the maps are those of https://github.com/qubvel-org/segmentation_models.pytorch (MIT), whose weights fit.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import timm
from torch import Tensor, nn

from zoo.backbone.depthwise import keep_float32
from zoo.backbone.normalise import Normalise
from zoo.errors import ZooError
from zoo.weights.fitting import load_fitting

#: How many stages of blocks lie before the map of each stride.
STAGES = {2: 0, 4: 2, 8: 3, 16: 5, 32: 7}


class StemFeatures(nn.Module):
    """Maps of an EfficientNet; see `zoo.backbone`."""

    def __init__(self, timm_name: str, bands: int, strides: Sequence[int] = tuple(STAGES)) -> None:
        super().__init__()
        if not strides or not set(strides) <= set(STAGES):
            raise ZooError(f"{timm_name} has no features of strides {list(strides)}; it has {list(STAGES)}")
        self.timm_name, self.bands, self.strides = timm_name, bands, sorted(strides)
        whole: Any = timm.create_model(timm_name, pretrained=False, in_chans=bands, num_classes=0)
        widths = {info["reduction"]: info["num_chs"] for info in whole.feature_info} | {2: whole.conv_stem.out_channels}
        self.channels = [widths[stride] for stride in self.strides]
        self.normalise = Normalise(bands)
        self.stem = nn.Sequential(whole.conv_stem, whole.bn1)
        self.blocks = whole.blocks[: STAGES[self.strides[-1]]]
        _pad_alike(self.blocks)
        keep_float32(self)
        self.frozen: list[nn.Module] = []

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the feature maps (B, channels[i], H / strides[i], W / strides[i]) of images (B, C, H, W)."""
        feature = self.stem(self.normalise(images))
        found = {0: feature}
        for i, stage in enumerate(self.blocks, 1):
            found[i] = feature = stage(feature)
        return [found[STAGES[stride]] for stride in self.strides]

    def select(self, strides: Sequence[int]) -> "StemFeatures":
        """Return a backbone that computes the maps of these strides only, with this one's parameters."""
        if list(strides) == self.strides:
            return self
        smaller = StemFeatures(self.timm_name, self.bands, strides)
        mine = self.state_dict()
        smaller.load_state_dict({name: mine[name] for name in smaller.state_dict()})
        return smaller

    def freeze(self, stride: int) -> None:
        """Leave the layers up to the map of this stride as they are in training, and the statistics of all norms."""
        self.frozen = [self.stem, *self.blocks[: STAGES[stride]]]
        for module in self.frozen:
            module.requires_grad_(False)
        self.frozen += [module for module in self.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
        self.train(self.training)

    def train(self, mode: bool = True) -> "StemFeatures":
        """Set the mode of all but the frozen layers, which stay in evaluation."""
        super().train(mode)
        for module in self.frozen:
            module.eval()
        return self

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load the parameters; what is beyond the features is left out."""
        load_fitting(self, state, ())


def _pad_alike(blocks: nn.Sequential) -> None:
    """Let the convolution to stride 8 pad both sides alike, in place.

    B4 was laid out for images of 380 pixels, and the weights for the padding that this asks: there the map of stride 4 has an
    odd size, 95, and so its border is shared, where all others are even.
    """
    if len(blocks) > 2:
        convolution: Any = blocks[2][0].conv_dw  # type: ignore[index]
        convolution.__class__, convolution.padding = nn.Conv2d, tuple(side // 2 for side in convolution.kernel_size)


def build(classes: int, bands: int, *, timm_name: str) -> StemFeatures:
    """Build the features of an EfficientNet of timm; `classes` is not used, features have none."""
    return StemFeatures(timm_name, bands)
