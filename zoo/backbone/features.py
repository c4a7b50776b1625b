"""Features of any timm backbone, with its normalisation inside.

timm: Ross Wightman, https://github.com/huggingface/pytorch-image-models (Apache-2.0).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import timm
from torch import Tensor, nn

from zoo.backbone.depthwise import keep_float32
from zoo.backbone.normalise import Normalise
from zoo.errors import ZooError


class Features(nn.Module):
    """A timm network cut into feature maps; `trunk.model` carries timm's own parameter names."""

    def __init__(self, timm_name: str, bands: int, strides: Sequence[int] | None = None) -> None:
        super().__init__()
        self.timm_name, self.bands = timm_name, bands
        self.trunk: Any  # timm's FeatureGetterNet: feature_info, and the network itself as `model`
        whole = _cut(timm_name, bands, None)
        every = whole.feature_info.reduction()
        if strides is None:
            self.trunk, kept = whole, list(range(len(every)))
        else:
            missing = sorted(set(strides) - set(every))
            if missing:
                raise ZooError(f"backbone {timm_name!r} has no features of stride {missing[0]}; it has {every}")
            kept = [every.index(stride) for stride in sorted(strides)]
            self.trunk = _cut(timm_name, bands, tuple(kept))
        self.strides: list[int] = [every[i] for i in kept]
        self.channels: list[int] = [whole.feature_info.channels()[i] for i in kept]
        self.normalise = Normalise(bands)
        self.frozen: list[nn.Module] = []

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the feature maps (B, channels[i], H / strides[i], W / strides[i]) of images (B, C, H, W)."""
        return list(self.trunk(self.normalise(images)))

    def select(self, strides: Sequence[int]) -> "Features":
        """Return a backbone that computes the maps of these strides only, with this one's parameters."""
        if list(strides) == self.strides:
            return self
        smaller = Features(self.timm_name, self.bands, strides)
        mine = self.state_dict()
        smaller.load_state_dict({name: mine[name] for name in smaller.state_dict()})
        return smaller

    def freeze(self, stride: int) -> None:
        """Leave the layers up to the map of this stride as they are in training, and the statistics of all norms.

        A batch of a few crops has statistics too poor to replace the pretrained ones, as detectors have always done
        (torchvision's FrozenBatchNorm2d); scale and shift above that stride are trained.
        """
        names = {name.rpartition(".")[0] for name in self.select([stride]).state_dict() if name.startswith("trunk.")}
        self.frozen = [self.get_submodule(name) for name in names]
        for module in self.frozen:
            module.requires_grad_(False)
        self.frozen += [
            module for module in self.trunk.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)
        ]
        self.train(self.training)

    def train(self, mode: bool = True) -> "Features":
        """Set the mode of all but the frozen layers, which stay in evaluation."""
        super().train(mode)
        for module in self.frozen:
            module.eval()
        return self

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load a classifier's parameters in timm's names; what lies behind the features is left out."""
        network: nn.Module = self.trunk.model
        wanted = network.state_dict()
        wanted = {name: value for name, value in wanted.items() if not name.endswith("num_batches_tracked")}
        absent = sorted(set(wanted) - set(state))
        if absent:
            raise ZooError(f"weights for {self.timm_name!r} lack {len(absent)} parameters, the first is {absent[0]!r}")
        network.load_state_dict({name: state[name] for name in wanted}, strict=False)  # all but the counters of norms


def _cut(name: str, bands: int, indices: tuple[int, ...] | None) -> Any:
    if not timm.is_model(name):
        raise ZooError(f"timm has no model {name!r}; `timm.list_models('*{name[:6]}*')` lists near ones")
    extra: dict[str, Any] = {} if indices is None else {"out_indices": indices}
    # "getter" keeps timm's own names for every family and leaves out the layers behind the last map that is asked for
    network = timm.create_model(
        name, pretrained=False, features_only=True, feature_cls="getter", in_chans=bands, **extra
    )
    return keep_float32(network)


def build(classes: int, bands: int, *, timm_name: str) -> Features:
    """Build the features of a timm model; `classes` is not used, features have none."""
    return Features(timm_name, bands)
