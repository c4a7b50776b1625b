"""A clock and speeds that are made up decide: what is faster wins, what answers otherwise does not, time is kept."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pytest

from configuration.composition import compose, to_dict
from tasks import machine
from tests.tools.predict.untrained import kind
from tests.zoo.test_tuned import winner as made_up
from tools.bench import made
from tools.bench.tune import answers, command
from tools.bench.tune.contest import GAIN, Field, Outcome, Settings, contest
from tools.bench.tune.training import Training
from tools.cli import main
from zoo.errors import ZooError
from zoo.hardware import tuned
from zoo.inference.opened import of_run
from zoo.runs.run import Run


class Stopwatch:
    """A clock that goes on when a race takes time."""

    time = 0.0

    def __call__(self) -> float:
        return self.time


class MadeUp(Field):
    """Settings whose speeds are products of factors; those in `wrong` answer otherwise."""

    usual: ClassVar[Settings] = {"threads": 2, "workers": 1, "precision": "bf16-mixed"}
    changes: tuple[Settings, ...] = ({"threads": 1}, {"workers": 0}, {"precision": "32-true"})
    subject = tuned.subject("training", "made_up", {}, {})
    sample = "image"

    def __init__(self, factors: Mapping[Any, float], wrong: frozenset[Any] = frozenset(), takes: float = 1.0) -> None:
        self.factors, self.wrong, self.takes, self.clock = factors, wrong, takes, Stopwatch()
        self.raced: list[tuple[Settings, Settings]] = []

    def rivals(self, best: Settings) -> Iterator[Settings]:
        yield from self.changes

    def refusal(self, settings: Settings) -> str:
        return "it says something else" if self.wrong & set(settings.values()) else ""

    def race(self, one: Settings, two: Settings) -> tuple[float, float]:
        self.clock.time += self.takes
        self.raced.append((one, two))
        return self.speed(one), self.speed(two)

    def speed(self, settings: Settings) -> float:
        speed = 10.0
        for value in settings.values():
            speed *= self.factors.get(value, 1.0)
        return speed

    def run(self, seconds: float = 60.0) -> Outcome:
        return contest(self, seconds, self.clock)


def test_changes_that_are_faster_add_up_and_the_last_race_is_against_the_usual() -> None:
    entrants = MadeUp({"32-true": 0.5, 2: 0.8, 0: 1.25})
    outcome = entrants.run()
    assert outcome.settings == {"threads": 1, "workers": 0, "precision": "bf16-mixed"}
    assert [duel.won for duel in outcome.duels] == [True, True, False]
    assert outcome.last is not None
    assert outcome.last.change == {"threads": 1, "workers": 0}
    assert (outcome.last.against, outcome.last.speed) == pytest.approx((8.0, 12.5))
    assert entrants.raced[-1] == (entrants.usual, outcome.settings)
    assert outcome.faster


@pytest.mark.parametrize("gain", [1.0, 1 + GAIN, 0.5])
def test_what_may_be_chance_does_not_win(gain: float) -> None:
    outcome = MadeUp({0: gain}).run()
    assert (outcome.settings, outcome.last, outcome.faster) == (MadeUp.usual, None, False)


def test_what_answers_otherwise_is_refused_however_fast_it_is() -> None:
    entrants = MadeUp({"32-true": 100.0}, wrong=frozenset({"32-true"}))
    outcome = entrants.run()
    assert outcome.settings == MadeUp.usual
    assert outcome.duels[-1].refused == "it says something else"
    assert all("32-true" not in side.values() for pair in entrants.raced for side in pair)


@pytest.mark.parametrize("seconds", [0.0, 1.0, 5.0, 12.0, 30.0, 100.0])
def test_time_is_kept_with_the_last_race_and_what_is_left_out_is_told(seconds: float) -> None:
    entrants = MadeUp({1: 2.0, 0: 2.0, "32-true": 2.0}, takes=10.0)
    outcome = entrants.run(seconds)
    assert entrants.clock.time <= max(seconds, 20.0)  # how long a race takes is known after the first
    assert len(outcome.duels) + len(outcome.untried) == len(MadeUp.changes)
    assert len(outcome.duels) >= 1
    assert outcome.faster


def test_a_lead_that_the_last_race_does_not_show_is_not_kept() -> None:
    class Fickle(MadeUp):
        def race(self, one: Settings, two: Settings) -> tuple[float, float]:
            first, second = super().race(one, two)
            return (first, second) if len(self.raced) < 4 else (second, first)

    outcome = Fickle({1: 2.0}).run()
    assert outcome.settings != MadeUp.usual
    assert not outcome.faster


def test_the_winner_is_kept_and_a_later_defeat_forgets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path))
    monkeypatch.setattr("zoo.hardware.machine.busy_cores", lambda: 0.0)
    for factors, kept in (({1: 1.5}, True), ({}, False)):
        entrants = MadeUp(factors)
        monkeypatch.setattr(command, "entrants_of", lambda name, words, made=entrants: made)
        command.command("made_up", ["data=made_up"], json_=True)
        told = json.loads(capsys.readouterr().out)
        found = tuned.recall(MadeUp.subject)
        assert (found is not None, told["kept"] is not None, told["winner"] is not None) == (kept, kept, kept)
        command.command("made_up", ["data=made_up"], json_=False)
        assert ("measured by zoo tune on" in capsys.readouterr().out) is kept
        assert found is None or (found.settings.changed(), found.measured) == ({"threads": 1}, date.today())


def test_beside_other_processes_nothing_is_kept_unless_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path))
    monkeypatch.setattr("zoo.hardware.machine.busy_cores", lambda: 2.0)
    monkeypatch.setattr("zoo.hardware.cores", lambda: 2)
    tuned.machine.cache_clear()
    monkeypatch.setattr(command, "entrants_of", lambda name, words: MadeUp({1: 1.5}))
    command.command("made_up", ["data=made_up"])
    assert "kept      nothing: other processes keep about 2.0 of 2 cores busy" in capsys.readouterr().out
    assert tuned.recall(MadeUp.subject) is None
    command.command("made_up", ["data=made_up"], busy=True)
    assert tuned.recall(MadeUp.subject) is not None
    tuned.machine.cache_clear()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("kestrel_nano",), "zoo tune kestrel_nano data="),
        (("kestrel_nano", "trainer.threads=1"), "tuned with data="),
        (("kestrel_nanno", "data=satellite"), "kestrel_nano"),
        (("no_such_run",), "no run 'no_such_run'"),
    ],
)
def test_what_cannot_be_tuned_is_answered_in_a_sentence(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["tune", *words])
    assert end.value.code == 2
    assert said in capsys.readouterr().err


def test_a_run_that_goes_on_computes_as_it_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other threads give other last digits, and the same run is promised."""
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    config = {**to_dict(compose(["task=sequence", *kind("classify", tmp_path)[0]])), "run": str(tmp_path / "run")}
    winner = made_up(machine.subject_of(config), threads=1)
    run = Run(tmp_path / "run")
    run.folder.mkdir()
    tuned.keep(winner)
    assert machine.winner_of(config, run) == winner
    monkeypatch.setattr(Run, "begun", property(lambda self: True))
    assert machine.winner_of({**config, "resume": str(run.folder)}, run) is None, "it began without"
    tuned.save(winner, run.folder / machine.FILE)
    tuned.forget(winner.subject)
    assert machine.winner_of({**config, "resume": str(run.folder)}, run) == winner
    (run.folder / machine.FILE).write_text("{}")
    with pytest.raises(ZooError, match=r"tuned.json is not what zoo tune writes"):
        machine.winner_of({**config, "resume": str(run.folder)}, run)


def test_training_is_raced_and_nothing_is_learnt_of_it(tmp_path: Path) -> None:
    entrants = Training(
        [*kind("classify", tmp_path)[0], "task=sequence", "trainer.threads=1", "trainer.precision=32-true"]
    )
    assert entrants.usual["threads"] == 1
    assert list(entrants.rivals(entrants.usual)) == [{"channels_last": not entrants.usual["channels_last"]}], (
        "what is given stays"
    )
    one, two = entrants.race(entrants.usual, {**entrants.usual, "channels_last": False})
    assert min(one, two) > 0
    assert entrants.refusal(entrants.usual) == ""
    again = entrants.loss("32-true", entrants.usual["channels_last"])
    entrants.losses.clear()
    assert entrants.loss("32-true", entrants.usual["channels_last"]) == again, (
        "weights are those that training begins with"
    )
    entrants.losses["bf16-mixed", False] = 1.03 * again
    assert "that of float32" in entrants.refusal({**entrants.usual, "precision": "bf16-mixed", "channels_last": False})


def test_answers_are_raced_and_a_form_that_says_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = of_run(made.run(tmp_path / "run", "segmentation", 3))
    monkeypatch.setattr(answers, "BACKENDS", {"auto": ".xml", "torch": "", "openvino": ".xml"})
    monkeypatch.setattr(answers, "by_name", refuses)
    alone = answers.Answers(opened)
    assert (alone.usual["backend"], alone.refused) == ("torch", {"openvino": "it says something else"})
    one, two = alone.race(alone.usual, {**alone.usual, "threads": 1, "precision": "32-true"})
    assert min(one, two) > 0
    monkeypatch.setattr(answers, "by_name", lambda opened, *others, **named: opened)
    monkeypatch.setattr(answers, "lost_in", lambda opened, form: "it loses much")
    low = {**alone.usual, "precision": "bf16-mixed"}
    both = answers.Answers(opened)
    both.usual["precision"] = "32-true"  # as on a processor without bfloat16
    assert (both.usual["backend"], both.refusal({**low, "backend": "openvino"})) == ("openvino", "it loses much")
    assert both.refusal({**low, "backend": "torch"}) == both.refusal({**both.usual, "precision": "32-true"}) == ""


def refuses(*arguments: Any, **named: Any) -> Any:
    raise ZooError("it says something else")
