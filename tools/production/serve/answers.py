"""Answers under a policy: objects below their threshold go, labels below theirs are not accepted."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from zoo.inference.answers import Answer, Detections, Label
from zoo.sites.policy import Moment

if TYPE_CHECKING:
    from tools.production.serve.worker import Served


class Decided(NamedTuple):
    """An answer, and of a label whether it is accepted; None where no threshold is asked."""

    answer: Answer
    accepted: bool | None = None


def under_policy(served: "Served", moment: Moment) -> list[Decided]:
    """Return answers as the policy has them; without one as they are."""
    policy = served.policy
    if policy is None:
        return [Decided(one.answer) for one in served.answers]
    decided = []
    for one in served.answers:
        answer = one.answer
        if isinstance(answer, Detections):
            kept = policy.keeps(answer.labels, [float(s) for s in answer.scores], moments(answer, moment))
            decided.append(Decided(subset(answer, kept)))
        elif isinstance(answer, Label):
            decided.append(Decided(answer, bool(policy.keeps([answer.label], [answer.probability], [moment])[0])))
        else:
            decided.append(Decided(answer))
    return decided


def subset(found: Detections, kept: np.ndarray) -> Detections:
    """Return the objects that are kept, bool (N,)."""
    labels = tuple(label for label, keep in zip(found.labels, kept, strict=True) if keep)
    return replace(
        found, boxes=found.boxes[kept], scores=found.scores[kept], labels=labels, outlines=found.outlines[kept]
    )


def moments(found: Detections, moment: Moment) -> Sequence[Moment]:
    """Return where each object lies: at its own middle where the scene is on a map, else where the input was taken."""
    if not found.crs or not len(found.labels):
        return [moment] * len(found.labels)
    from rasterio.warp import transform

    middle = found.outlines.mean(axis=1)
    longitudes, latitudes = transform(found.crs, "EPSG:4326", middle[:, 0], middle[:, 1])[:2]
    places = zip(longitudes, latitudes, strict=True)
    return [replace(moment, longitude=float(x), latitude=float(y)) for x, y in places]
