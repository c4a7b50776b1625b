"""`zoo list`: the models that there are, with what decides whether one may be used."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, get_args

import typer

from tools.terminal.columns import table, terminal
from zoo.errors import ZooError, counted, one_of
from zoo.quantities import count, parse_count
from zoo.registry.index import Entry, Index, load
from zoo.registry.licences import Answer
from zoo.registry.tasks import BACKBONE, kinds

STATUSES = ("active", "deprecated", "obsolete")
#: The heads of the table and what stands under them.
COLUMNS: Mapping[str, Callable[[Entry], str]] = {
    "name": lambda entry: entry.name,
    "task": lambda entry: entry.task,
    "size": lambda entry: count(entry.parameters),
    "weights": lambda entry: entry.licences["weights"],
    "commercial": lambda entry: entry.commercial,
    "status": lambda entry: entry.status,
    "domains": lambda entry: ", ".join(entry.domains) or "any",
}
SORTS: Mapping[str, Callable[[Entry], Any]] = {
    "name": lambda entry: entry.name,
    "task": lambda entry: (entry.task == BACKBONE, entry.task, entry.name),
    "size": lambda entry: (entry.parameters is None, entry.parameters, entry.name),
    "licence": lambda entry: (entry.licences["weights"], entry.name),
    "status": lambda entry: (STATUSES.index(entry.status), entry.name),
}


def command(
    task: Annotated[str | None, typer.Option(help="only of this task, such as detection; or backbone")] = None,
    domain: Annotated[str | None, typer.Option(help="only made for this domain, such as satellite")] = None,
    status: Annotated[str | None, typer.Option(help="only of this status: active, deprecated, obsolete")] = None,
    max_params: Annotated[str | None, typer.Option(help="only up to this size, such as 5M or 300k")] = None,
    commercial: Annotated[str | None, typer.Option(help="only what may be used commercially: yes, no, depends")] = None,
    data: Annotated[str | None, typer.Option(help="say how each fits this data, such as satellite")] = None,
    sort: Annotated[str, typer.Option(help="by name, task, size, licence or status")] = "task",
    timm: Annotated[bool, typer.Option("--timm", help="also the backbones of timm")] = False,
    json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False,
) -> None:
    """List the models: task, size, licence of the weights, whether all licences allow commercial use.

    Example: `zoo list --task detection --max-params 5M --commercial yes`
    """
    index = load()
    tests = filters(task=task, domain=domain, status=status, max_params=max_params, commercial=commercial, index=index)
    one_of("--sort", sort, SORTS)
    chosen = [entry for entry in everything(index, timm) if all(test(entry) for test in tests)]
    chosen.sort(key=SORTS[sort])
    fits = verdicts(chosen, data) if data else {}
    chosen = [entry for entry in chosen if not data or entry.name in fits]
    print(as_json(chosen, fits) if json_ else as_text(chosen, fits, index, whole=not tests and not timm))
    if index.broken:
        raise ZooError("\n".join((*index.broken, "the others are listed; `zoo card check` looks at all cards")))


def everything(index: Index, timm: bool) -> list[Entry]:
    """Return the entries of the card roots, and those of timm on request."""
    entries = list(index.entries.values())
    if timm:
        from zoo.registry.timm_cards import entries as timm_entries

        entries += timm_entries()
    return entries


def filters(
    task: str | None,
    domain: str | None,
    status: str | None,
    max_params: str | None,
    commercial: str | None,
    index: Index,
) -> list[Callable[[Entry], bool]]:
    """Return the tests that an entry has to pass; a word that nothing can match is an error."""
    tests: list[Callable[[Entry], bool]] = []
    if task is not None:
        one_of("--task", task, kinds())
        tests.append(lambda entry: entry.task == task)
    if domain is not None:
        one_of("--domain", domain, sorted({word for entry in index.entries.values() for word in entry.domains}))
        tests.append(lambda entry: domain in entry.domains)
    if status is not None:
        one_of("--status", status, STATUSES)
        tests.append(lambda entry: entry.status == status)
    if max_params is not None:
        most = parse_count("--max-params", max_params)
        tests.append(lambda entry: entry.parameters is not None and entry.parameters <= most)
    if commercial is not None:
        one_of("--commercial", commercial, get_args(Answer))
        tests.append(lambda entry: entry.commercial == commercial)
    return tests


def verdicts(entries: Sequence[Entry], data: str) -> dict[str, str]:
    """Say for every model that solves a task of `data` how it fits."""
    from tools.registry.fit import fits_of

    names = {entry.name for entry in entries}
    return {
        candidate.card.name: counted(len(candidate.fit.mismatches), "mismatch", "es")
        if candidate.fit.mismatches
        else "fits"
        for candidate in fits_of(data, sorted({entry.task for entry in entries} - {BACKBONE}))
        if candidate.card.name in names
    }


def as_json(entries: Sequence[Entry], fits: Mapping[str, str]) -> str:
    """Return the entries as JSON."""
    rows = [{**entry._asdict(), **({"fit": fits[entry.name]} if fits else {})} for entry in entries]
    return json.dumps(rows, indent=2, ensure_ascii=False)


def as_text(entries: Sequence[Entry], fits: Mapping[str, str], index: Index, whole: bool) -> str:
    """Return the entries as a table, with what to type next below it."""
    if not entries:
        return f"no model passes; without filters there are {len(index.entries)}: `zoo list`"
    heads = [head for head in COLUMNS if head != "status" or any(entry.status != "active" for entry in entries)]
    rows = [[COLUMNS[head](entry) for head in heads] for entry in entries]
    if fits:
        heads.insert(1, "fit")
        rows = [[row[0], fits[row[0]], *row[1:]] for row in rows]
    after = "`zoo show NAME` says all of one" + ("; --timm adds the backbones of timm" if whole else "")
    return f"{table(heads, rows, right=('size',), width=terminal())}\n\n{counted(len(entries), 'model')}; {after}"
