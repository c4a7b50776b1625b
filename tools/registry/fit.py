"""`zoo fit`: a model held against data without training, or all models of a task ranked for the data."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from configuration import groups
from tools.data.profiles import profile_of
from tools.registry.cost import Cost, cost_of, facts
from tools.terminal.columns import table, terminal
from zoo.errors import ZooError, near
from zoo.fit import Candidate, Fit, adapt, rank
from zoo.profile import Profile
from zoo.registry.models import TIMM, card, cards


def command(
    name: Annotated[str | None, typer.Argument(help="a model; without one, the whole zoo is ranked")] = None,
    overrides: Annotated[list[str] | None, typer.Argument(help="changes of the run, as for train.py")] = None,
    data: Annotated[str | None, typer.Option(help="data, as in train.py data=…")] = None,
    task: Annotated[str | None, typer.Option(help="rank the models of this task")] = None,
    profile: Annotated[Path | None, typer.Option(help="a profile.json in place of --data")] = None,
    cost: Annotated[
        bool, typer.Option("--cost", help="of a model on --data: time a few steps, and say what training takes")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False,
) -> None:
    """Hold a model against data before training, or rank all models for the data.

    With --cost a few steps are timed too: how long the training will take on this machine, how much memory and disk, and what
    to change where it does not fit. Exit code 1 when a mismatch is left, or it does not fit.

    Examples: `zoo fit ssd300 --data satellite`, `zoo fit --task detection --data satellite`,
    `zoo fit ssd300 --data satellite data.tile=320`, `zoo fit ssd300 --data satellite --cost`
    """
    if (data is None) == (profile is None):
        raise ZooError("zoo fit needs --data NAME, as in train.py data=…, or --profile profile.json; one of the two")
    words = list(overrides or ())
    if name is not None and "=" not in name:
        if cost and data is None:
            raise ZooError("--cost times steps on data: name them by --data")
        fit = fit_to_profile(name, Profile.load(profile), words) if profile else fit_to_data(name, str(data), words)
        spent = cost_of([f"task={card(name).task}", f"data={data}", f"model={name}", *words]) if cost else None
        report(fit, data, words, json_, spent)
        raise typer.Exit(1 if fit.mismatches or (spent and spent.excesses) else 0)
    if cost:
        raise ZooError("--cost is of one model: name it, as in zoo fit ssd300 --data satellite --cost")
    words = [name, *words] if name else words  # without a model, the first word is an override
    ranked = of_profile(Profile.load(profile), words) if profile else fits_of(str(data), [task or ""], words)
    print(ranking_json(ranked) if json_ else ranking_text(ranked, data, words))


def fit_to_data(name: str, data: str, words: Sequence[str] = ()) -> Fit:
    """Hold the model against data by its name in conf/data, as train.py would compose it."""
    from configuration.composition import compose, to_dict

    entry = trainable(name)
    cfg = compose([f"task={entry.task}", f"data={data}", f"model={name}", *words])
    return adapt(entry, profile_of(cfg), to_dict(cfg), words)[0]


def fit_to_profile(name: str, profile: Profile, words: Sequence[str] = ()) -> Fit:
    """Hold the model against a profile, with its own options, pretrained where it can be, and the overrides."""
    return adapt(entry := trainable(name), profile, changed(default_run(entry.options, profile), words), words)[0]


def trainable(name: str) -> Any:
    """Return the card of a model that solves a task; a backbone alone solves none."""
    if name.startswith(TIMM) or (entry := card(name)).task == "backbone":
        raise ZooError(
            f"{name!r} is a backbone, which solves no task alone; take a model that stands on it: `zoo list`"
        )
    return entry


def default_run(options: Any, profile: Profile) -> dict[str, Any]:
    """Return what a run sets that nobody configured: the model's options and the tile that was measured with."""
    return {"model": {"pretrained": True, **options}, "data": {"tile": profile.tile, "overlap": 0}}


def changed(run: dict[str, Any], words: Sequence[str]) -> dict[str, Any]:
    """Return the run with overrides such as model.geometry=rotated_box."""
    if not words:
        return run
    from configuration.composition import override

    return override(run, words)


def fits_of(data: str, tasks: Sequence[str], words: Sequence[str] = ()) -> list[Candidate]:
    """Hold every model of the tasks that `data` serves against it, best first; composed once a task."""
    from configuration.composition import compose, to_dict

    candidates = []
    options = [word for word in words if word.startswith("model.")]
    for task in served(data, tasks):
        cfg = compose([f"task={task}", f"data={data}", *(word for word in words if word not in options)])
        profile = profile_of(cfg)
        for entry in (entry for entry in cards().values() if entry.task == task):
            cfg.model = {"name": entry.name, "pretrained": True, **entry.options}  # what refers to it follows
            candidates.append(Candidate(entry, adapt(entry, profile, changed(to_dict(cfg), options), words)[0]))
    return rank(candidates)


def served(data: str, tasks: Sequence[str]) -> list[str]:
    """Return those of `tasks` (all when none is named) that `data` serves: the files in conf/data/<data>/."""
    known = groups.options("data")
    if data not in known:
        raise ZooError(f"no data {data!r}{near(data, known)}; there is {', '.join(known)}")
    serves = groups.tasks_of(data)
    chosen = [task for task in serves if task in tasks or not any(tasks)]
    if not chosen:
        raise ZooError(f"data {data!r} has nothing for task {', '.join(tasks)}; it serves {', '.join(serves)}")
    return chosen


def of_profile(profile: Profile, words: Sequence[str] = ()) -> list[Candidate]:
    """Hold every model of the profile's task against it, best first."""
    entries = [entry for entry in cards().values() if entry.task == profile.task]
    return rank(
        Candidate(e, adapt(e, profile, changed(default_run(e.options, profile), words), words)[0]) for e in entries
    )


def report(fit: Fit, data: str | None, words: Sequence[str], as_json: bool, cost: Cost | None = None) -> None:
    """Print a fit, what the training costs where that was measured, and the command that trains as it asks for."""
    if as_json:
        measured = {"cost": facts(cost)} if cost else {}
        print(json.dumps({**fit.facts(), **measured}, indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    width = terminal()
    Console(width=width or 200, highlight=False).print(fit.table())
    if cost:
        print(f"\n{cost}")
    if data is not None and fit.mismatches:
        task = card(fit.model).task
        other = {word.partition("=")[0] for word in fit.overrides}
        kept = [word for word in words if word.partition("=")[0] not in other]
        more = " ".join(f"'{word}'" if set("[{") & set(word) else word for word in (*kept, *fit.overrides))
        print(f"\nnext: python train.py task={task} data={data} model={fit.model} {more}")


def ranking_json(ranked: Sequence[Candidate]) -> str:
    """Return a ranking as JSON."""
    rows = [
        {
            "name": c.card.name,
            "mismatches": len(c.fit.mismatches),
            "why": c.why,
            "measured": c.measured,
            **c.fit.facts(),
        }
        for c in ranked
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False)


def ranking_text(ranked: Sequence[Candidate], data: str | None, words: Sequence[str] = ()) -> str:
    """Return a ranking as a table, with what to type next."""
    if not ranked:
        return "no model solves this task: `zoo list`"
    rows = [
        (str(place), c.card.name, str(len(c.fit.mismatches)), c.measured or "–", c.why)
        for place, c in enumerate(ranked, start=1)
    ]
    best = ranked[0].card
    text = table(("", "model", "mismatches", "measured", "why"), rows, right=("", "mismatches"), width=terminal())
    if data is None:
        return text
    more = "".join(f" {word}" for word in words)
    train = f"python train.py task={best.task} data={data} model={best.name}{more}"
    return f"{text}\n\nnext: zoo fit {best.name} --data {data}{more}, or {train}"
