"""How right a version probably is in a window, from the scores of its records; and how right it was where labels came."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from recipes.annotation.annotator import Annotator
from tools.production.candidates import annotator_of
from tools.production.promote import frozen_of
from tools.production.trials import answers
from zoo.errors import ZooError
from zoo.files import write_json
from zoo.inference.opened import of_run
from zoo.sites.accuracy import FEWEST, Calibration, expect
from zoo.sites.drift.reference import SPAN
from zoo.sites.frozen import NothingFrozenError
from zoo.sites.labels import LabelBook, Labelled, settle
from zoo.sites.records.table import connect
from zoo.sites.site import Site


def outcomes_of(site: Site, version: str) -> Path:
    """Return where the outcomes of a version on the frozen samples are kept."""
    return site.folder / "references" / f"{version}.outcomes.json"


def learn_outcomes(site: Site, version: str) -> int:
    """Let a version answer the frozen samples, and keep how right it was at which score; return how many answers there are.

    0: the site has no frozen samples, or answers of its task have no scores; of fewer than `FEWEST` nothing is kept.
    """
    annotator = annotator_of(site.settings.task)
    try:
        frozen = frozen_of(site)
    except NothingFrozenError:
        return 0  # nothing is frozen yet, and what is recorded can be a reference all the same
    said = answers(of_run(site.versions.run(version)), frozen.inputs, annotator)
    found = [one for each, truth in zip(said, frozen.truths, strict=True) for one in annotator.outcomes(each, truth)[0]]
    scored = [one for one in found if np.isfinite(one.score)]
    if len(scored) >= FEWEST:
        write_json(
            outcomes_of(site, version), {"scores": [o.score for o in scored], "right": [o.right for o in scored]}
        )
    return len(scored)


def calibration_of(site: Site, version: str) -> Calibration | None:
    """Read the outcomes of a version; None where there are none."""
    path = outcomes_of(site, version)
    if not path.exists():
        return None
    try:
        facts = json.loads(path.read_bytes())
        return Calibration(np.array(facts["scores"], float), np.array(facts["right"], bool))
    except (ValueError, KeyError, TypeError) as error:
        raise ZooError(
            f"{path} cannot be read ({error}); learn it again: zoo monitor {site.folder} --learn --force"
        ) from error


def expected(site: Site, window: list[Any]) -> dict[str, Any] | None:
    """Return how right the answers of a window (version, since, until) probably are, and were where labels came.

    None where no labelled answers of the version are kept.
    """
    version = str(window[0])
    calibration = calibration_of(site, version)
    if calibration is None:
        return None
    rows = connect(site.folder / "records").execute(f"SELECT scores FROM records WHERE {SPAN}", window).fetchall()
    scores = np.array([score for (those,) in rows for score in those or ()], float)
    if not len(scores):
        return None
    found = expect(calibration, scores)
    right, count = measured(site, window)
    return {
        **asdict(found), "measured": right, "labels": count,
        "error": None if right is None else found.value - right,
    }  # fmt: skip


def measured(site: Site, window: list[Any]) -> tuple[float | None, int]:
    """Return the share of right answers among those of a window that were labelled and drawn at random, and their number."""
    annotator = annotator_of(site.settings.task)
    agreed = settle(LabelBook(site.folder), annotator.agreement, annotator.agreed).agreed
    right = [one for each in agreed if is_of(each, window) for one in right_in(annotator, each)]
    return (float(np.mean(right)) if right else None), len(right)


def is_of(one: Labelled, window: list[Any]) -> bool:
    """Tell whether a label is of an answer of the window that was drawn at random."""
    version, since, until = window
    item = one.item
    if item.reason != "random" or item.version != version or not item.time:
        return False
    return bool(since <= datetime.fromisoformat(item.time) < until)


def right_in(annotator: Annotator, one: Labelled) -> list[bool]:
    """Return whether each thing that was said of an input is right."""
    return [outcome.right for outcome in annotator.outcomes(one.item.said, one.truth)[0]]


def sentence(facts: dict[str, Any] | None) -> str:
    """Return what is expected, in words."""
    if facts is None:
        return f"how right the answers are nobody can say: --learn keeps what {FEWEST} scored answers to frozen samples tell"
    said = (
        f"of {facts['answers']} answers {facts['value']:.1%} are probably right [{facts['low']:.1%}, {facts['high']:.1%}], by "
        f"thresholded confidence {facts['thresholded']:.1%}"
    )
    if facts["measured"] is None:
        return f"{said}; no labels of these came yet"
    return f"{said}; of {facts['labels']} labelled ones {facts['measured']:.1%} were: off by {100 * facts['error']:+.1f} points"
