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
from zoo.registry.cards import Card
from zoo.registry.models import BACKBONE

CLASSES = ("barn", "silo", "tree")
#: What keeps models small; a card that has the option is built with it, or with a list of it.
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
#: Whisper's size is of three numbers, and its vocabulary is one of two.
OWN: dict[str, dict[str, Any]] = {"zoo.sequence.whisper:build": {"size": [32, 1, 2], "vocabulary": 51864}}
#: That of the smaller of two networks that differ in it alone, and that of networks for whole multiples of a stride.
SIDE, EVEN = 300, 64
#: MoveNet knows so many keypoints, and no others.
KEYPOINTS = tuple(f"keypoint {number}" for number in range(17))
#: In the place of every named backbone; those are tried as classifiers.
BACKBONE_SMALL = "timm/test_efficientnet"
#: Layers whose scores a fresh model has all alike, so that rounding would decide which of two comes first.
LAST = ("head.logits", "head.classification_head.cls_logits")


def options_of(card: Card) -> dict[str, Any]:
    """Return the options that make a model small."""
    own = card.options
    small = {
        key: [value] * len(own[key]) if isinstance(own[key], list) else value
        for key, value in SMALL.items()
        if key in own and own[key] is not None
    }
    side = {"size": EVEN if card.task == "pose" else SIDE} if isinstance(own.get("size"), int) else {}
    backbone = {"backbone": BACKBONE_SMALL} if "backbone" in own else {}
    return {**small, **side, **backbone, **OWN.get(card.build, {})}


def distinct() -> list[str]:
    """Return the names of all models; of those that differ in their size alone, one."""
    cards = [card for card in zoo.cards().values() if card.task != BACKBONE]
    return list(
        {(card.build, repr({**card.options, **options_of(card)}), card.exports): card.name for card in cards}.values()
    )


EXPORTED, REFUSED = (
    [
        (name, ending)
        for name in distinct()
        for ending, kind in FORMATS.items()
        if (kind.name in zoo.card(name).exports.formats) == exports
    ]
    for exports in (True, False)
)


@cache
def opened(name: str) -> Opened:
    """Return an untrained model as a run of it would be opened."""
    torch.manual_seed(0)
    card = zoo.card(name)
    options = options_of(card)
    bands = card.designed_for.bands or ("red", "green", "blue")
    classes = KEYPOINTS if card.task == "pose" else CLASSES
    model = zoo.create(name, classes=len(classes), bands=bands, **options).eval()
    one = Opened(
        source=f"run {name}",
        model=name,
        build=lambda **changed: model,
        classes=classes,
        bands=bands,
        options={**card.options, **options},  # as a run says all of them
        task={"name": card.task, "objective": next(iter(card.objectives), "")},
        data={"name": "made", "tile": 64},
        trainer=TRAINER,
    )
    settle(model, one)
    spread(model, one)
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


def spread(model: nn.Module, one: Opened) -> None:
    """Scale the layers of scores so that these differ as after training: their deviation over the first probe is 1."""
    layers = [layer for name, layer in model.named_modules() if name in LAST]
    if not layers:
        return
    deviations: list[torch.Tensor] = []
    hooks = [layer.register_forward_hook(lambda _, given, found: deviations.append(found.std())) for layer in layers]
    with torch.no_grad():
        model(*next(iter(exported.exporter_of(one).probes(exported.facts_of(one, model)))))
        for layer, hook in zip(layers, hooks, strict=True):
            hook.remove()
            layer.weight /= torch.stack(deviations).mean()
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


@pytest.mark.exports
@pytest.mark.filterwarnings("ignore:No complete tensor found in the group:UserWarning")  # torch.export, of CPU alone
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
