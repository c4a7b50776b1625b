"""`zoo promote SITE VERSION`: a challenger answers only where it is proven better; `zoo rollback` goes back."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.production.behaviour import behave, with_behaviour
from tools.production.candidates import annotator_of
from tools.production.shadow import replay, with_shadow
from tools.production.trials import trial
from zoo.errors import ZooError
from zoo.sites.documents import read_document
from zoo.sites.frozen import Frozen, read_frozen
from zoo.sites.labels import LabelBook, settle
from zoo.sites.promotion import Gates, Judgement, judge
from zoo.sites.site import Site

GATES = "promotion.yaml"
Folder = Annotated[Path, typer.Argument(help="the folder of the site")]
#: What a script reads off the exit: promoted, held, rejected.
CODES = {"PROMOTE": 0, "HOLD": 3, "REJECT": 4}


def command(
    site: Folder,
    challenger: Annotated[str, typer.Argument(help="a version of the site, or how it begins: zoo site add brings one")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="judge, and change nothing")] = False,
    shadow: Annotated[int, typer.Option(min=0, help="inputs of the inbox that both answer, the last ones")] = 100,
    json_: Annotated[bool, typer.Option("--json", help="print the judgement as JSON")] = False,
) -> None:
    """Hold a challenger against the version that answers, on frozen samples; let it answer if it is better.

    PROMOTE (exit 0): better by a paired bootstrap, no slice worse, not too slow, not too large. HOLD (exit 3): not told apart.
    REJECT (exit 4): with the reasons. The verdict is signed and kept in decisions/. promotion.yaml sets risk, slack, floors
    of slices and ceilings. Samples are labels that were held out (zoo collect), and rows input,label,slice of sets/*.csv.
    Labels are judged by how many are right, objects and masks by the headline metric of their task. Frozen inputs are also
    mirrored, darker, noisy and empty. Inputs that wait in inbox/ are answered by both, and what changes is told.

    Examples: `zoo promote street 3f9a`, then, if it was wrong after all, `zoo rollback street`.
    """
    opened = Site(site)
    facts = consider(opened, challenger, shadow, dry_run)
    if json_:
        print(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        print(f"{facts['verdict']}: {'; '.join(facts['reasons'])}")
        for name in ("behaviour", "shadow"):
            if facts[name]:
                print(facts[name]["said"])
        print(f"version {opened.current()} answers" + (" (nothing was changed: --dry-run)" if dry_run else ""))
    raise typer.Exit(CODES[facts["verdict"]])


def consider(site: Site, challenger: str, shadow: int, dry_run: bool = False) -> dict[str, Any]:
    """Judge a challenger and, but for a dry run, decide; return what a decision says."""
    with site.lock():
        champion, version = site.current(), site.versions.find(challenger)
        if version == champion:
            raise ZooError(f"version {version} answers already; name another of {', '.join(site.versions.names())}")
        path, annotator = site.folder / GATES, annotator_of(site.settings.task)
        gates = read_document(path, Gates) if path.exists() else Gates()
        frozen = frozen_of(site, gates.recent)
        before, after = (trial(site, one, frozen, annotator) for one in (champion, version))
        replayed = replay(site, (champion, version), annotator, shadow)
        behaved = behave(site, (champion, version), frozen, annotator, gates.behaviours)
        found = with_shadow(judge(before, after, frozen.slices, gates), replayed, gates)
        found = with_behaviour(found, behaved, gates)
        facts = {
            **facts_of(champion, version, frozen, gates, found),
            "shadow": replayed and replayed.facts(),
            "behaviour": behaved and behaved.facts(),
        }
        if not dry_run:
            decide(site, version, facts)
    return facts


def frozen_of(site: Site, recent: int = 0) -> Frozen:
    """Read what challengers of a site are judged on; labels on which people disagree are left out."""
    annotator = annotator_of(site.settings.task)
    agreed = settle(LabelBook(site.folder), annotator.agreement, annotator.agreed).agreed
    return read_frozen(site.folder, site.settings.classes, [one for one in agreed if one.held_out], recent)


def decide(site: Site, version: str, facts: dict[str, Any]) -> None:
    """Sign the verdict, and let the challenger answer where it says so."""
    if facts["verdict"] == "PROMOTE":
        site.serve(version, "promote", facts)
    else:
        site.decisions.add("promote", facts)


def facts_of(champion: str, version: str, frozen: Frozen, gates: Gates, found: Judgement) -> dict[str, Any]:
    """Return what a decision says."""
    return {
        "verdict": found.verdict,
        "reasons": list(found.reasons),
        "champion": champion,
        "challenger": version,
        "samples": len(frozen.inputs),
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
