"""Any network of timm as a classifier, or, where no class is asked for, as a backbone.

timm: Ross Wightman, https://github.com/huggingface/pytorch-image-models (Apache-2.0).
"""

from typing import Annotated, Any

import timm
import torch
from pydantic import Field
from torch import Tensor, nn

from zoo.backbone import features
from zoo.backbone.depthwise import keep_float32
from zoo.classification.network import Classifier
from zoo.errors import ZooError


class Levels(Classifier):
    """A network whose head sees the last `levels` of its feature maps: the mean, the largest value and the deviation of each.

    Small things in an image show in maps of a finer stride and in their largest values, which the mean of the last maps,
    made for one large object, levels out.
    """

    def __init__(self, network: nn.Module, head: nn.Module, levels: int, *frame: Any, **settings: Any) -> None:
        super().__init__(network, head, *frame, **settings)
        self.levels = levels

    def features(self, images: Tensor) -> Tensor:
        """Return what the head sees of images (B, C, H, W): (B, 3 · channels of all levels)."""
        network: Any = self.backbone
        maps = network.forward_intermediates(
            self.sized(self.normalise(images)), indices=self.levels, stop_early=True, intermediates_only=True
        )
        return torch.cat([statistics(one) for one in maps], dim=1)


def statistics(maps: Tensor) -> Tensor:
    """Return mean, maximum and standard deviation (B, 3 · F) of maps (B, F, h, w) over their places."""
    places = maps.float().flatten(2)
    deviation = (places.var(dim=2, correction=0) + 1e-6).sqrt()
    return torch.cat([places.mean(dim=2), places.amax(dim=2), deviation], dim=1)


def build(
    classes: int, bands: int, *, timm_name: str, dropout: float = 0.0, levels: Annotated[int, Field(ge=0)] = 0
) -> nn.Module:
    """A classifier of K `classes` for images of C `bands`, by timm's name; of no classes the features of that network.

    The head sees what that of the published network does, or of so many `levels` of feature maps, the last ones.
    """
    if not classes:
        return features.build(0, bands, timm_name=timm_name)
    if not timm.is_model(timm_name):
        raise ZooError(f"timm has no model {timm_name!r}; `zoo list --timm` lists them")
    network: Any = keep_float32(timm.create_model(timm_name, pretrained=False, num_classes=0, in_chans=bands))
    config = network.pretrained_cfg
    last = config.get("classifier")
    fixed = tuple(config["input_size"][1:]) if config.get("fixed_input_size") else None
    frame = bands, last if isinstance(last, str) else "head", dropout
    if levels:
        width = 3 * sum(channels_of(network, timm_name)[-levels:])
        return Levels(network, nn.Linear(width, classes), levels, *frame, fixed=fixed)
    return Classifier(network, nn.Linear(network.head_hidden_size, classes), *frame, fixed=fixed)


def channels_of(network: Any, timm_name: str) -> list[int]:
    """Return the channels of a network's feature maps, from the finest to the coarsest."""
    if not hasattr(network, "forward_intermediates"):
        raise ZooError(f"timm's {timm_name} does not give its feature maps one by one; take model.levels=0")
    return [level["num_chs"] for level in network.feature_info]
