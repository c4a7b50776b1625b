"""Tests of behaviour: frozen inputs that are mirrored, darker, noisy or empty, answered by champion and challenger.

What is right of a changed input is known from what is right of the input, so both are judged by it, as on a slice: a challenger
that is better on clean inputs and loses its way when a lens is dirty is not better. Of recordings, darker is quieter; texts and
series are not changed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from recipes.annotation.annotator import Annotator
from tools.production.opened_data import image_pixels
from zoo.inference.load import predictor_of
from zoo.inference.opened import Opened, of_run
from zoo.inference.predictor import Predictor
from zoo.sites.frozen import Frozen
from zoo.sites.promotion import (
    FEWEST_OF_SLICE,
    WORSE,
    Difference,
    Gates,
    Judgement,
    Trial,
    difference,
    rejected,
    slice_failures,
)
from zoo.sites.site import Site

#: Frozen inputs that are changed, at most so many, spread over all.
INPUTS = 60
#: What is left of the light, or of the loudness; the deviation of the noise, as a share of the range of most values.
DARKER, NOISE = 0.6, 0.03
#: The quantiles between which most values of an input lie.
MOST = (0.01, 0.99)
#: An input as an array, in the numbers that files have, and a draw of random numbers.
Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def darker(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an input with less light, or quieter."""
    return (values * DARKER).astype(values.dtype)


def noisy(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an input with normal noise, within the range of its numbers."""
    low, high = np.quantile(values, MOST)
    changed = values + rng.normal(0.0, NOISE * max(float(high - low), 1e-6), values.shape)
    if np.issubdtype(values.dtype, np.integer):
        most = np.iinfo(values.dtype)
        changed = np.clip(np.rint(changed), most.min, most.max)
    return changed.astype(values.dtype)


def mirrored(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the mirror image of an image (C, H, W)."""
    return np.ascontiguousarray(values[:, :, ::-1])


def empty(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an image (C, H, W) of nothing but the mean of each band."""
    means = values.mean(axis=(1, 2), keepdims=True)
    return np.broadcast_to(means, values.shape).astype(values.dtype)


def samples(opened: Opened, predictor: Predictor[Any], source: Any) -> np.ndarray:
    """Return a recording (T, F) in [-1, 1], at the rate of the model."""
    steps = predictor.overview(source)
    assert steps is not None  # of a recording there always are some
    return np.ascontiguousarray(steps[:, 0].T)


class Kind(NamedTuple):
    """Inputs of one kind: what reads one as the predictor takes an array, and how it can be changed, by name."""

    read: Callable[[Opened, Predictor[Any], Any], np.ndarray]
    changes: Mapping[str, Change]


#: By what a predictor counts of an input.
KINDS = {
    "pixels": Kind(
        lambda opened, _, source: image_pixels(opened, source),
        {"mirrored": mirrored, "darker": darker, "noisy": noisy, "empty": empty},
    ),
    "seconds": Kind(samples, {"darker": darker, "noisy": noisy}),
}


@dataclass(frozen=True)
class Behaved:
    """Challenger less champion on the inputs of each behaviour."""

    differences: tuple[Difference, ...]

    def facts(self) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        return {"differences": [asdict(one) for one in self.differences], "said": str(self)}

    def __str__(self) -> str:
        said = (f"{one.name} {one.champion:.3f} → {one.challenger:.3f}" for one in self.differences)
        return f"behaviour, right of {self.differences[0].samples} changed inputs: {', '.join(said)}"


def behave(
    site: Site, versions: Sequence[str], frozen: Frozen, annotator: Annotator, wanted: Sequence[str]
) -> Behaved | None:
    """Let champion and challenger answer changed inputs; None where inputs cannot be changed, or are too few."""
    if len(frozen.inputs) < FEWEST_OF_SLICE or not wanted:
        return None
    models = [(opened, predictor_of(opened)) for opened in (of_run(site.versions.run(version)) for version in versions)]
    numbers = np.unique(np.linspace(0, len(frozen.inputs) - 1, INPUTS).astype(int))
    kind = kind_of(models[0][1], frozen.inputs[0])
    if kind is None:
        return None
    names = [name for name in wanted if name in kind.changes and (name != "empty" or annotator.nothing is not None)]
    scores = np.array([[rightness(kind, *model, frozen, annotator, names, n) for n in numbers] for model in models])
    trials = [[Trial(one, 0.0, 0) for one in per_model.T] for per_model in scores]
    pairs = zip(names, *trials, strict=True)
    every = np.arange(len(numbers))
    return Behaved(tuple(difference(name, old, new, every, WORSE) for name, old, new in pairs)) if names else None


def kind_of(predictor: Predictor[Any], source: Any) -> Kind | None:
    """Return the kind of inputs that a source is one of, None of what cannot be changed: words, tables."""
    counted = {} if isinstance(source, str) else predictor.extent(source)
    return next((kind for name, kind in KINDS.items() if name in counted), None)


def rightness(
    kind: Kind,
    opened: Opened,
    predictor: Predictor[Any],
    frozen: Frozen,
    annotator: Annotator,
    names: Sequence[str],
    number: int,
) -> list[float]:
    """Return how right the answers to one input are, by change; both models see the same noise."""
    values, truth = kind.read(opened, predictor, frozen.inputs[number]), frozen.truths[number]
    truths = {"mirrored": annotator.mirrored(truth, values.shape[-1]), "empty": annotator.nothing}
    scores = []
    for name in names:
        said = annotator.truth(predictor(kind.changes[name](values, np.random.default_rng(number))))
        right = truths.get(name, truth)
        assert right is not None  # where nothing is no truth, nothing is not shown
        scores.append(annotator.agreement(said, right))
    return scores


def with_behaviour(found: Judgement, behaved: Behaved | None, gates: Gates) -> Judgement:
    """Reject a challenger that loses on changed inputs what it had on clean ones."""
    lost = slice_failures(behaved.differences, gates.behaviour_slack, {}) if behaved else []
    return rejected(found, [said.replace("slice ", "behaviour: ", 1) for said in lost])
