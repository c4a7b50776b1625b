"""Any network of timm as a classifier, or, where no class is asked for, as a backbone.

timm: Ross Wightman, https://github.com/huggingface/pytorch-image-models (Apache-2.0).
"""

from typing import Any

import timm
from torch import nn

from zoo.backbone import features
from zoo.backbone.depthwise import keep_float32
from zoo.classification.network import Classifier
from zoo.errors import ZooError


def build(classes: int, bands: int, *, timm_name: str, dropout: float = 0.0) -> nn.Module:
    """A classifier of K `classes` for images of C `bands`, by timm's name; of no classes the features of that network."""
    if not classes:
        return features.build(0, bands, timm_name=timm_name)
    if not timm.is_model(timm_name):
        raise ZooError(f"timm has no model {timm_name!r}; `zoo list --timm` lists them")
    network: Any = keep_float32(timm.create_model(timm_name, pretrained=False, num_classes=0, in_chans=bands))
    config = network.pretrained_cfg
    last = config.get("classifier")
    return Classifier(
        network,
        nn.Linear(network.head_hidden_size, classes),
        bands,
        last if isinstance(last, str) else "head",
        dropout,
        fixed=tuple(config["input_size"][1:]) if config.get("fixed_input_size") else None,
    )
