"""`zoo list`: the models that there are, with what decides whether one may be used."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer

from tools.terminal.columns import table, terminal
from zoo.errors import ZooError, near
from zoo.registry.index import Entry, Index, load
from zoo.registry.tasks import BACKBONE, kinds

STATUSES = ("active", "deprecated", "obsolete")
#: The heads of the table and what stands under them.
COLUMNS: Mapping[str, Callable[[Entry], str]] = {
    "name": lambda entry: entry.name,
    "task": lambda entry: entry.task,
    "size": lambda entry: size(entry.parameters),
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
    commercial: Annotated[bool, typer.Option("--commercial", help="only what may be used commercially")] = False,
    data: Annotated[str | None, typer.Option(help="say how each fits this data, such as satellite")] = None,
    sort: Annotated[str, typer.Option(help="by name, task, size, licence or status")] = "task",
    timm: Annotated[bool, typer.Option("--timm", help="also the backbones of timm")] = False,
    json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False,
) -> None:
    """List the models: task, size, licence of the weights, whether all licences allow commercial use.

    Example: `zoo list --task detection --max-params 5M --commercial`
    """
    index = load()
    tests = filters(task=task, domain=domain, status=status, max_params=max_params, commercial=commercial, index=index)
    if sort not in SORTS:
        raise ZooError(f"--sort {sort} is not known; it is one of {', '.join(SORTS)}")
    chosen = [entry for entry in everything(index, timm) if all(test(entry) for test in tests)]
    chosen.sort(key=SORTS[sort])
    fits = verdicts(chosen, data) if data else {}
    chosen = [entry for entry in chosen if not data or entry.name in fits]
    print(as_json(chosen, fits) if json_ else as_text(chosen, fits, index, whole=not tests and not timm))
    if index.broken:
        raise ZooError("\n".join((*index.broken, "the others are listed; `zoo card check` looks at all cards")))


def everything(index: Index, timm: bool) -> list[Entry]:
    """Return the entries of the shelves, and those of timm on request."""
    entries = list(index.entries.values())
    if timm:
        from zoo.registry.timm_cards import entries as timm_entries

        entries += timm_entries()
    return entries


def filters(
    task: str | None, domain: str | None, status: str | None, max_params: str | None, commercial: bool, index: Index
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
        most = parameters(max_params)
        tests.append(lambda entry: entry.parameters is not None and entry.parameters <= most)
    if commercial:
        tests.append(lambda entry: entry.commercial == "yes")
    return tests


def one_of(option: str, word: str, words: Sequence[str]) -> None:
    """Refuse a word that is not among `words`."""
    if word not in words:
        raise ZooError(f"{option} {word} is not known{near(word, words)}; it is one of {', '.join(words)}")


def parameters(text: str) -> float:
    """Return the number that a size such as 5M, 300k or 1.2e6 means."""
    units = {"k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9}
    unit = units.get(text[-1:].lower())
    try:
        return float(text[:-1] if unit else text) * (unit or 1)
    except ValueError as error:
        raise ZooError(f"--max-params {text} is no size; write it as 5M or 300k") from error


def size(count: int | None) -> str:
    """Write a number of parameters for people; – where nobody has counted."""
    if count is None:
        return "–"
    for unit, name in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= unit:
            return f"{count / unit:.{1 if count < 10 * unit else 0}f}{name}"
    return str(count)


def verdicts(entries: Sequence[Entry], data: str) -> dict[str, str]:
    """Say for every model that solves a task of `data` how it fits."""
    from tools.registry.fit import fits_of

    names = {entry.name for entry in entries}
    return {
        candidate.card.name: amount(len(candidate.fit.mismatches), "mismatch", "es")
        if candidate.fit.mismatches
        else "fits"
        for candidate in fits_of(data, sorted({entry.task for entry in entries} - {BACKBONE}))
        if candidate.card.name in names
    }


def amount(count: int, word: str, plural: str) -> str:
    """Write how many there are, the word in the plural unless there is one."""
    return f"{count} {word}" + ("" if count == 1 else plural)


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
    return f"{table(heads, rows, right=('size',), width=terminal())}\n\n{amount(len(entries), 'model', 's')}; {after}"
