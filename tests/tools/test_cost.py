"""What a training will cost is reckoned from steps that were timed, and what does not fit is told with what to change."""

import json
import time
from pathlib import Path

import pytest

from configuration.composition import compose, to_dict
from tasks.budget import Costs
from tests.tools.predict.untrained import kind
from tools.cli import main
from tools.registry import cost
from tools.registry.cost import Cost
from zoo.errors import ZooError

GB = 10**9
FITS = Cost(
    seconds=100.0, epochs=2, steps=10, step=0.5, validation=2.0, memory=GB, workers=1, disk=GB,
    free_memory=2 * GB, free_disk=2 * GB, batch=8, sizes=("data.crop",),
)  # fmt: skip


def test_what_fits_is_not_commented_on() -> None:
    assert FITS.excesses == []
    assert "too much" not in str(FITS)
    assert "about 1 min 40 s" in str(FITS)


@pytest.mark.parametrize(
    ("change", "ways"),
    [
        ({"memory": 3 * GB}, ["data.batch_size=4", "data.crop=", "trainer.workers=0"]),
        ({"memory": 3 * GB, "batch": 1}, ["data.crop=", "trainer.workers=0"]),
        ({"memory": 3 * GB, "batch": 1, "workers": 0, "sizes": ()}, ["a smaller model"]),
        ({"disk": 3 * GB}, ["run=… on another disk"]),
    ],
)
def test_what_does_not_fit_is_told_with_what_to_change(change: dict[str, int], ways: list[str]) -> None:
    (said,) = Cost(**{**vars(FITS), **change}).excesses
    assert all(way in said for way in ways), said
    assert "2 GB are free" in said
    assert ("data.batch_size" in said) is ("data.batch_size=4" in ways)
    assert f"too much  {said}" in str(Cost(**{**vars(FITS), **change}))


def test_the_sum_is_that_of_epochs_validations_and_the_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [*kind("classify", tmp_path)[0], "task=sequence", "trainer.threads=1", f"run={tmp_path / 'run'}"]
    monkeypatch.setattr("tasks.budget.measure", lambda *run: Costs(step=0.5, steps=10, validation=2.0, test=100.0))
    monkeypatch.setattr("tasks.budget.time_answer", lambda task, loader, precision: 3.0 / len(loader))
    plan = ["trainer.max_epochs=5", "trainer.check_val_every_n_epoch=2"]
    whole = cost.measure(time.time(), [*words, *plan])
    assert whole.seconds == pytest.approx(5 * 10 * 0.5 + 2 * 2.0 + 2.0 + 3.0 + cost.CLOSING, abs=30)
    cut = cost.measure(time.time(), [*words, *plan, "trainer.limit_train_batches=4"])
    assert (whole.steps, cut.steps, cut.epochs) == (10, 4, 5)
    timed = cost.measure(time.time(), [*words, "trainer.max_epochs=null", "trainer.minutes=0.5"])
    assert timed.seconds <= 30 + 3.0 + cost.CLOSING + 30
    assert whole.batch == to_dict(compose(words))["data"]["batch_size"]


def test_steps_are_timed_and_the_run_folder_is_left_alone(tmp_path: Path) -> None:
    """The whole way, in a process of its own."""
    words = [*kind("classify", tmp_path)[0], "task=sequence", "trainer.threads=1", f"run={tmp_path / 'run'}"]
    found = cost.cost_of(words)
    assert found.step > 0
    assert found.memory > 100e6
    assert not (tmp_path / "run").exists()
    with pytest.raises(ZooError, match=r"could not be measured: .*no key 'data.batches'"):
        cost.cost_of([*words, "data.batches=3"])


@pytest.mark.parametrize("words", [["--task", "detection", "--data", "satellite"], ["ssd300", "--profile", "p.json"]])
def test_cost_is_of_one_model_on_data(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["fit", *words, "--cost"])
    assert end.value.code == 2
    assert "--cost" in capsys.readouterr().err


def test_facts_are_json() -> None:
    assert json.loads(json.dumps(cost.facts(FITS)))["excesses"] == []
