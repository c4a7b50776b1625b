"""Every model of the registry is exported at a tiny size in each format that its card names, and refused in every other."""

import copy
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import zoo
from tests.exports.opened import TRAINER
from zoo.errors import ZooError
from zoo.exports import formats
from zoo.exports.formats import FORMATS
from zoo.exports.graph import Graph, onnx_of, program
from zoo.inference import exported
from zoo.inference.opened import Opened
from zoo.registry.models import BACKBONE

CLASSES = ("barn", "silo", "tree")
#: What keeps models small; a card that has the option is built with it.
SMALL: dict[str, Any] = {
    "channels": 64,
    "decoder_channels": 16,
    "width": 32,
    "vocabulary": 256,
    "buckets": 500,
    "pairs": 500,
    "embedded": 16,
    "layers": 1,
}
BACKBONES = {"tf_efficientnet_lite0": "timm/test_efficientnet", "resnet50": "timm/test_resnet"}
#: Layers whose scores a fresh model has all alike, and whose boxes are anchors, some of which overlap by just one half.
LAST = (
    *("head.logits.", "head.code."),
    *("head.classification_head.cls_logits.", "head.regression_head.bbox_reg."),
)
MODELS = [name for name, card in zoo.cards().items() if card.task != BACKBONE]
EXPORTED = [
    (name, ending) for name in MODELS for ending, kind in FORMATS.items() if kind.name in zoo.card(name).exports.formats
]
REFUSED = [(name, ending) for name in MODELS for ending in FORMATS if (name, ending) not in EXPORTED]


def options_of(name: str) -> dict[str, Any]:
    """Return the options that make a model small."""
    options = zoo.card(name).options
    small = {key: value for key, value in SMALL.items() if isinstance(options.get(key), int)}
    known = isinstance(options.get("backbone"), str) or options.get("backbone") in BACKBONES
    return {
        **small,
        **({"backbone": BACKBONES[options["backbone"]]} if known and options["backbone"] in BACKBONES else {}),
    }


@cache
def opened(name: str) -> Opened:
    """Return an untrained model as a run of it would be opened."""
    torch.manual_seed(0)
    card, options = zoo.card(name), options_of(name)
    bands = card.designed_for.bands or ("red", "green", "blue")
    model = zoo.create(name, classes=len(CLASSES), bands=bands, **options).eval()
    for known, parameter in model.named_parameters():
        if known.startswith(LAST) and parameter.ndim > 1:
            nn.init.normal_(parameter, std=0.1)
    one = Opened(
        source=f"run {name}",
        model=name,
        build=lambda **changed: model,
        classes=CLASSES,
        bands=bands,
        options=options,
        task={"name": card.task, "objective": next(iter(card.objectives), "")},
        data={"name": "made", "tile": 64},
        trainer=TRAINER,
    )
    settle(model, one)
    return one


def settle(model: nn.Module, one: Opened) -> None:
    """Give norms the statistics of what they see, as after training."""
    norms = [layer for layer in model.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.train().momentum = None
    probes = exported.exporter_of(one).probes(exported.facts_of(one, model)) if norms else ()
    with torch.no_grad():
        for probe in probes:
            if len(probe[0]) > 1:  # of one image some maps have one place, which has no variance
                model(*probe)
    model.eval()


def once(kept: dict[Any, Any], name: str, make: Callable[..., Any], graph: Graph, *more: Any) -> Any:
    """Return what is made of a graph; of a model it is made once for all formats that share the graph."""
    if kept.get("name") != name:
        kept.clear()
        kept["name"] = name
    key = make, graph.outputs, graph.operator is None
    if key not in kept:
        kept[key] = make(graph, *more)
    return copy.deepcopy(kept[key]) if make is onnx_of else kept[key]


@pytest.fixture(scope="module")
def kept() -> dict[Any, Any]:
    """What was traced of the model whose turn it is."""
    return {}


@pytest.mark.parametrize(("name", "ending"), EXPORTED)
def test_it_answers_as_the_model(
    name: str, ending: str, kept: dict[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exported, "program", partial(once, kept, name, program))
    monkeypatch.setattr(formats, "onnx_of", partial(once, kept, name, onnx_of))
    said = list(exported.export(opened(name), tmp_path / f"model{ending}"))
    assert "differ by up to" in said[0]


@pytest.mark.parametrize(("name", "ending"), REFUSED)
def test_what_the_card_excuses_is_refused_with_its_reason(name: str, ending: str, tmp_path: Path) -> None:
    kind = FORMATS[ending]
    with pytest.raises(ZooError, match=f"no export as {kind.name}: ") as refused:
        list(
            exported.export(Opened(name, name, lambda: nn.Identity(), (), (), {}, {}, {}), tmp_path / f"model{ending}")
        )
    assert zoo.card(name).exports.why in str(refused.value)
