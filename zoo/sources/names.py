"""Names that stand for a file: those of timm's and torchvision's pretrained weights, looked up in the library."""

import re

from zoo.sources.address import Address, parse
from zoo.sources.failure import SourceFailedError


def behind_timm(address: Address) -> Address:
    """Return the hub file of a timm model name, `architecture.tag`; SourceFailedError for an unknown name or no file."""
    from timm.models import get_pretrained_cfg

    name = address.root
    try:
        config = get_pretrained_cfg(name)
    except RuntimeError as error:
        raise SourceFailedError(f"timm: {error}") from error
    if config is None:
        raise SourceFailedError(
            f"timm has no model {name!r}; `timm.list_pretrained('*{name.split('.')[0]}*')` lists some"
        )
    if not config.hf_hub_id:
        raise SourceFailedError(f"timm names no hub repository for {name!r}")
    return parse(f"hf://{config.hf_hub_id}@main/{config.hf_hub_filename or 'model.safetensors'}")


def behind_torchvision(address: Address) -> tuple[Address, str]:
    """Return where a torchvision weight lies, and how its sha256 begins as far as its name tells.

    Names are `ResNet50_Weights.IMAGENET1K_V2` or `resnet50.IMAGENET1K_V2`; torchvision writes the beginning of the
    sha256 into the name of the file (`resnet50-11ad3fa6.pth`).
    """
    from torchvision.models import get_model_weights, get_weight

    name, tag = address.root.rsplit(".", 1)
    try:
        weight = get_weight(address.root) if name.endswith("_Weights") else get_model_weights(name)[tag]
    except (ValueError, KeyError) as error:
        raise SourceFailedError(f"torchvision has no weights {address.root!r}: {error}") from error
    start = re.search(r"-([0-9a-f]{8,64})\.[a-z]+$", weight.url)
    return parse(weight.url), start.group(1) if start else ""
