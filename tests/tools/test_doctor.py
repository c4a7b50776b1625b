"""The doctor finds what makes a machine slow, and says what would mend it."""

import json
from pathlib import Path

import pytest

from tests.zoo.test_tuned import winner as made_up
from tools.bench import doctor
from zoo import hardware
from zoo.hardware import tuned


def found() -> dict[str, doctor.Finding]:
    return {one.name: one for one in doctor.findings()}


def test_every_fact_is_said_and_needs_no_torch(capsys: pytest.CaptureFixture[str]) -> None:
    doctor.command(json_=True)
    told = json.loads(capsys.readouterr().out)
    assert told["cores"]["found"]
    assert told["oneDNN of torch"]["found"].count(".") == 2
    assert all(one["found"] for one in told.values())


def test_more_threads_than_cores_and_spinning_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "cores", lambda: 2)
    monkeypatch.setenv("OMP_NUM_THREADS", "16")
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    assert "OMP_NUM_THREADS=2" in found()["threads"].mend
    assert "they sleep" in found()["idle threads"].mend
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    assert found()["idle threads"].mend == ""


def test_a_disk_that_takes_nothing_and_one_that_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "written_a_second", lambda folder: None)
    assert "ZOO_CACHE" in found()["disk"].mend
    monkeypatch.setattr(doctor, "written_a_second", lambda folder: 1e6)
    assert "training waits for images" in found()["disk"].mend
    monkeypatch.undo()
    assert doctor.written_a_second(Path("/nonexistent")) is None


def test_a_missing_library_is_named_with_the_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "installed", lambda package: "")
    assert found()["openvino"].mend == "pip install openvino"
    assert found()["torch"].mend == "run make setup"


def test_what_was_tuned_here_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path))
    assert doctor.tuned_here() == "nothing: a run chooses as above"
    winner = made_up(tuned.subject("training", "kestrel_nano", {}, {}), threads=1)
    tuned.keep(winner)
    assert doctor.tuned_here() == "kestrel_nano (training)"
    tuned.save(winner.model_copy(update={"machine": {}}), tmp_path / tuned.FOLDER / "elsewhere.json")
    assert doctor.tuned_here() == "kestrel_nano (training)"
