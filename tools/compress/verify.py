"""`zoo compress --verify FILE`: what a report says, measured again on the same samples, and held against it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools.compress.evidence import ORIGINAL, Evidence
from tools.compress.report import Report
from tools.compress.speed import race
from tools.compress.verdict import Candidate, Limits
from zoo.errors import ZooError
from zoo.exports.formats import FORMATS
from zoo.inference.load import opened_as, predictor_of
from zoo.runs.run import Run

#: What metrics of the same weights may differ by from one processor, or number of threads, to another.
SAME = 1e-3


class Line(NamedTuple):
    """A figure of the report, what it is now, and whether the two agree."""

    name: str
    reported: str
    now: str
    holds: bool


def verify(path: Path, report: Report) -> Iterator[Line]:
    """Yield the figures of the form that was kept, as reported and as they are now."""
    kept = report.chosen
    if kept is None:
        raise ZooError(f"the report beside {path} says that nothing was kept; compress the run again")
    digest = digest_of(path)
    yield Line("sha256", report.sha256[:16], digest[:16], digest == report.sha256)
    opened = opened_as(str(path))
    evidence = Evidence(Run.find(report.run), Limits(report.max_drop, report.rounds))
    yield Line("weights of the run", report.weights, evidence.opened.digest, evidence.opened.digest == report.weights)
    now = evidence.judge(kept.name, opened, kept.bytes)
    yield from figures(report, kept, evidence, now)
    yield Line("verdict on the metric", "accepted", now.verdict, now.accepted)
    if kept.speed is not None:
        predictors = {ORIGINAL: predictor_of(evidence.original), kept.name: predictor_of(opened)}
        speeds = race(predictors, evidence.batches[0], ORIGINAL)
        before = report.original.speed
        was = before.p50 / kept.speed.p50 if before else float("nan")
        found = speeds[ORIGINAL].p50 / speeds[kept.name].p50
        yield Line("times as fast as the original", f"{was:.2f}", f"{found:.2f}", faster(found))


def faster(times: float) -> bool:
    """Tell whether a form still is faster than the original: how much so hangs on what else the machine does."""
    return times > 1


def figures(report: Report, kept: Candidate, evidence: Evidence, now: Candidate) -> Iterator[Line]:
    """Yield the metric of the original and of the form."""
    before = evidence.values[evidence.headline]
    for name, was, found in (("original", report.original.value, before), ("kept", kept.value, now.value)):
        yield Line(f"{report.metric}, {name}", f"{was:.4f}", f"{found:.4f}", abs(was - found) <= SAME)


def digest_of(path: Path) -> str:
    """Return the sha256 of a compressed file, over all that belong to it."""
    kind = FORMATS.get(path.suffix.lower())
    found = hashlib.sha256()
    for one in kind.files(path) if kind else (path,):
        found.update(one.read_bytes())
    return found.hexdigest()
