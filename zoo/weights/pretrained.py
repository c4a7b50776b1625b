"""Weights: from the sources that a card lists into a model of any number of bands.

The first convolution is widened by name: a band that the pretraining knew keeps its filter in place, another one gets
the mean filter, and all are scaled so that the response keeps its size. Normalisation comes along the same way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn

from zoo.errors import ZooError
from zoo.registry.cards import Card, Preprocessing, Weights
from zoo.weights.files import fetch_weights
from zoo.weights.layouts import LAYOUTS, State

if TYPE_CHECKING:
    from zoo.sources import Fetched


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
    """A module that takes weights in the names of its card's layout and carries its normalisation, if it has one.

    One with `any_bands` reads its inputs so that their number changes no parameter; one with `fixed_bands` reads them at
    several places, so that weights are for their own bands alone.
    """

    normalise: nn.Module | None

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load the parameters."""


def load_pretrained(model: nn.Module, card: Card, bands: Sequence[str], tag: str | None = None) -> Provenance:
    """Fetch the weights `tag` of `card` and load them into `model`, which sees `bands`."""
    weights = card.weights_named(tag)
    known = bands if getattr(model, "any_bands", False) else weights.preprocessing.bands
    if getattr(model, "fixed_bands", False) and tuple(bands) != tuple(known):
        raise ZooError(
            f"the weights {weights.tag!r} of {card.name} are for the bands {', '.join(known)}, in this order, not for "
            f"{', '.join(bands)}; read these (data.bands), or train from random weights: model.pretrained=false"
        )
    fetched, state = first_available(card.name, weights)
    state, stem = widen_stem(state, known, bands)
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
    return fetched, LAYOUTS[file.layout](open_weights(fetched.path, *fetched.parts))


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
