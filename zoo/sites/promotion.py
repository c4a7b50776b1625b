"""Champion and challenger on the same frozen samples: PROMOTE, HOLD or REJECT, each with its reasons.

Scores, or the metric of the task, are paired by sample, and their difference has a confidence interval by the bootstrap over
samples (Efron 1979). PROMOTE where the interval of the whole lies above zero and no gate fails; REJECT where a gate fails, or
the interval lies below zero; HOLD where it cannot be told. A gate is a floor (no slice may lose more than `slack`, none may be
worse beyond its interval, some need so much), or a ceiling for milliseconds and bytes. Better on average and worse on a slice
is rejected.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from zoo.errors import ZooError
from zoo.registry.cards import Frozen

Verdict = Literal["PROMOTE", "HOLD", "REJECT"]
#: How inputs are changed to see how a model behaves.
Behaviour = Literal["mirrored", "darker", "noisy", "empty"]
#: Resamples of means and of other metrics, which take longer, and how many are drawn at a time.
RESAMPLES, MEASURED, CHUNK = 4000, 300, 500
#: Share of slices that are no worse which may be taken for worse, whatever risk is taken to promote.
WORSE = 0.025
#: All samples, as a slice.
ALL = "all"
#: Samples that say something at the least, of all and of a slice.
FEWEST, FEWEST_OF_SLICE = 30, 10


class Gates(Frozen):
    """What a challenger must keep to; written into promotion.yaml of a site by who wants others."""

    #: Share of challengers that are no better which may be promoted, as the bootstrap has it, whose intervals are a bit short.
    risk: Annotated[float, Field(gt=0, lt=0.5)] = 0.025
    #: The slice on which a challenger must be better; `recent` are so many held-out labels, the last that came.
    decides: str = ALL
    recent: Annotated[int, Field(ge=1)] = 60
    #: What a slice may lose, in the unit of the scores.
    slack: Annotated[float, Field(ge=0, le=1)] = 0.02
    #: How many times the champion's milliseconds a sample, and its bytes, a challenger may have.
    milliseconds: Annotated[float, Field(gt=0)] = 1.5
    bytes: Annotated[float, Field(gt=0)] = 2.0
    #: Slices that need a mean score of so much, whatever the champion has.
    floors: Mapping[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    #: How frozen inputs are changed, and what a challenger may lose there.
    behaviours: tuple[Behaviour, ...] = ("mirrored", "darker", "noisy", "empty")
    behaviour_slack: Annotated[float, Field(ge=0, le=1)] = 0.1
    #: Share of the inputs of the inbox that may be answered otherwise than by the champion; None: it is only told.
    changed: Annotated[float, Field(ge=0, le=1)] | None = None


#: The metric of samples by their numbers, any of which may come more than once; larger is better, NaN is not defined.
Measure = Callable[[np.ndarray], float]


@dataclass(frozen=True)
class Trial:
    """Scores (N,) of a model on the samples, and what it costs: milliseconds a sample, bytes of its weights.

    Where samples have no scores of their own, `measure` gives the metric of any of them, and scores are their numbers.
    """

    scores: np.ndarray
    milliseconds: float
    bytes: int
    measure: Measure | None = None

    def values(self, drawn: np.ndarray) -> np.ndarray:
        """Return the metric (B,) of samples that were drawn, numbers (B, N)."""
        if self.measure is None:
            return self.scores[drawn].mean(axis=1)
        return np.array([self.measure(numbers) for numbers in drawn], float)

    @property
    def resamples(self) -> int:
        """How often samples are drawn anew."""
        return RESAMPLES if self.measure is None else MEASURED


@dataclass(frozen=True)
class Difference:
    """Challenger less champion on some samples: how many, both means, the difference and its interval."""

    name: str
    samples: int
    champion: float
    challenger: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Judgement:
    """The verdict, why, and what it stands on."""

    verdict: Verdict
    reasons: tuple[str, ...]
    differences: tuple[Difference, ...] = field(default_factory=tuple)


def difference(
    name: str, champion: Trial, challenger: Trial, kept: np.ndarray, risk: float, seed: int = 0
) -> Difference:
    """Return the difference on the samples `kept`, numbers (N,); its interval is left below with probability `risk`.

    Redrawn samples on which the metric is not defined, as without any object, are not counted.
    """
    rng, found, count = np.random.default_rng(seed), [], champion.resamples
    for first in range(0, count, CHUNK):
        drawn = kept[rng.integers(0, len(kept), (min(CHUNK, count - first), len(kept)))]
        found.append(challenger.values(drawn) - champion.values(drawn))
    changes = np.concatenate(found)
    known = changes[np.isfinite(changes)]
    before, after = (float(one.values(kept[None])[0]) for one in (champion, challenger))
    if len(known) < count / 2 or not np.isfinite(after - before):
        raise ZooError(
            f"the metric is not defined on {name!r} ({len(kept)} samples); freeze more, with every class among them"
        )
    low, high = np.quantile(known, (risk, 1 - WORSE))
    return Difference(name, len(kept), before, after, after - before, float(low), float(high))


def judge(champion: Trial, challenger: Trial, slices: Mapping[str, np.ndarray], gates: Gates) -> Judgement:
    """Judge a challenger; `slices` are samples by name, bool (N,)."""
    if len(champion.scores) != len(challenger.scores):
        raise ZooError(f"{len(champion.scores)} and {len(challenger.scores)} scores are not those of the same samples")
    if len(champion.scores) < FEWEST:
        raise ZooError(f"{len(champion.scores)} samples say too little; freeze {FEWEST} at the least")
    for name in gates.floors:
        if name not in slices:
            raise ZooError(f"floors: there is no slice {name!r}; the samples have {', '.join(slices) or 'none'}")
    if gates.decides not in (ALL, *slices):
        raise ZooError(f"decides: there is no slice {gates.decides!r}; the samples have {', '.join((ALL, *slices))}")
    whole = difference(ALL, champion, challenger, np.arange(len(champion.scores)), gates.risk)
    parts = [
        difference(name, champion, challenger, np.flatnonzero(kept), gates.risk)
        for name, kept in slices.items()
        if kept.sum() >= FEWEST_OF_SLICE or (name in (gates.decides, *gates.floors) and kept.any())
    ]
    deciding = next(one for one in (whole, *parts) if one.name == gates.decides)
    failed = [*slice_failures(parts, gates.slack, gates.floors), *cost_failures(champion, challenger, gates)]
    if whole.high < 0:
        failed.insert(0, f"worse: {whole.difference:+.4f} [{whole.low:+.4f}, {whole.high:+.4f}]")
    said = f"{deciding.difference:+.4f} [{deciding.low:+.4f}, {deciding.high:+.4f}] over {deciding.samples} samples"
    said += "" if deciding is whole else f" of {deciding.name}"
    if failed:
        return Judgement("REJECT", tuple(failed), (whole, *parts))
    if deciding.low > 0:
        return Judgement("PROMOTE", (f"better: {said}",), (whole, *parts))
    return Judgement("HOLD", (f"not told apart: {said}; more samples would tell smaller differences",), (whole, *parts))


def rejected(found: Judgement, failed: Sequence[str]) -> Judgement:
    """Return a judgement with further reasons to reject; without any it is as it was."""
    if not failed:
        return found
    before = found.reasons if found.verdict == "REJECT" else ()
    return replace(found, verdict="REJECT", reasons=(*before, *failed))


def slice_failures(parts: Sequence[Difference], slack: float, floors: Mapping[str, float]) -> list[str]:
    """Return the slices that lose more than they may, or are below their floor."""
    failed = []
    for one in parts:
        if one.difference < -slack:
            failed.append(f"slice {one.name} loses {-one.difference:.4f} (slack {slack:g}, {one.samples} samples)")
        elif one.high < 0:
            failed.append(f"slice {one.name} is worse: {one.difference:+.4f} [{one.low:+.4f}, {one.high:+.4f}]")
        floor = floors.get(one.name)
        if floor is not None and one.challenger < floor:
            failed.append(f"slice {one.name} has {one.challenger:.4f}, and its floor is {floor:g}")
    return failed


def cost_failures(champion: Trial, challenger: Trial, gates: Gates) -> list[str]:
    """Return the ceilings that are passed."""
    failed = []
    for name in ("milliseconds", "bytes"):
        own, theirs, most = getattr(challenger, name), getattr(champion, name), getattr(gates, name)
        if own > most * theirs:
            failed.append(f"{own:.4g} {name} are more than {most:g} times the {theirs:.4g} of the champion")
    return failed
