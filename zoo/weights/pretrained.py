"""Weights: from the sources that a card lists into a model of any number of bands.

The first convolution is widened by name: a band that the pretraining knew keeps its filter in place, another one gets
the mean filter, and all are scaled so that the response keeps its size. Normalisation comes along the same way.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn

from zoo.errors import ZooError
from zoo.registry.cards import Card, Preprocessing, Weights
from zoo.weights.files import fetch_weights

if TYPE_CHECKING:
    from zoo.sources import Fetched

State = dict[str, Tensor]


@dataclass(frozen=True)
class Provenance:
    """What was loaded: the model, its tag, the source that served it, and what was done to the stem."""

    model: str
    tag: str
    source: str
    origin: str
    sha256: str
    licence: str
    stem: str


class Pretrainable(Protocol):
    """A module that takes weights in the names of its card's layout and carries its normalisation, if it has one."""

    normalise: nn.Module | None

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load the parameters."""


def load_pretrained(model: nn.Module, card: Card, bands: Sequence[str], tag: str | None = None) -> Provenance:
    """Fetch the weights `tag` of `card` and load them into `model`, which sees `bands`."""
    weights = card.weights_named(tag)
    fetched, state = first_available(card.name, weights)
    state, stem = widen_stem(state, weights.preprocessing.bands, bands)
    model.load_backbone(state)  # type: ignore[operator]
    if model.normalise is not None:
        set_normalisation(model.normalise, weights.preprocessing, bands)  # type: ignore[arg-type]
    return Provenance(card.name, weights.tag, fetched.uri, fetched.origin, fetched.sha256, weights.licence, stem)


def first_available(model: str, weights: Weights) -> tuple["Fetched", State]:
    """Fetch and open the first file that can be had; when none can, say what was tried and how to go on without."""
    from zoo.sources.tensors import open_weights

    try:
        fetched, file = fetch_weights(weights)
    except ZooError as error:
        raise ZooError(
            f"the weights {weights.tag!r} of {model} could not be had: {error}\n"
            "To train from random weights all the same, say model.pretrained=false."
        ) from error
    return fetched, LAYOUTS[file.layout](open_weights(fetched.path))


def widen_stem(state: State, known: Sequence[str], bands: Sequence[str]) -> tuple[State, str]:
    """Fit the first convolution (O, C, k, k) from the bands it knows to `bands`; say in words what was done."""
    if tuple(known) == tuple(bands):
        return state, "unchanged"
    name = next((n for n, t in state.items() if t.ndim == 4 and t.shape[1] == len(known)), None)
    if name is None:
        raise ZooError(f"no first convolution over {len(known)} bands is among the weights; cannot adapt to {bands}")
    filters = state[name]  # (O, C, k, k)
    mean = filters.mean(dim=1)
    wide = torch.stack([filters[:, known.index(b)] if b in known else mean for b in bands], dim=1)
    wide = wide * (len(known) / len(bands))
    kept = [b for b in bands if b in known]
    said = f"{len(known)} → {len(bands)} bands; kept {', '.join(kept) or 'none'}; the mean filter for the rest"
    return {**state, name: wide}, said


def set_normalisation(normalise: nn.Module, preprocessing: Preprocessing, bands: Sequence[str]) -> None:
    """Set mean and std of each band by name; a band that the pretraining did not know takes the mean of those it did."""
    known = preprocessing.bands
    for key in ("mean", "std"):
        values: Sequence[float] = getattr(preprocessing, key)
        rest = sum(values) / len(values)
        chosen = [values[known.index(band)] if band in known else rest for band in bands]
        getattr(normalise, key).copy_(torch.tensor(chosen))


def efficientnet_lite0(state: State) -> State:
    """Rename rwightman-style EfficientNet-Lite0 parameters (flat blocks) to timm's stages."""
    blocks = [f"blocks.{stage}.{i}" for stage, depth in enumerate((1, 2, 2, 3, 3, 4, 1)) for i in range(depth)]
    top = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
    first = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
    other = {
        "_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw",
        "_bn1": "bn2", "_project_conv": "conv_pwl", "_bn2": "bn3",
    }  # fmt: skip
    renamed = {}
    for name, tensor in state.items():
        parts = name.split(".")
        if parts[0] == "_blocks":
            index = int(parts[1])
            parts[:3] = [blocks[index], (first if index == 0 else other)[parts[2]]]
        else:
            parts[0] = top[parts[0]]
        renamed[".".join(parts)] = tensor
    return renamed


def renaming(beginnings: Mapping[str, str]) -> Callable[[State], State]:
    """Return what renames parameters by how their names begin; others stay."""

    def renamed(state: State) -> State:
        found = {name: next((old for old in beginnings if name.startswith(old)), "") for name in state}
        return {beginnings.get(old, "") + name.removeprefix(old): state[name] for name, old in found.items()}

    return renamed


#: torchvision's detectors on a feature pyramid, and its SSD300, whose conv5 to fc7 are one block.
TORCHVISION_PYRAMID = {"backbone.body.": "backbone.trunk.model.", "backbone.fpn.": "neck.fpn."}
TORCHVISION_SSD = {
    "backbone.features.": "backbone.trunk.model.features.",
    **{f"backbone.extra.0.{i}.": f"backbone.trunk.model.features.{23 + i}." for i in (1, 3, 5)},
    "backbone.extra.0.7.": "maps.fc.",
    **{f"backbone.extra.{i}.": f"maps.extra.{i - 1}." for i in range(1, 5)},
    "backbone.scale_weight": "maps.scale_weight",
}


def speech_embedding(state: State) -> State:
    """Rename the convolutions of Google's speech embedding, as tf2onnx names them, to our layers; drop its constants."""
    kinds = {"weights_fused_bn": "weight", "ReadVariableOp:0": "weight", "bias_fused_bn": "bias"}
    found = {name: re.fullmatch(r"model/conv2d(?:_(\d+))?/Conv2D[_/](.+)", name) for name in state}
    return {f"layers.{m[1] or 0}.{kinds[m[2]]}": state[name] for name, m in found.items() if m}


def silero_vad(state: State) -> State:
    """Rename Silero's parameters: the recurrent cell is a layer, the convolution of one point at the end is linear."""
    names = {"stft_conv": "stft", "final_conv": "classifier", **{f"conv{i + 1}": f"encoder.{i}" for i in range(4)}}
    renamed = {}
    for name, tensor in state.items():
        module, _, parameter = name.partition(".")
        new = f"lstm.{parameter}_l0" if module == "lstm_cell" else f"{names[module]}.{parameter}"
        renamed[new] = tensor[..., 0] if new == "classifier.weight" else tensor
    return renamed


#: How the names in a file map to ours; a card's `layout` names one.
LAYOUTS: dict[str, Callable[[State], State]] = {
    "native": lambda state: state,
    "silero_vad": silero_vad,
    "efficientnet_lite0": efficientnet_lite0,
    "speech_embedding": speech_embedding,
    "torchvision_pyramid": renaming(TORCHVISION_PYRAMID),
    "torchvision_ssd": renaming(TORCHVISION_SSD),
}
