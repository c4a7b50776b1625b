"""`zoo verify`: hash again what is on this machine, and hold it against the cards, the cache's facts and the records."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

import zoo
from tools.hub import inspection
from tools.hub.bundle import SUMS, read_sums
from tools.hub.parts import present
from tools.terminal.columns import table, terminal
from zoo.errors import ZooError
from zoo.files.paths import cache_root
from zoo.registry.cards import File, Part, Weights
from zoo.runs import hub_runs
from zoo.runs.hub_runs import SCHEME
from zoo.runs.run import Run, is_run
from zoo.sources.address import parse
from zoo.sources.cache import Cache, Facts
from zoo.sources.digest import digest
from zoo.sources.mirror import mirror_root, place_in_mirror
from zoo.weights.files import named, needed

OK, WRONG, UNKNOWN, ABSENT = "ok", "wrong", "unknown checksum", "not here"


@dataclass(frozen=True)
class Finding:
    """What is to be said of one file: its state, where it lies, and why."""

    state: str
    what: str
    where: str = ""
    why: str = ""


def command(
    name: Annotated[str | None, typer.Argument(help="a model, NAME or NAME.TAG, or a run; default: everything")] = None,
    json_: Annotated[bool, typer.Option("--json", help="print the findings as JSON")] = False,
) -> None:
    """Hash files again: weights in mirror and cache against the cards, all else in the cache, or the files of a run.

    The exit code is 1 when a file is wrong. Examples: `zoo verify`, `zoo verify hf://owner/repo`
    """
    found = list(everything() if name is None else about(name))
    if json_:
        print(json.dumps([asdict(finding) for finding in found], indent=2))
    else:
        print(
            table(
                ("state", "what", "where", "why"), [(f.state, f.what, f.where, f.why) for f in found], width=terminal()
            )
        )
    if any(finding.state == WRONG for finding in found):
        raise typer.Exit(1)


def about(name: str) -> Iterator[Finding]:
    """Yield what is found for a run or for a model's weights."""
    if name.startswith(SCHEME) or is_run(Path(name)):
        yield from of_run(Run.find(name).folder)
        return
    try:
        model, tag = named(name)
    except ZooError as no_model:
        try:
            run = Run.find(name)
        except ZooError:
            raise no_model from None
        yield from of_run(run.folder)
        return
    kept = in_cache()
    for _, weights in needed(model, tag):
        for file in files_of(weights):
            yield of_file(file, kept)


def in_cache() -> dict[Path, Facts]:
    """Return the facts of all cached files by their paths."""
    return {entry.path: entry.facts for entry in Cache(cache_root()).entries()}


def everything() -> Iterator[Finding]:
    """Yield what is found for the weights of all cards, for all else in the cache, and for a bundle in ZOO_MIRROR."""
    kept = in_cache()
    files = {
        file.uri: file for entry in zoo.cards().values() for weights in entry.weights for file in files_of(weights)
    }
    for file in files.values():
        yield of_file(file, kept)
    for path, facts in kept.items():
        if facts.uri not in files:
            yield judged(facts.uri, path, [facts.sha256])
    if mirror := mirror_root():
        yield from of_sums(mirror)


def of_sums(mirror: Path) -> Iterator[Finding]:
    """Yield what is found for the files that a bundle lists in its checksums, if the mirror is one."""
    for place, sha256 in read_sums(mirror / SUMS).items():
        path = mirror / place
        yield judged(place, path, [sha256]) if path.is_file() else Finding(WRONG, place, str(path), "it is missing")


def files_of(weights: Weights) -> Iterator[File | Part]:
    """Yield the files that weights may come from, with the parts of each."""
    for file in weights.sources:
        yield file
        yield from file.parts


def of_file(file: File | Part, kept: Mapping[Path, Facts]) -> Finding:
    """Return what is found for one file of a card: in the mirror, else in the cache."""
    address = parse(file.uri)
    path = place_in_mirror(address) or Cache(cache_root()).path(address)
    if not path.is_file():
        return Finding(ABSENT, file.uri)
    expected = [file.sha256, kept[path].sha256 if path in kept else None]
    return judged(file.uri, path, filter(None, expected), known=file.sha256 is not None)


def judged(what: str, path: Path, expected: Iterable[str], *, known: bool = True) -> Finding:
    """Hash a file and compare; `known` says whether the author of the file states its checksum."""
    actual = digest(path)
    for sha256 in expected:
        if actual != sha256:
            return Finding(WRONG, what, str(path), f"sha256 {actual}, expected {sha256}; remove it and fetch it again")
    return Finding(OK if known else UNKNOWN, what, str(path), "" if known else f"sha256 {actual}")


def of_run(folder: Path) -> Iterator[Finding]:
    """Yield what is found for a run: whether its parts fit, and each file against the record of a pulled run."""
    try:
        inspection.check_folder(folder)
        yield Finding(OK, "weights, head and configuration", str(folder))
    except ZooError as error:
        yield Finding(WRONG, "weights, head and configuration", str(folder), str(error))
    record = hub_runs.record_of(folder)
    files = hub_runs.read(record).files if record.exists() else {}
    for name, facts in files.items():
        path = folder / name
        yield (
            judged(name, path, [facts["sha256"]])
            if path.is_file()
            else Finding(WRONG, name, str(path), "it is missing")
        )
    for path in present(folder):
        if (name := path.relative_to(folder).as_posix()) not in files:
            yield judged(name, path, [], known=False)
