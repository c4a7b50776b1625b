"""A time budget: how long steps take on this machine, and how many epochs of them fit into the minutes that a run may take.

The epochs are settled before the first step, so that the learning rate's schedule ends where training ends.
"""

import copy
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import Any

import torch
from pytorch_lightning.callbacks import EarlyStopping
from torch.optim import Optimizer
from torch.utils.data import DataLoader

from tasks.base import Task, parameter_groups
from tasks.callbacks.progress import CONSOLE

#: Steps that are timed at least, after those that only warm up (the loader fills, oneDNN compiles its kernels).
TIMED, WARMING = 6, 2
#: The share of a budget that is spent on timing more steps.
SHARE = 0.03
#: The share of a budget that validations may take, and how many there are at most.
VALIDATING, VALIDATIONS = 0.15, 10
#: Epochs are cut shorter where fewer would fit into the budget.
FEWEST = 8
#: More epochs, and more steps too, would teach the training samples by heart.
MOST, ENOUGH = 100, 1000
#: Validations without a better one after which training ends, and the share of the plan before which it does not: weights
#: that are averaged show late what was learnt, and much is learnt as the learning rate falls.
PATIENCE, EARLIEST = 3, 0.5


@dataclass(frozen=True)
class Costs:
    """Seconds of a training step, of a validation and of the test, and the steps of an epoch."""

    step: float
    steps: int
    validation: float
    test: float


@dataclass(frozen=True)
class Plan:
    """Epochs of `steps` steps with a validation after `every`, and about how many `minutes` all takes with the test."""

    epochs: int
    steps: int
    every: int
    minutes: float
    costs: Costs

    def settings(self) -> dict[str, Any]:
        """Return what `trainer` is set to; the steps only where an epoch is cut shorter."""
        cut = {"trainer.limit_train_batches": self.steps} if self.steps < self.costs.steps else {}
        return {"trainer.max_epochs": self.epochs, "trainer.check_val_every_n_epoch": self.every, **cut}

    def __str__(self) -> str:
        said = f"about {self.minutes:.1f}" if self.minutes < 9.95 else f"about {self.minutes:.0f}"
        return (
            f"{said} minutes on this machine: {self.epochs} epochs of {self.steps} steps, {self.costs.step:.2f} s each; "
            "trainer.minutes=… or trainer.max_epochs=… decides otherwise"
        )


def plan(minutes: float, costs: Costs) -> Plan:
    """Plan what fits into so many minutes, the validations and the test at the end included; one epoch at the least.

    More minutes never give fewer epochs, nor fewer steps.
    """
    budget = 60 * minutes
    closing = costs.validation + costs.test  # once more, with the weights that were selected
    training = int(max((1 - VALIDATING) * budget - closing, budget / 2) / costs.step)
    steps = max(1, min(costs.steps, training // FEWEST))
    epochs = FEWEST if steps < costs.steps and training >= FEWEST else max(1, training // steps)
    epochs = min(epochs, max(MOST, math.ceil(ENOUGH / steps)))
    times = max(1, min(VALIDATIONS, epochs, int(VALIDATING * budget / max(costs.validation, 1e-9))))
    every = math.ceil(epochs / times)
    seconds = epochs * steps * costs.step + epochs // every * costs.validation + closing
    return Plan(epochs, steps, every, seconds / 60, costs)


def measure(task: Task, data: Any, precision: str, minutes: float) -> Costs:
    """Time a few steps of the task and a batch of its validation; the task and its weights are left as they were."""
    before, modes = copy.deepcopy(task.state_dict()), [(module, module.training) for module in task.modules()]
    loader = data.train_dataloader()
    optimizer = task.optimizer(parameter_groups(task.model, task.backbone_lr, 1e-5))
    step = time_steps(task, optimizer, loader, precision, SHARE * 60 * minutes)
    val, test = data.val_dataloader(), data.test_dataloader()
    answer = time_answer(task, val, precision)
    task.zero_grad(set_to_none=True)
    task.load_state_dict(before)
    for module, training in modes:  # which layers are frozen is the model's affair
        module.training = training
    return Costs(step, len(loader), answer * len(val), answer * len(test))


def time_steps(task: Task, optimizer: Optimizer, loader: DataLoader, precision: str, seconds: float) -> float:
    """Return the mean seconds of a training step of the task, the wait for its batch included, over about `seconds`.

    No more steps are timed than an epoch has, beyond those that are timed at least.
    """
    task.train()
    marks = [time.perf_counter()]
    for batch in islice(chain.from_iterable(repeat(loader)), WARMING + max(TIMED, len(loader))):
        train_step(task, optimizer, batch, precision)
        marks.append(time.perf_counter())
        if len(marks) > WARMING + TIMED and marks[-1] - marks[WARMING] > seconds:
            break
    return (marks[-1] - marks[WARMING]) / (len(marks) - 1 - WARMING)


def train_step(task: Task, optimizer: Optimizer, batch: Any, precision: str) -> None:
    """Train one batch, as Lightning does it."""
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16-mixed"):
        loss = torch.stack(list(task.losses(batch).values())).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def time_answer(task: Task, loader: DataLoader, precision: str) -> float:
    """Return the seconds that the task answers a batch in, reading it included; the first only warms up."""
    task.eval()
    marks = [time.perf_counter()]
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16-mixed"):
        for batch in islice(chain.from_iterable(repeat(loader)), 2):
            task.respond(batch)
            marks.append(time.perf_counter())
    return marks[-1] - marks[-2]


def patience(task: Task) -> EarlyStopping:
    """Return what ends training where validation stays as it is."""
    name, mode, _ = task.monitor
    return EndOfProgress(
        f"val/{name}", mode=mode, patience=PATIENCE, check_finite=False, check_on_train_epoch_end=False
    )


class EndOfProgress(EarlyStopping):
    """Lightning's early stopping, in the later part of a plan.

    A run that had stopped and is resumed, as its end was cut off, trains no further.
    """

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Stop at once where training had stopped."""
        trainer.should_stop = trainer.should_stop or self.wait_count >= self.patience

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Look whether this validation was better, once it is late enough to stop."""
        if trainer.current_epoch + 1 >= EARLIEST * trainer.max_epochs:
            super().on_validation_end(trainer, pl_module)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Say that training ended early."""
        if self.wait_count >= self.patience:
            CONSOLE.print(
                f"stopped   after epoch {trainer.current_epoch}: {self.patience} validations brought nothing better"
            )


def of_run(begun: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return by dotted key what a run that goes on had planned, nothing where it had planned nothing."""
    asked = (begun.get("adapted") or {}).get("trainer") or {}
    return {f"trainer.{name}": begun["trainer"][name] for name in asked}
