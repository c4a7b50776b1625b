"""`zoo promote SITE VERSION`: a challenger answers only where it is proven better; `zoo rollback` goes back."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from zoo.errors import ZooError
from zoo.inference.answers import Label
from zoo.inference.load import predictor_of
from zoo.inference.opened import of_run
from zoo.sites.documents import read_document
from zoo.sites.frozen import Frozen, read_frozen
from zoo.sites.promotion import Gates, Judgement, Trial, judge
from zoo.sites.site import Site

GATES = "promotion.yaml"
Folder = Annotated[Path, typer.Argument(help="the folder of the site")]
#: What a script reads off the exit: promoted, held, rejected.
CODES = {"PROMOTE": 0, "HOLD": 3, "REJECT": 4}


def command(
    site: Folder,
    challenger: Annotated[str, typer.Argument(help="a version of the site, or how it begins: zoo site add brings one")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="judge, and change nothing")] = False,
    json_: Annotated[bool, typer.Option("--json", help="print the judgement as JSON")] = False,
) -> None:
    """Hold a challenger against the version that answers, on the frozen samples in sets/; let it answer if it is better.

    PROMOTE (exit 0): better by a paired bootstrap, no slice worse, not too slow, not too large. HOLD (exit 3): not told apart.
    REJECT (exit 4): with the reasons. The verdict is signed and kept in decisions/. promotion.yaml sets risk, slack, floors
    of slices and ceilings. Samples are rows input,label,slice of sets/*.csv; models that label are compared by accuracy.

    Examples: `zoo promote street 3f9a`, then, if it was wrong after all, `zoo rollback street`.
    """
    opened = Site(site)
    with opened.lock():
        champion, version = opened.current(), opened.versions.find(challenger)
        if version == champion:
            raise ZooError(f"version {version} answers already; name another of {', '.join(opened.versions.names())}")
        gates = read_document(site / GATES, Gates) if (site / GATES).exists() else Gates()
        frozen = read_frozen(site, opened.settings.classes)
        before, after = (trial(opened, one, frozen) for one in (champion, version))
        found = judge(before, after, frozen.slices, gates)
        facts = facts_of(champion, version, frozen, gates, found)
        if not dry_run:
            decide(opened, version, facts)
    if json_:
        print(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        print(f"{found.verdict}: {'; '.join(found.reasons)}")
        print(f"version {opened.current()} answers" + (" (nothing was changed: --dry-run)" if dry_run else ""))
    raise typer.Exit(CODES[found.verdict])


def decide(site: Site, version: str, facts: dict[str, Any]) -> None:
    """Sign the verdict, and let the challenger answer where it says so."""
    if facts["verdict"] == "PROMOTE":
        site.serve(version, "promote", facts)
    else:
        site.decisions.add("promote", facts)


def trial(site: Site, version: str, frozen: Frozen) -> Trial:
    """Score a version on the samples: 1 where its label is right, 0 where not."""
    opened = of_run(site.versions.run(version))
    predictor = predictor_of(opened)
    began, scores = time.perf_counter(), []
    for source, label in zip(frozen.inputs, frozen.labels, strict=True):
        answers = [one.answer for one in predictor.each([source])]
        if len(answers) != 1 or not isinstance(answers[0], Label):
            kinds = ", ".join(sorted({type(one).__name__ for one in answers})) or "nothing"
            raise ZooError(
                f"{source} is answered with {len(answers)} × {kinds}; zoo promote compares models that give one label"
            )
        scores.append(float(answers[0].label == label))
    milliseconds = 1000 * (time.perf_counter() - began) / len(scores)
    size = opened.weights.stat().st_size if opened.weights else 0
    return Trial(np.array(scores), milliseconds, size)


def facts_of(champion: str, version: str, frozen: Frozen, gates: Gates, found: Judgement) -> dict[str, Any]:
    """Return what a decision says."""
    return {
        "verdict": found.verdict,
        "reasons": list(found.reasons),
        "champion": champion,
        "challenger": version,
        "samples": len(frozen.labels),
        "sets": frozen.digest,
        "gates": gates.model_dump(mode="json"),
        "differences": [asdict(one) for one in found.differences],
    }


def rollback(
    site: Folder, to: Annotated[str, typer.Option(help="a version, or how it begins; default: the one before")] = ""
) -> None:
    """Let the version answer that did before, or any other of the site; the decision is signed.

    Example: `zoo rollback street`.
    """
    opened = Site(site)
    with opened.lock():
        current = opened.current()
        served = [made["serving"] for made in opened.decisions.all() if made.get("serving")]
        before = [version for version in served if version != current]
        if not to and not before:
            raise ZooError(f"no other version than {current} ever answered in {site}; name one with --to")
        version = opened.versions.find(to) if to else before[-1]
        opened.serve(version, "rollback", {"from": current})
    print(f"version {version} answers again, instead of {current}")
