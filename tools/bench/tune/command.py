"""`zoo tune`: which settings of this machine are fastest for a model, kept for whoever trains it or answers with it."""

import json
import sys
import time
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.terminal.columns import table, terminal
from zoo.errors import ZooError, counted
from zoo.registry.card_roots import card_files

if TYPE_CHECKING:
    from tools.bench.tune.answers import Answers
    from tools.bench.tune.contest import Duel, Outcome
    from tools.bench.tune.training import Training
    from zoo.hardware.tuned import Winner


def command(
    name: Annotated[
        str, typer.Argument(help="a model, whose training is tuned on data=…; or a run, whose answers are")
    ],
    words: Annotated[
        list[str] | None, typer.Argument(help="data=… and settings of the training, as for train.py")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="how long rivals are measured")] = 60.0,
    busy: Annotated[
        bool,
        typer.Option("--busy", help="keep what is measured beside other processes too: where there always are some"),
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Measure what makes a model faster on this machine than the usual settings, and keep it for train, predict and serve.

    Of a training: threads, workers that make batches, precision, layout in memory. Of answers: PyTorch, OpenVINO and ONNX
    Runtime, precision, threads, layout. What answers otherwise is refused. Settings that are given are kept, here and later.
    Where other processes keep the machine busy nothing is kept, unless it is to be tuned for that: `--busy`.

    Examples: `zoo tune kestrel_nano data=satellite`, `zoo tune RUN`
    """
    from tools.bench.tune.contest import contest
    from zoo.hardware.machine import busy_cores

    others = "" if busy else disturbed(busy_cores())
    began = time.monotonic()
    entrants = entrants_of(name, words or [])
    prepared = time.monotonic() - began
    outcome = contest(entrants, seconds, time.monotonic)
    winner = winner_of(entrants, outcome)
    facts = {
        "subject": entrants.subject.model_dump(),
        "usual": dict(entrants.usual),
        "tried": [vars(duel) for duel in outcome.duels],
        "untried": outcome.untried,
        "winner": None if winner is None else winner.model_dump(mode="json"),
        "kept": None if others else kept(entrants, winner),
        "note": others,
        "seconds": {"prepared": round(prepared, 1), "measured": round(time.monotonic() - began - prepared, 1)},
    }
    if json_:
        print(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        print(said(entrants, outcome, winner, facts))


def disturbed(busy: float) -> str:
    """Return why nothing is kept where so many cores are busy; "" where they leave room enough."""
    from zoo import hardware

    if not hardware.said_of_busy(busy):
        return ""
    return (
        f"other processes keep about {busy:.1f} of {counted(hardware.cores(), 'core')} busy; repeat it when they are done, "
        "or with --busy"
    )


def entrants_of(name: str, words: list[str]) -> "Training | Answers":
    """Return what is tuned: the training of a registered model, where data are named, or what answers under a name."""
    from zoo.registry.models import card

    if any(word.startswith("data=") for word in words):
        from tools.bench.tune.training import Training

        return Training([f"task={card(name).task}", f"model={name}", *words])
    if words:
        raise ZooError(
            f"{' '.join(words)} is of a training, which is tuned with data=…; the answers of a run have its own"
        )
    if name in card_files() and not any(one.classes for one in card(name).weights):
        raise ZooError(f"{name} is tuned on data: zoo tune {name} data=…; or name a run")
    from tools.bench.tune.answers import Answers
    from zoo.inference.load import opened_as

    opened = opened_as(name)
    if opened.runtime != "PyTorch":
        raise ZooError(f"{opened.source} answers by {opened.runtime} alone; name the run that it was made of")
    return Answers(opened, partial(print, file=sys.stderr))


def winner_of(entrants: "Training | Answers", outcome: "Outcome") -> "Winner | None":
    """Return what is to be kept of an outcome; None where nothing is faster than the usual settings."""
    from zoo.hardware.tuned import Settings, Winner, machine

    last = outcome.last
    if last is None or not last.won or last.speed is None or last.against is None:
        return None
    return Winner(
        subject=entrants.subject,
        machine=machine(),
        settings=Settings(**last.change),
        speed=last.speed,
        usual=last.against,
        sample=entrants.sample,
        measured=date.today(),
    )


def kept(entrants: "Training | Answers", winner: "Winner | None") -> str | None:
    """Keep a winner, or remove what was kept before; return where it is."""
    from zoo.hardware import tuned

    if winner is not None:
        return str(tuned.keep(winner))
    tuned.forget(entrants.subject)
    return None


def said(entrants: "Training | Answers", outcome: "Outcome", winner: "Winner | None", facts: dict[str, Any]) -> str:
    """Return the outcome as a person reads it."""
    rate = f"{entrants.sample}s/s"
    rows = [row_of(duel) for duel in outcome.duels]
    lines = [
        f"usual     {words_of(entrants.usual)}",
        table(("tried", rate, "before", ""), rows, (rate, "before"), terminal()),
    ]
    lines += [f"no time   {', '.join(words_of(change) for change in outcome.untried)}"] if outcome.untried else []
    for name, why in getattr(entrants, "refused", {}).items():
        lines.append(f"refused   {name}: {why}")
    if facts["note"]:
        lines.append(f"kept      nothing: {facts['note']}")
    elif winner is None:
        lines.append("kept      nothing: the usual settings are the fastest here")
    else:
        lines.append(f"kept      {winner.why(winner.settings.changed())} ({facts['kept']})")
    return "\n".join(lines)


def row_of(duel: "Duel") -> list[str]:
    """Return a line of the table."""
    if duel.refused or duel.speed is None or duel.against is None:
        return [words_of(duel.change), "", "", f"refused: {duel.refused}"]
    return [words_of(duel.change), f"{duel.speed:.3g}", f"{duel.against:.3g}", "faster" if duel.won else ""]


def words_of(settings: Any) -> str:
    """Return settings as words."""
    return ", ".join(f"{name}={value}" for name, value in settings.items())
