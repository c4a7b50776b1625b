"""A sweep finds the better settings, ends hopeless trials, and loses nothing that was finished when it is killed."""

import io
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from optuna.trial import TrialState
from rich.console import Console

from tools.experiments.sweep import trial as trials
from tools.experiments.sweep.command import PICTURE, Sweep, command, report
from tools.experiments.sweep.space import read_space
from tools.experiments.sweep.study import Study
from tools.experiments.sweep.trial import Ended, train
from zoo.errors import ZooError

LEARNER = Path(__file__).parent / "learner.py"
WORDS = ["trainer.max_epochs=6", "optimizer.lr=interval(0,1)", "augment=light,heavy"]


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "PROGRAM", (str(LEARNER),))
    monkeypatch.setattr(trials, "LOOK", 0.01)


def study(folder: Path, words: list[str] = WORDS, prune: bool = True) -> Study:
    return Study(folder, read_space(words), 0, prune)


def swept(folder: Path, count: int, words: list[str] = WORDS, prune: bool = True) -> Study:
    made = study(folder, words, prune)
    Sweep(made, "", 2, Console(quiet=True)).run(count)
    return made


def test_the_best_is_found_and_told(tmp_path: Path) -> None:
    made = swept(tmp_path, 9)
    assert made.settled == 9
    best = made.best_first()[0]
    assert best.params["optimizer.lr"] == min(one.params["optimizer.lr"] for one in made.best_first())
    said = io.StringIO()
    report(made, "val/iou", Console(file=said, width=200))
    assert "the best on the test data: test/iou" in said.getvalue()
    assert f"optimizer.lr={best.params['optimizer.lr']}" in said.getvalue()
    assert (tmp_path / PICTURE).stat().st_size > 10_000


def test_hopeless_trials_are_ended_and_their_checkpoints_go(tmp_path: Path) -> None:
    made = swept(tmp_path, 12, ["trainer.max_epochs=8", "pause=0.05", "optimizer.lr=interval(0,1)"])
    ended = made.trials(TrialState.PRUNED)
    assert ended
    for one in ended:
        assert one.user_attrs["epochs"] < 8
        assert not (tmp_path / one.user_attrs["folder"] / "checkpoints").exists()
    kept = {one.params["optimizer.lr"] for one in made.best_first()}
    assert min(kept) < min(one.params["optimizer.lr"] for one in ended)
    assert not swept(tmp_path / "whole", 6, prune=False).trials(TrialState.PRUNED)


def test_a_trial_that_was_begun_is_gone_on_with(tmp_path: Path) -> None:
    words = ["trainer.max_epochs=4", "optimizer.lr=0.5"]
    folder = tmp_path / "trial-0000"
    first = train(folder, words, lambda: "val/iou", lambda epoch, merit: epoch == 2)
    assert first.pruned
    again = train(folder, words, lambda: "val/iou", lambda epoch, merit: False)
    assert again == Ended(0.5, 4)
    assert "trial-0000.log" in {path.name for path in tmp_path.iterdir()}


def test_what_an_interrupted_sweep_has_begun_is_gone_on_with(tmp_path: Path) -> None:
    words = ["trainer.max_epochs=40", "pause=0.05", "optimizer.lr=interval(0,1)"]
    made = study(tmp_path, words)
    sweep = Sweep(made, "", 1, Console(quiet=True))
    timer = threading.Timer(1.0, sweep.stop)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        sweep.run(1)
    left = made.trials(TrialState.RUNNING)
    assert len(left) == 1
    Sweep(again := study(tmp_path, words), "", 1, Console(quiet=True)).run(1)
    (done,) = again.best_first()
    assert done.params == left[0].params
    assert done.user_attrs["folder"] == "trial-0000"


def test_a_sweep_whose_trials_all_fail_ends(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="trials failed one after the other"):
        swept(tmp_path, 20, ["trainer.max_epochs=2", "optimizer.lr=interval(0,1)", "augment=broken"])
    whys = {one.user_attrs["why"] for one in study(tmp_path, ["trainer.max_epochs=2", "optimizer.lr=interval(0,1)",
            "augment=broken"]).trials(TrialState.FAIL)}  # fmt: skip
    assert all("this cannot be trained" in why for why in whys)


def test_a_folder_of_another_sweep_is_refused(tmp_path: Path) -> None:
    study(tmp_path)
    with pytest.raises(ZooError, match="holds a sweep of other settings"):
        study(tmp_path, ["trainer.max_epochs=6", "optimizer.lr=interval(0,2)"])
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "journal.log").write_text("not a journal\n" * 3)
    with pytest.raises(ZooError, match="is no journal of a sweep"):
        study(tmp_path / "other")


@pytest.mark.parametrize("words", [["run=x"], ["resume=x"]])
def test_a_sweep_has_no_folder_of_one_run(words: list[str], tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="name their folder by --out"):
        command([*words, *WORDS], out=tmp_path)
    with pytest.raises(ZooError, match="has seen them"):
        command(WORDS, metric="test/iou")


PROGRAM = f"""
import sys
from pathlib import Path
from rich.console import Console
from tools.experiments.sweep import trial
trial.PROGRAM, trial.LOOK = ({str(LEARNER)!r},), 0.01
from tools.experiments.sweep.command import Sweep
from tools.experiments.sweep.space import read_space
from tools.experiments.sweep.study import Study
made = Study(Path(sys.argv[1]), read_space({[*WORDS, "pause=0.1"]!r}), 0, False)
Sweep(made, "", 2, Console(quiet=True)).run(6)
"""


def killed(folder: Path, seconds: float) -> bool:
    """Sweep until the end or for so many seconds, then kill; tell whether it was killed."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)])
    try:
        assert process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def finished(folder: Path) -> dict[str, float]:
    return {one.user_attrs["folder"]: one.value for one in study(folder, [*WORDS, "pause=0.1"]).best_first()}


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.kills)])
def test_kills_lose_no_finished_trial(kills: int, tmp_path: Path) -> None:
    rng, before = random.Random(0), dict[str, float]()
    for _ in range(kills):
        killed(tmp_path, rng.uniform(2.0, 5.0))
        if (tmp_path / "journal.log").exists():
            now = finished(tmp_path)
            assert before.items() <= now.items()
            before = now
    began = time.monotonic()
    assert not killed(tmp_path, 120)
    assert time.monotonic() - began < 120
    assert len(finished(tmp_path)) == 6
    assert len(set(finished(tmp_path))) == 6
