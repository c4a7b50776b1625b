"""Outcomes by class, place and part of the day, of what people labelled: what `zoo policy fit` chooses thresholds by."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from tools.production.candidates import annotator_of
from zoo.errors import ZooError
from zoo.sites.labels import LabelBook, settle
from zoo.sites.policy_fit import Outcomes
from zoo.sites.site import Site

#: A class at a place in a part of the day.
Cell = tuple[str, str, tuple[int, int]]


def cells_of_labels(site: Site, part_of: Callable[[int], tuple[int, int]]) -> dict[Cell, Outcomes]:
    """Return the outcomes of labelled answers that were served, by cell; where people disagree nothing counts."""
    annotator, zone = annotator_of(site.settings.task), ZoneInfo(site.settings.timezone)
    scores, right = defaultdict[Cell, list[float]](list), defaultdict[Cell, list[bool]](list)
    missed = defaultdict[Cell, int](int)
    for one in settle(LabelBook(site.folder), annotator.agreement, annotator.agreed).agreed:
        if not one.item.record:
            continue
        where = (one.item.place, part_of(datetime.fromisoformat(one.item.time).astimezone(zone).hour))
        found, lost = annotator.outcomes(one.item.said, one.truth)
        for outcome in found:
            scores[outcome.label, *where].append(outcome.score)
            right[outcome.label, *where].append(outcome.right)
        for label in lost:
            missed[label, *where] += 1
    if not scores:
        raise ZooError(
            f"{site.folder} has no labels of answers that were served; let `zoo serve` keep inputs (keep in site.yaml), label "
            "some that `zoo collect` takes, or give a table with --labels"
        )
    every = sorted({*scores, *missed})
    return {cell: Outcomes(np.array(scores[cell], float), np.array(right[cell], bool), missed[cell]) for cell in every}
