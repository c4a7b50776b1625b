"""What zoo tune has kept counts for the subject and the machine that it was measured on, and is data, whoever wrote it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import zoo
from tests.tools.predict.untrained import kind, untrained
from tools.bench import made
from zoo import hardware
from zoo.errors import ZooError
from zoo.hardware import tuned
from zoo.hardware.tuned import Settings, Winner
from zoo.inference.backends import answering, subject_of
from zoo.inference.load import predictor_of
from zoo.inference.opened import of_run

SUBJECT = tuned.subject("training", "kestrel_nano", {"views": 8}, {"batch_size": 4, "tile": 320})


@pytest.fixture(autouse=True)
def machine_of_two_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ZOO_BACKEND", "auto")
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(hardware, "cores", lambda: 2)
    tuned.machine.cache_clear()


def winner(of: tuned.Subject = SUBJECT, **settings: Any) -> Winner:
    return Winner(
        subject=of,
        machine=tuned.machine(),
        settings=Settings(**settings),
        speed=11.72,
        usual=10.2,
        sample="image",
        measured=date(2026, 11, 30),
    )


def test_what_was_kept_is_taken_where_nothing_is_said_and_told_with_its_figures() -> None:
    tuned.keep(winner(threads=1, workers=0))
    found = tuned.recall(SUBJECT)
    chosen = hardware.choose(tuned=found)
    assert (chosen.threads, chosen.workers) == (1, 0)
    assert chosen.why.endswith("threads=1, workers=0: measured by zoo tune on 2026-11-30: 11.7 against 10.2 images/s")
    by_hand = hardware.choose(threads=2, tuned=found)
    assert (by_hand.threads, by_hand.workers) == (2, 0)
    assert "threads=1" not in by_hand.why
    assert "measured by zoo tune" not in hardware.choose(threads=2, workers=1, tuned=found).why


def test_omp_num_threads_is_the_users_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert hardware.choose(tuned=winner(threads=1)).threads == 2


def test_a_layout_that_was_measured_is_not_guessed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "flags", lambda: frozenset({"avx2"}))
    model = zoo.create("segnet_basic", classes=2)
    assert not hardware.settle(model).channels_last
    assert hardware.settle(model, winner(channels_last=True)).channels_last
    assert not hardware.settle(model, winner(channels_last=True), channels_last=False).channels_last


@pytest.mark.parametrize(
    "other",
    [
        tuned.subject("answers", "kestrel_nano", {"views": 8}, {"batch_size": 4, "tile": 320}),
        tuned.subject("training", "kestrel_tiny", {"views": 8}, {"batch_size": 4, "tile": 320}),
        tuned.subject("training", "kestrel_nano", {"views": 1}, {"batch_size": 4, "tile": 320}),
        tuned.subject("training", "kestrel_nano", {"views": 8}, {"batch_size": 4, "tile": 640}),
    ],
)
def test_another_subject_is_not_meant(other: tuned.Subject) -> None:
    path = tuned.keep(winner(threads=1))
    assert tuned.recall(other) is None
    path.rename(tuned.place(other))
    assert tuned.recall(other) is None


@pytest.mark.parametrize("key", ["processor", "cores", "torch", "openvino"])
def test_another_processor_or_version_is_not_meant(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tuned.keep(winner(threads=1))
    other = {**tuned.machine(), key: "another"}
    monkeypatch.setattr(tuned, "machine", lambda: other)
    assert tuned.recall(SUBJECT) is None
    assert tuned.read(path) is None  # nor in a run's folder that came from elsewhere


def cut(text: str) -> str:
    return text[: len(text) // 2]


def changed(**changes: Any) -> Callable[[str], str]:
    return lambda text: json.dumps({**json.loads(text), **changes})


def set_to(**settings: Any) -> Callable[[str], str]:
    return changed(settings=settings)


@pytest.mark.parametrize(
    "edit",
    [
        cut,
        lambda text: "",
        lambda text: "[" * 50_000,
        lambda text: text + " " * tuned.LIMIT,
        lambda text: text.replace("11.72", "NaN"),
        changed(speed=-1),
        changed(sample="\x1b[2J"),
        changed(measured="yesterday"),
        changed(command="rm"),
        changed(subject={"kind": "training", "model": "\x1b[2J", "options": "", "shape": ""}),
        set_to(threads=0),
        set_to(threads=3),  # of two cores
        set_to(threads="1"),
        set_to(precision="16-true"),
        set_to(backend="../evil.so"),
        set_to(_target_="os.system"),
    ],
)
def test_what_zoo_tune_did_not_write_is_refused_with_the_way_out(edit: Callable[[str], str]) -> None:
    path = tuned.keep(winner(threads=1))
    path.write_text(edit(path.read_text()))
    with pytest.raises(
        ZooError, match=r"is not what zoo tune writes \(.*delete it, and zoo tune measures anew"
    ) as said:
        tuned.recall(SUBJECT)
    assert str(path) in str(said.value)
    assert "\x1b" not in str(said.value)


def test_a_newer_measurement_takes_the_place_and_can_be_forgotten() -> None:
    assert tuned.keep(winner(threads=1)) == tuned.keep(winner(workers=0))
    found = tuned.recall(SUBJECT)
    assert found is not None
    assert found.settings.changed() == {"workers": 0}
    tuned.forget(SUBJECT)
    tuned.forget(SUBJECT)
    assert tuned.recall(SUBJECT) is None


def test_answers_take_it_where_no_backend_is_named(tmp_path: Path) -> None:
    opened = of_run(made.run(tmp_path / "run", "segmentation", 3))
    tuned.keep(winner(subject_of(opened), threads=1, precision="32-true", backend="torch"))
    found = answering(opened)
    assert found.runtime == "PyTorch"
    assert found.notes == (
        "threads=1, precision=32-true, backend=torch: measured by zoo tune on 2026-11-30: 11.7 against 10.2 images/s",
    )
    engine = predictor_of(found).engine
    assert (engine.hardware.threads, engine.hardware.precision) == (1, "32-true")
    assert "measured by zoo tune" in engine.hardware.why
    assert answering(opened, "torch").tuned is None
    own = replace(opened, trainer={**opened.trainer, "threads": 2, "precision": "bf16-mixed"})
    kept = predictor_of(answering(own)).engine.hardware
    assert (kept.threads, kept.precision) == (2, "bf16-mixed")


def test_where_the_form_that_won_cannot_be_made_pytorch_answers_as_usual(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*arguments: Any, **named: Any) -> Any:
        raise ZooError("it says something else")

    monkeypatch.setattr("zoo.inference.backends.kept", refuses)
    opened = of_run(made.run(tmp_path / "run", "segmentation", 3))
    tuned.keep(winner(subject_of(opened), threads=1, backend="openvino"))
    found = answering(opened)
    assert (found.runtime, found.tuned) == ("PyTorch", None)
    assert found.notes == ("answers by PyTorch: it says something else",)


@pytest.mark.parametrize("task", ["detection", "segmentation", "sequence"])
def test_predictors_compute_as_it_was_tuned(task: str, tmp_path: Path) -> None:
    if task == "sequence":
        run, _ = untrained(tmp_path / "run", *kind("classify", tmp_path)[0])
    else:
        run = made.run(tmp_path / "run", task, 3)
    engine = predictor_of(replace(of_run(run), trainer={}, tuned=winner(threads=1))).engine
    assert engine.hardware.threads == 1
    assert "threads=1: measured by zoo tune" in engine.hardware.why
