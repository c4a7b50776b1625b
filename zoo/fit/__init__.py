"""The fit check: a card held against the profile of the data, before the first step is trained.

>>> fit = check(zoo.card("ssd300"), Profile.load("profile.json"), {"data": {"tile": 640, "overlap": 96}})

Every aspect that a card and a profile share is a small function that returns a row, or None where there is nothing to
compare; its docstring gives the source of its threshold. To add an aspect, write one and put it into its file's table.
Nothing here imports torch.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from zoo.fit import images, keypoints, labels, objects, signals, terms
from zoo.fit.case import Case, Row
from zoo.fit.rank import Candidate, rank
from zoo.fit.remedies import remedies, with_settings
from zoo.fit.report import Fit
from zoo.profile import Profile
from zoo.registry.cards import Card

__all__ = ["Candidate", "Case", "Fit", "Row", "adapt", "check", "rank"]

#: In the order in which they are printed.
ASPECTS = (*labels.ASPECTS, *objects.ASPECTS, *keypoints.ASPECTS, *images.ASPECTS, *signals.ASPECTS, *terms.ASPECTS)


def check(card: Card, profile: Profile, run: Mapping[str, Any]) -> Fit:
    """Hold `card` against `profile`; `run` is the composed configuration as plain nested mappings, {} for none."""
    case = Case(card, profile, run)
    rows = (aspect(case) for aspect in ASPECTS)
    return Fit(card.name, profile.data, tuple(row for row in rows if row is not None))


def adapt(
    card: Card, profile: Profile, run: Mapping[str, Any], words: Sequence[str] = ()
) -> tuple[Fit, dict[str, Any]]:
    """Hold `card` against `profile` once the run has taken the remedies that cost nothing; return the fit and these.

    `words` are those of the command line: what they set stays.
    """
    fit = check(card, profile, run)
    taken = remedies(fit, run, words)
    return (check(card, profile, with_settings(run, taken)) if taken else fit), taken
