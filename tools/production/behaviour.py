"""Tests of behaviour: frozen inputs that are mirrored, darker, noisy or empty, answered by champion and challenger.

What is right of a changed input is known from what is right of the input, so both are judged by it, as on a slice: a challenger
that is better on clean inputs and loses its way when a lens is dirty is not better. Of recordings, darker is quieter; texts and
series are not changed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np

from recipes.annotation.annotator import Annotator, Truth
from tools.production.opened_data import image_pixels
from zoo.inference.load import predictor_of
from zoo.inference.opened import Opened, of_run
from zoo.inference.predictor import Predictor
from zoo.sites.frozen import Frozen
from zoo.sites.promotion import FEWEST_OF_SLICE, WORSE, Difference, Gates, Judgement, Trial, difference, slice_failures
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


class Kind:
    """Inputs that are arrays of one kind: how one is read, and how it can be changed, by name."""

    changes: ClassVar[Mapping[str, Change]] = {}

    def read(self, opened: Opened, predictor: Predictor[Any], source: Any) -> np.ndarray:
        """Return an input as the predictor takes an array."""
        raise NotImplementedError


class Images(Kind):
    """Images (C, H, W)."""

    changes: ClassVar[Mapping[str, Change]] = {"mirrored": mirrored, "darker": darker, "noisy": noisy, "empty": empty}

    def read(self, opened: Opened, predictor: Predictor[Any], source: Any) -> np.ndarray:
        """Return all pixels of a file."""
        return image_pixels(opened, source)


class Recordings(Kind):
    """Recordings (T, F) in [-1, 1], at the rate of the model."""

    changes: ClassVar[Mapping[str, Change]] = {"darker": darker, "noisy": noisy}

    def read(self, opened: Opened, predictor: Predictor[Any], source: Any) -> np.ndarray:
        """Return the samples of a file."""
        steps = predictor.overview(source)
        assert steps is not None  # of a recording there always are some
        return np.ascontiguousarray(steps[:, 0].T)


#: By what a predictor counts of an input.
KINDS: dict[str, Kind] = {"pixels": Images(), "seconds": Recordings()}


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
    scores = np.array([[right(kind, *model, frozen, annotator, names, n) for n in numbers] for model in models])
    trials = [[Trial(one, 0.0, 0) for one in per_model.T] for per_model in scores]
    pairs = zip(names, *trials, strict=True)
    every = np.arange(len(numbers))
    return Behaved(tuple(difference(name, old, new, every, WORSE) for name, old, new in pairs)) if names else None


def kind_of(predictor: Predictor[Any], source: Any) -> Kind | None:
    """Return the kind of inputs that a source is one of, None of what cannot be changed: words, tables."""
    counted = {} if isinstance(source, str) else predictor.extent(source)
    return next((kind for name, kind in KINDS.items() if name in counted), None)


def right(
    kind: Kind,
    opened: Opened,
    predictor: Predictor[Any],
    frozen: Frozen,
    annotator: Annotator,
    names: Sequence[str],
    number: int,
) -> list[float]:
    """Return how right the answers to one input are, by change; both models see the same noise."""
    values = kind.read(opened, predictor, frozen.inputs[number])
    truths = truths_of(annotator, frozen.truths[number], values.shape[-1])
    return [
        annotator.agreement(
            annotator.truth(predictor(kind.changes[name](values, np.random.default_rng(number)))),
            truths(name),
        )
        for name in names
    ]


def truths_of(annotator: Annotator, truth: Truth, width: int) -> Callable[[str], Truth]:
    """Return what is true of an input, `width` pixels wide, once it is changed."""

    def changed(name: str) -> Truth:
        if name == "empty":
            assert annotator.nothing is not None
            return annotator.nothing
        return annotator.mirrored(truth, width) if name == "mirrored" else truth

    return changed


def failures(behaved: Behaved, gates: Gates) -> Iterator[str]:
    """Yield what a challenger lost on changed inputs."""
    for said in slice_failures(behaved.differences, gates.behaviour_slack, {}):
        yield said.replace("slice ", "behaviour: ", 1)


def with_behaviour(found: Judgement, behaved: Behaved | None, gates: Gates) -> Judgement:
    """Reject a challenger that loses on changed inputs what it had on clean ones."""
    failed = tuple(failures(behaved, gates)) if behaved else ()
    if not failed:
        return found
    before = found.reasons if found.verdict == "REJECT" else ()
    return replace(found, verdict="REJECT", reasons=(*before, *failed))
