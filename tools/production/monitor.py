"""`zoo monitor SITE`: what is asked and answered now against when all was well, with one false-alarm rate over all tests."""

import json
import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from jinja2 import Environment, StrictUndefined

from tools.production.expected import expected, learn_outcomes, sentence
from tools.production.webhook import post
from zoo.errors import counted
from zoo.files import atomic_write, ensure_dir, finite
from zoo.sites.accuracy import FEWEST
from zoo.sites.drift.families import Family, watch
from zoo.sites.drift.reference import ALWAYS, SPAN, learn, open_reference
from zoo.sites.drift.samples import Sample, sample_of
from zoo.sites.records.record import time_of
from zoo.sites.records.table import connect
from zoo.sites.site import Site

TEMPLATE = Path(__file__).parent / "monitor.html"
#: Records of each side that are compared, drawn at random where there are more.
MOST = 2000
#: Columns that are drawn.
DRAWN = 6


def command(
    site: Annotated[Path, typer.Argument(help="the folder of the site")],
    since: Annotated[
        str, typer.Option(help="the window begins: 2026-01-31T00:00:00Z; default: after the reference")
    ] = "",
    until: Annotated[str, typer.Option(help="the window ends before; default: now")] = "",
    rate: Annotated[float, typer.Option(help="the share of windows without a change that may alarm")] = 0.01,
    out: Annotated[Path | None, typer.Option(help="a report that opens without a network: report.html")] = None,
    learn_: Annotated[bool, typer.Option("--learn", help="keep the records of the window as the reference")] = False,
    force: Annotated[bool, typer.Option(help="of --learn: replace a reference that is there")] = False,
    webhook: Annotated[
        str, typer.Option(help="an address to which the findings are posted where anything alarms")
    ] = "",
    json_: Annotated[bool, typer.Option("--json", help="print the findings as JSON")] = False,
) -> None:
    """Hold records against those of when all was well: inputs, answers, confidence, time; all, by place, by part of the day.

    At most a share RATE of windows in which nothing changed alarms, whatever number of tests there are. It exits with 1 where
    anything alarms, so that cron can tell. Where the site has frozen samples, their scores tell how right the answers of the
    window probably are, and labels that came tell how far that is off.

    Examples: `zoo monitor street --learn --until 2026-02-01T00:00:00Z`, then daily
    `zoo monitor street --out report.html`.
    """
    opened = Site(site)
    span = (time_of(since) if since else None, time_of(until) if until else None)
    if learn_:
        print(f"{learn(opened, *span, force)} records are the reference of version {opened.current()}")
        count = learn_outcomes(opened, opened.current())
        said = (
            "tell how right answers of a score are"
            if count >= FEWEST
            else f"are too few to tell more; {FEWEST} would do"
        )
        print(f"{counted(count, 'scored answer')} to frozen samples {said}")
        return
    before, after = samples(opened, *span)
    found = watch(before, after, rate)
    right = expected(opened, window_of(opened, *span))
    facts = {**report(opened, found, rate), "accuracy": right, "expected": sentence(right)}
    if out:
        ensure_dir(out.parent)
        with atomic_write(out) as part:
            part.write_text(page(facts, charts(found[0], before, after)), encoding="utf-8")
    if json_:
        print(json.dumps(finite(facts), indent=2, ensure_ascii=False))
    else:
        print("\n".join([*sentences(found, rate), facts["expected"]]))
    if webhook and facts["alarm"]:
        post(webhook, facts)
    if any(one.alarm for one in found):
        raise typer.Exit(1)


def samples(site: Site, since: datetime | None, until: datetime | None) -> tuple[Sample, Sample]:
    """Return the reference of the version that answers, and its records in the window, `MOST` of each at most."""
    window, zone = window_of(site, since, until), site.settings.timezone
    reference = open_reference(site, window[0])
    condition = SPAN if since else SPAN.replace("time >=", "time >")
    kept = f"id IN (SELECT id FROM records WHERE {condition} ORDER BY hash(id) LIMIT {MOST})"
    whole = f"id IN (SELECT id FROM records ORDER BY hash(id) LIMIT {MOST})"
    return sample_of(reference, zone, whole), sample_of(connect(site.folder / "records"), zone, kept, window)


def window_of(site: Site, since: datetime | None, until: datetime | None) -> list[Any]:
    """Return version, beginning and end of a window; it begins after the reference, where nothing is said."""
    version = site.current()
    last = open_reference(site, version).execute("SELECT max(time) FROM records").fetchall()[0][0]
    return [version, since or last or ALWAYS[0], until or ALWAYS[1]]


def report(site: Site, found: Sequence[Family], rate: float) -> dict[str, Any]:
    """Return the findings as JSON knows them."""
    families = [
        {
            "name": one.name, "reference": one.before, "window": one.after, "p": one.p, "alarm": one.alarm,
            "findings": [vars(finding) for finding in sorted(one.findings, key=lambda finding: finding.adjusted)],
        }
        for one in found
    ]  # fmt: skip
    alarm = any(one.alarm for one in found)
    return {"site": site.folder.name, "version": site.current(), "rate": rate, "alarm": alarm, "families": families}


def sentences(found: Sequence[Family], rate: float) -> list[str]:
    """Return what there is to say, a line a family."""
    lines = []
    for one in found:
        first = min(one.findings, key=lambda finding: (finding.adjusted, -finding.distance), default=None)
        what = (
            f"{first.name} ({first.test} {first.distance:.3f}, p {first.adjusted:.4f})" if first else "nothing varies"
        )
        lines.append(
            f"{'ALARM' if one.alarm else 'ok':5}  {one.name}: {one.after} against {one.before} records; {what}"
        )
    count = sum(len(one.findings) for one in found)
    return [*lines, f"{count} tests in {len(found)} families; at most {rate:g} of windows without a change alarm"]


def charts(family: Family, before: Sample, after: Sample) -> list[dict[str, Any]]:
    """Return the columns that differ most, with the lines of both distributions for a square of 100."""
    columns = [one for one in family.findings if one.test == "KS"]
    drawn = []
    for one in sorted(columns, key=lambda finding: finding.adjusted)[:DRAWN]:
        pair = [sample.columns[one.name] for sample in (before, after)]
        known = [values[~np.isnan(values)] for values in pair]
        low, high = (float(pick(np.concatenate(known))) for pick in (np.min, np.max))
        scale = 100 / (high - low) if high > low else 0.0
        lines = [path_of(values, low, scale) for values in known]
        drawn.append({"name": one.name, "low": low, "high": high, "lines": lines, "p": one.adjusted})
    return drawn


def path_of(values: np.ndarray, low: float, scale: float) -> str:
    """Return the distribution of values as points of an SVG, at 101 shares."""
    if not len(values):
        return ""
    shares = np.linspace(0, 1, 101)
    return " ".join(
        f"{(x - low) * scale:.1f},{100 - 100 * y:.1f}" for x, y in zip(np.quantile(values, shares), shares, strict=True)
    )


def page(facts: dict[str, Any], drawn: list[dict[str, Any]]) -> str:
    """Return the report as HTML; every text in it is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = lambda value: "–" if math.isnan(value) else f"{value:.4g}"
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(facts=facts, charts=drawn)
