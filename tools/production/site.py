"""`zoo site`: make the folder in which a model is in use, look at it, add runs to it."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from zoo.runs.run import Run
from zoo.sites import keeping
from zoo.sites.site import Site

Folder = Annotated[Path, typer.Argument(help="the folder of the site")]


def create(
    site: Folder, run: Annotated[str, typer.Option(help="the run that answers: its folder, or the end of its name")]
) -> None:
    """Make a site: a folder with a run that answers, its settings, and a key that signs what is decided.

    Example: `zoo site create street --run runs/detection-vehicles-kestrel_nano/2026-01-31_12-00-00`, then
    `zoo serve street`.
    """
    made = Site.create(site, Run.find(run))
    print(f"{made.folder}: version {made.current()} answers; edit {made.folder / 'site.yaml'}, then: zoo serve {site}")


def add(
    site: Folder, run: Annotated[str, typer.Argument(help="a finished run of the site's task, classes and bands")]
) -> None:
    """Copy a run into a site, where it may challenge the one that answers.

    Example: `zoo site add street RUN`, then `zoo promote street VERSION`.
    """
    opened = Site(site)
    with opened.lock():
        version = opened.add(Run.find(run))
        opened.decisions.add("add", {"version": version, "run": run})
    print(f"{version} is in {site}; `zoo promote {site} {version}` holds it against the one that answers")


def repair(site: Folder) -> None:
    """Let the version answer that was decided last, where a command was killed between the two.

    Example: `zoo site repair street`.
    """
    opened = Site(site)
    with opened.lock():
        print(f"{site}: version {opened.current()} answers")


def prune(site: Folder) -> None:
    """Remove records, and inputs of the inbox, that are older than keep in site.yaml says; what went is signed.

    Example: `zoo site prune street`, daily.
    """
    opened = Site(site)
    with opened.lock():
        gone = keeping.prune(opened, opened.settings.keep)
        if any(gone.values()):
            opened.decisions.add("prune", gone)
    print(f"{gone['records']} files of records and {gone['inputs']} inputs were removed")


def show(site: Folder, json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False) -> None:
    """What is in a site: the version that answers, the others, what was decided; checks hashes and signatures.

    Example: `zoo site show street`.
    """
    opened = Site(site)
    opened.check()
    facts = facts_of(opened)
    if json_:
        print(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"{site}: {facts['task']}, {', '.join(facts['classes'])}; version {facts['current']} answers", markup=False
    )
    table = Table(box=None)
    for name in ("number", "time", "kind", "serving"):
        table.add_column(name)
    for made in facts["decisions"]:
        table.add_row(str(made["number"]), made["time"], made["kind"], made.get("serving", ""))
    console.print(table)
    console.print("all versions are what their names say; all decisions are signed and in their order")


def facts_of(site: Site) -> dict[str, Any]:
    """Return what there is to say of a site, as JSON knows it."""
    settings = site.settings
    return {
        "task": settings.task,
        "classes": list(settings.classes),
        "bands": list(settings.bands),
        "current": site.current(),
        "versions": site.versions.names(),
        "decisions": site.decisions.all(),
    }
