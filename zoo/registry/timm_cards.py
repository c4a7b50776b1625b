"""Cards of timm's backbones, filled from timm's own pretrained configurations; what timm does not say is `unknown`.

timm: Ross Wightman, PyTorch Image Models, https://github.com/huggingface/pytorch-image-models (Apache-2.0). A weight's
tag tells what it was trained on (https://huggingface.co/docs/timm/models): `a1_in1k`, `fb_in22k_ft_in1k`, ….
"""

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from zoo.errors import ZooError, near
from zoo.files import cache_text
from zoo.files.paths import cache_root
from zoo.registry import licences
from zoo.registry.cards import Card
from zoo.registry.index import Entry

#: The words of a tag that name data. Words that name people, recipes or epochs say nothing about it.
DATA = {
    "in1k": "ImageNet-1k",
    "in12k": "ImageNet-12k",
    "in21k": "ImageNet-21k",
    "in22k": "ImageNet-22k",
    "inw21k": "ImageNet-21k (winter 2021)",
    "laion2b": "LAION-2B",
    "laion400m": "LAION-400M",
    "laiona": "LAION-Aesthetics",
    "webli": "WebLI",
    "openai": "the image and text pairs of OpenAI's CLIP",
    "metaclip": "MetaCLIP",
    "datacomp1b": "DataComp-1B",
    "datacompxl": "DataComp-XL",
    "dfn2b": "DFN-2B",
    "dfn5b": "DFN-5B",
    "dfndr2b": "DFNDR-2B",
    "merged2b": "Merged-2B",
    "lvd142m": "LVD-142M",
    "lvd1689m": "LVD-1689M",
    "sat493m": "SAT-493M",
    "ig1b": "Instagram-1B hashtags",
    "jft": "JFT-300M",
    "yfcc15m": "YFCC-15M",
    "yfcc100m": "YFCC-100M",
    "cc12m": "CC-12M",
    "sa1b": "SA-1B",
}
CODE = "https://github.com/huggingface/pytorch-image-models"


def card_of(name: str) -> Card:
    """Return the card of timm's model `name`: `architecture`, or `architecture.tag` for one set of its weights."""
    import timm
    from timm.models import get_pretrained_cfg

    if not timm.is_model(name):
        close = near(name, timm.list_models(pretrained=True) + timm.list_models())
        raise ZooError(f"timm has no model {name!r}{close}; `zoo list --timm` lists them")
    architecture, _, tag = name.partition(".")
    known = tags_of(architecture)
    if tag and tag not in known:
        raise ZooError(
            f"timm has no weights {tag!r} for {architecture!r}; it has {', '.join(filter(None, known)) or 'none'}"
        )
    tags = [tag] if tag else known
    configs = [get_pretrained_cfg(f"{architecture}.{one}" if one else architecture) for one in tags]
    return Card.model_validate(facts(name, architecture, configs))


def facts(name: str, architecture: str, configs: Sequence[Any]) -> dict[str, Any]:
    """Return the content of a card of `architecture` whose weights are those of `configs`, the default first."""
    first = configs[0]
    return {
        "name": f"timm/{name}",
        "task": "backbone",
        "summary": f"timm's {architecture}, an image backbone.",
        "build": "zoo.classification.timm_model:build",  # of no classes, as a backbone
        "options": {"timm_name": architecture},
        "paper": paper(first),
        "source": {"url": CODE, "licence": "Apache-2.0", "follows": follows(first)},
        "designed_for": designed_for(first),
        "not_for": (),
        "adapts": adapts(first),
        "licences": {"code": "Apache-2.0", "weights": licence(first.license), "data": licences.UNKNOWN},
        "weights": [weights(config) for config in configs if config.hf_hub_id or config.url],
        "parameters": count(architecture, first),
        "path": Path(f"timm/{name}"),
        "text": "\n".join(filter(None, (first.description, first.notes and str(first.notes)))),
    }


def tags_of(architecture: str) -> list[str]:
    """Return the tags of an architecture's weights, its default first; [""] when it has none."""
    import timm
    from timm.models import get_pretrained_cfg

    every = [name.partition(".")[2] for name in timm.list_models(f"{architecture}.*", pretrained=True)]
    config = get_pretrained_cfg(architecture)
    default = config.tag if config else None
    return sorted(every, key=lambda tag: tag != default) or [""]


def paper(config: Any) -> dict[str, Any]:
    """Return the publication, as far as timm names one; arXiv numbers begin with year and month."""
    ids = config.paper_ids if isinstance(config.paper_ids, str) else next(iter(config.paper_ids or ()), "")
    found = re.search(r"arXiv:((\d\d)\d\d\.\d{4,5})", ids)
    return {
        "title": config.paper_name or licences.UNKNOWN,
        "authors": licences.UNKNOWN,
        "year": 2000 + int(found[2]) if found else licences.UNKNOWN,
        "url": f"https://arxiv.org/abs/{found[1]}" if found else licences.UNKNOWN,
    }


def follows(config: Any) -> str:
    """Say which code is wrapped and where the weights come from."""
    origin = f"; the weights come from {config.origin_url}" if config.origin_url else ""
    return f"timm {version('timm')} {config.architecture}, features only{origin}"


def designed_for(config: Any) -> dict[str, Any]:
    """Return what the default weights were made for."""
    _, height, width = config.input_size
    return {
        "data": trained_on(config.tag or ""),
        "classes": config.num_classes or None,
        "geometry": "frame",
        "size": (height, width),
        "bands": bands(config),
    }


def adapts(config: Any) -> dict[str, str]:
    """Return what can be changed without retraining from zero."""
    size = {} if config.fixed_input_size else {"input size": "any"}
    return {"bands": "any number, by name; the filters of known bands are kept, others start from their mean", **size}


def bands(config: Any) -> tuple[str, ...]:
    """Name the bands of the input; timm's weights are all for photographs."""
    return ("red", "green", "blue") if config.input_size[0] == 3 else ("grey",) * config.input_size[0]


def weights(config: Any) -> dict[str, Any]:
    """Return one set of weights with its source, licence and preprocessing."""
    name = f"{config.architecture}.{config.tag}" if config.tag else config.architecture
    file = config.hf_hub_filename or "model.safetensors"
    data = trained_on(config.tag or "")
    return {
        "tag": config.tag or "default",
        "sources": [{"uri": f"hf://{config.hf_hub_id}@main/{file}" if config.hf_hub_id else f"timm://{name}"}],
        "trained_on": data,
        "initialised_from": f"weights trained on {data.split(', then ')[0]}" if ", then " in data else "",
        "licence": licence(config.license),
        "preprocessing": {
            "mean": config.mean,
            "std": config.std,
            "bands": bands(config),
            "size": config.input_size[1:],
        },
    }


def trained_on(tag: str) -> str:
    """Say what the words of a tag say about the training data, in their order, or `unknown`."""
    named = [DATA[word] for word in tag.split("_") if word in DATA]
    return ", then ".join(dict.fromkeys(named)) or licences.UNKNOWN


def licence(stated: str | None) -> str:
    """Return timm's statement as an SPDX id; a licence without one becomes LicenseRef-…, which a person has to read."""
    if not stated or stated == licences.UNKNOWN:
        return licences.UNKNOWN
    try:
        return licences.check(stated)
    except ValueError:
        return licences.check(f"LicenseRef-{stated}")


def count(architecture: str, config: Any) -> int:
    """Count the parameters of the network with its classifier, without memory for them."""
    import timm
    import torch

    with torch.device("meta"):
        network = timm.create_model(architecture, num_classes=config.num_classes)
    return sum(parameter.numel() for parameter in network.parameters())


def entries() -> list[Entry]:
    """Return a row for every pretrained model of timm; from the cache when this version of timm was read before."""
    store = cache_root() / "index" / f"timm-{version('timm')}.json"
    with suppress(OSError, ValueError, TypeError):
        return [Entry(*row) for row in json.loads(store.read_bytes())]
    rows = _rows()
    cache_text(store, json.dumps(rows))
    return rows


def _rows() -> list[Entry]:
    import timm
    from timm.models import get_pretrained_cfg

    rows = []
    for name in timm.list_models(pretrained=True):
        config: Any = get_pretrained_cfg(name)
        granted = {"code": "Apache-2.0", "weights": licence(config.license), "data": licences.UNKNOWN}
        use = licences.use(granted).commercial
        what = f"trained on {trained_on(config.tag or '')}"
        tags = [config.tag or "default"]
        rows.append(Entry(f"timm/{name}", "backbone", what, "active", [], None, granted, use, tags, "timm"))
    return rows
