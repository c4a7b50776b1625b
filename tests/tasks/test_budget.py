"""A time budget becomes epochs before the first step, and a run keeps them."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pytorch_lightning.trainer.states import TrainerFn
from safetensors.torch import load_file

from configuration.composition import compose, to_dict
from configuration.instantiation import data_of, task_of
from configuration.training import train
from tasks import budget
from tasks.base import Metric
from tasks.budget import ENOUGH, FEWEST, MOST, Costs, plan
from tasks.callbacks.progress import ProgressLines
from tests.recipes.folder import tiny
from zoo.errors import ZooError
from zoo.factory import create
from zoo.runs.run import Run

seconds = st.floats(0.001, 100)
costs = st.builds(Costs, seconds, st.integers(1, 20_000), seconds, seconds)


@given(st.floats(0.01, 600), st.floats(0.01, 600), costs)
def test_more_minutes_never_give_less(one: float, other: float, cost: Costs) -> None:
    less, more = (plan(minutes, cost) for minutes in sorted((one, other)))
    assert less.epochs <= more.epochs
    assert less.epochs * less.steps <= more.epochs * more.steps


@given(st.floats(0.01, 600), costs)
def test_a_plan_fits(minutes: float, cost: Costs) -> None:
    found = plan(minutes, cost)
    assert 1 <= found.steps <= cost.steps
    assert 1 <= found.every <= found.epochs <= max(MOST, ENOUGH)
    training = found.epochs * found.steps * cost.step
    assert training <= max(60 * minutes, cost.step)  # one step at the least
    if cost.steps > found.steps and found.epochs > 1:
        assert found.epochs <= FEWEST  # a long epoch is cut, so that there are validations and a schedule
    if cost.validation + cost.test < 0.1 * 60 * minutes and cost.step < 6 * minutes:
        assert found.minutes < 1.3 * minutes


def test_a_plan_says_what_it_is() -> None:
    found = plan(6, Costs(0.2, 60, 5, 10))
    assert str(found).startswith(
        "about 5.7 minutes on this machine: 24 epochs of 60 steps, 0.20 s each; trainer.minutes="
    )
    assert found.settings() == {"trainer.max_epochs": 24, "trainer.check_val_every_n_epoch": 3}
    cut = plan(1, Costs(0.1, 10_000, 1, 1)).settings()
    assert cut["trainer.limit_train_batches"] * FEWEST == pytest.approx(480, abs=FEWEST * 2)


def words(folder: Path, *more: str) -> list[str]:
    small = ["data.crop=64", "data.tile=64", "data.overlap=16", "data.batch_size=2", "data.samples=4"]
    model = ["model.channels=16", "model.pretrained=false", "model.views=1"]
    machine = ["trainer.threads=1", "trainer.workers=0", "trainer.precision=32-true"]
    return ["task=detection", "data=folder", f"data.root={folder}", *small, *model, *machine, *more]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pictures")
    tiny.make(root, "voc", images=8, size=64)
    return root


def test_timing_leaves_the_task_as_it_was(folder: Path) -> None:
    cfg = compose(words(folder, "task.geometry=box", "model.geometry=box"))
    data = data_of(cfg)
    data.setup()
    model = create("kestrel_nano", classes=2, channels=16)
    task = task_of(cfg, model, data.classes, False)
    task.model.backbone.eval()  # as frozen layers are
    before, modes = copy.deepcopy(task.state_dict()), [module.training for module in task.modules()]
    found = budget.measure(task, data, "32-true", 0.01)
    assert found.steps == 2
    assert min(found.step, found.validation, found.test) > 0
    assert [module.training for module in task.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in task.state_dict().items())
    assert all(parameter.grad is None for parameter in task.parameters())


def test_a_run_that_is_resumed_keeps_its_plan(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "FEWEST", 1)
    planned = Costs(0.5, 2, 0.01, 0.01)  # 0.08 minutes: four epochs of two steps
    monkeypatch.setattr(budget, "measure", lambda *_: planned)
    asked = words(folder, "trainer.minutes=0.08", f"run={tmp_path / 'run'}")
    epochs = []

    def interrupt(lines: ProgressLines, trainer: Any, module: Any) -> None:
        epochs.append(trainer.current_epoch)
        if len(epochs) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:
        interrupted.setattr(ProgressLines, "on_train_epoch_start", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train(compose(asked))
    begun = Run(tmp_path / "run")
    assert begun.config["trainer"]["max_epochs"] == 4
    monkeypatch.setattr(budget, "measure", lambda *_: pytest.fail("a plan that was made is not made again"))
    train(compose([*asked, f"resume={tmp_path / 'run'}"]))
    assert begun.config["trainer"]["max_epochs"] == 4
    settings = ["trainer.max_epochs=4", "trainer.check_val_every_n_epoch=1", f"run={tmp_path / 'plain'}"]
    train(compose(words(folder, *settings, "trainer.minutes=9")))
    said = (tmp_path / "plain" / "logs" / "console.txt").read_text()
    assert "trainer.max_epochs=4 decides, and trainer.minutes is not looked at" in said
    ends = [load_file(tmp_path / name / "weights.safetensors") for name in ("run", "plain")]
    assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())


def test_epochs_that_are_said_hold(folder: Path) -> None:
    trainer = to_dict(compose(words(folder)))["trainer"]
    assert (trainer["minutes"], trainer["max_epochs"], trainer["check_val_every_n_epoch"]) == (8, None, None)
    trainer = to_dict(compose(words(folder, "trainer.max_epochs=3")))["trainer"]
    assert (trainer["max_epochs"], trainer["check_val_every_n_epoch"]) == (3, 2)
    trainer = to_dict(compose(["task=detection", "data=satellite"]))["trainer"]
    assert (trainer["minutes"], trainer["max_epochs"], trainer["check_val_every_n_epoch"]) == (None, 8, 2)
    trainer = to_dict(compose(["task=detection", "data=satellite", "trainer.minutes=2.5"]))["trainer"]
    assert (trainer["minutes"], trainer["max_epochs"]) == (2.5, None)
    with pytest.raises(ZooError, match=r"trainer.minutes=0: a number above 0 or null"):
        compose(words(folder, "trainer.minutes=0"))


class Monitored:
    monitor = Metric("map_50", "max")


@pytest.mark.parametrize(("values", "last"), [([0.1] * 20, 12), ([0.1] * 11 + [0.9] * 9, 14), (list(range(20)), 19)])
def test_training_ends_where_validation_stays(values: list[float], last: int) -> None:
    """Not in the first half of a plan of 20 epochs, and after three validations that bring nothing."""
    stopping: Any = budget.patience(Monitored())  # type: ignore[arg-type]
    strategy = type("Strategy", (), {"reduce_boolean_decision": staticmethod(lambda stop, all: stop)})()
    trainer: Any = type("Trainer", (), {"should_stop": False, "max_epochs": 20, "fast_dev_run": False})()
    trainer.strategy, trainer.state = strategy, type("State", (), {"fn": TrainerFn.FITTING})()
    trainer.sanity_checking, trainer.world_size = False, 1
    for epoch, value in enumerate(values):
        trainer.current_epoch, trainer.callback_metrics = epoch, {"val/map_50": torch.tensor(float(value))}
        stopping.on_validation_end(trainer, None)
        if trainer.should_stop:
            break
    assert epoch == last


def test_training_that_had_stopped_stops_at_once() -> None:
    stopped = budget.patience(Monitored())  # type: ignore[arg-type]
    trainer: Any = type("Trainer", (), {"should_stop": False})()
    stopped.on_train_start(trainer, None)
    assert not trainer.should_stop
    stopped.wait_count = stopped.patience
    stopped.on_train_start(trainer, None)
    assert trainer.should_stop
