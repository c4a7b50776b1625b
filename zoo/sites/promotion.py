"""Champion and challenger on the same frozen samples: PROMOTE, HOLD or REJECT, each with its reasons.

Scores are paired by sample, and the difference of their means has a confidence interval by the bootstrap over samples (Efron
1979). PROMOTE where the interval of the whole lies above zero and no gate fails; REJECT where a gate fails, or the interval
lies below zero; HOLD where it cannot be told. A gate is a floor (no slice may lose more than `slack`, none may be worse beyond
its interval, some need so much), or a ceiling for milliseconds and bytes. Better on average and worse on a slice is rejected.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from zoo.errors import ZooError
from zoo.registry.cards import Frozen

Verdict = Literal["PROMOTE", "HOLD", "REJECT"]
#: Resamples, and how many are drawn at a time.
RESAMPLES, CHUNK = 4000, 500
#: Samples that say something at the least, of all and of a slice.
FEWEST, FEWEST_OF_SLICE = 30, 10


class Gates(Frozen):
    """What a challenger must keep to; written into promotion.yaml of a site by who wants others."""

    #: Share of challengers that are no better which may be promoted.
    risk: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    #: What a slice may lose, in the unit of the scores.
    slack: Annotated[float, Field(ge=0, le=1)] = 0.02
    #: How many times the champion's milliseconds a sample, and its bytes, a challenger may have.
    milliseconds: Annotated[float, Field(gt=0)] = 1.5
    bytes: Annotated[float, Field(gt=0)] = 2.0
    #: Slices that need a mean score of so much, whatever the champion has.
    floors: Mapping[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """Scores (N,) of a model on the samples, and what it costs: milliseconds a sample, bytes of its weights."""

    scores: np.ndarray
    milliseconds: float
    bytes: int


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


def difference(name: str, champion: np.ndarray, challenger: np.ndarray, risk: float, seed: int = 0) -> Difference:
    """Return the difference of means with its interval, of which each end is passed with the probability `risk`."""
    paired = np.asarray(challenger - champion, float)
    rng, means = np.random.default_rng(seed), []
    for first in range(0, RESAMPLES, CHUNK):
        drawn = rng.integers(0, len(paired), (min(CHUNK, RESAMPLES - first), len(paired)))
        means.append(paired[drawn].mean(axis=1))
    low, high = np.quantile(np.concatenate(means), (risk, 1 - risk))
    return Difference(
        name,
        len(paired),
        float(champion.mean()),
        float(challenger.mean()),
        float(paired.mean()),
        float(low),
        float(high),
    )


def judge(champion: Trial, challenger: Trial, slices: Mapping[str, np.ndarray], gates: Gates) -> Judgement:
    """Judge a challenger; `slices` are samples by name, bool (N,)."""
    if len(champion.scores) != len(challenger.scores):
        raise ZooError(f"{len(champion.scores)} and {len(challenger.scores)} scores are not those of the same samples")
    if len(champion.scores) < FEWEST:
        raise ZooError(f"{len(champion.scores)} samples say too little; freeze {FEWEST} at the least")
    for name in gates.floors:
        if name not in slices:
            raise ZooError(f"floors: there is no slice {name!r}; the samples have {', '.join(slices) or 'none'}")
    whole = difference("all", champion.scores, challenger.scores, gates.risk)
    parts = [
        difference(name, champion.scores[kept], challenger.scores[kept], gates.risk)
        for name, kept in slices.items()
        if kept.sum() >= FEWEST_OF_SLICE or (name in gates.floors and kept.any())
    ]
    failed = [*slice_failures(parts, gates), *cost_failures(champion, challenger, gates)]
    if whole.high < 0:
        failed.insert(0, f"worse: {whole.difference:+.4f} [{whole.low:+.4f}, {whole.high:+.4f}]")
    said = f"{whole.difference:+.4f} [{whole.low:+.4f}, {whole.high:+.4f}] over {whole.samples} samples"
    if failed:
        return Judgement("REJECT", tuple(failed), (whole, *parts))
    if whole.low > 0:
        return Judgement("PROMOTE", (f"better: {said}",), (whole, *parts))
    return Judgement("HOLD", (f"not told apart: {said}; more samples would tell smaller differences",), (whole, *parts))


def slice_failures(parts: Sequence[Difference], gates: Gates) -> list[str]:
    """Return the slices that lose more than they may, or are below their floor."""
    failed = []
    for one in parts:
        if one.difference < -gates.slack:
            failed.append(
                f"slice {one.name} loses {-one.difference:.4f} (slack {gates.slack:g}, {one.samples} samples)"
            )
        elif one.high < 0:
            failed.append(f"slice {one.name} is worse: {one.difference:+.4f} [{one.low:+.4f}, {one.high:+.4f}]")
        floor = gates.floors.get(one.name)
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
