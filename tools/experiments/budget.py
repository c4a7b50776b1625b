"""The same budget for every model: as many steps as fit into the time, found by timing a few steps first.

The number of steps is settled before training, so that the learning rate's schedule ends where training ends. A limit on
the clock would cut the slow models off in the middle of theirs.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from zoo.errors import ZooError

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.utils.data import DataLoader

    from tasks.base import Task

#: The share of the budget that is spent on timing steps, for batches of sequences are long and short.
SHARE = 0.1


@dataclass(frozen=True)
class Plan:
    """Epochs, and steps of an epoch, that fit into a budget; `step` is the seconds of one step as it was timed."""

    epochs: int
    steps: int
    step: float

    def words(self) -> list[str]:
        """Return the plan as overrides of train.py; validation comes once, at the end, and outside the budget."""
        return [
            f"trainer.max_epochs={self.epochs}",
            f"trainer.limit_train_batches={self.steps}",
            f"trainer.check_val_every_n_epoch={self.epochs}",
        ]


class Ready(NamedTuple):
    """A run that is ready for its first training step: its task, optimizer, batches, and how this machine computes it.

    `config` are its settings, and `data` its data module.
    """

    task: "Task"
    optimizer: "Optimizer"
    loader: "DataLoader[Any]"
    precision: str
    config: Mapping[str, Any]
    data: Any


def ready(words: Sequence[str]) -> Ready | None:
    """Compose a run, prepare its data and build what is trained; None for a model that is solved for and takes no steps."""
    from configuration.composition import compose, inform, to_dict
    from configuration.instantiation import data_of, model_of, task_of
    from tasks import machine
    from tasks.base import parameter_groups
    from zoo import hardware
    from zoo.hardware import tuned
    from zoo.sequence.closed_form import ClosedForm

    cfg = compose(words)
    winner = tuned.recall(machine.subject_of(to_dict(cfg)))
    chosen = machine.choose(to_dict(cfg), winner)
    hardware.apply(chosen)
    data = data_of(cfg)
    machine.hand_workers(data, chosen.workers)
    data.prepare_data()
    data.setup("fit")
    cfg = inform(cfg, data)
    model = model_of(cfg, data, pretrained=cfg.model.pretrained)
    if isinstance(model, ClosedForm):
        return None
    chosen = machine.choose(to_dict(cfg), winner, model)
    task = task_of(cfg, model, data.classes, chosen.channels_last)
    optimizer = task.optimizer(parameter_groups(task.model, task.backbone_lr, 1e-5))
    return Ready(task, optimizer, data.train_dataloader(), chosen.precision, to_dict(cfg), data)


def plan(words: Sequence[str], budget: float) -> Plan | None:
    """Time training steps of the run that `words` compose, and plan what fits into `budget` seconds.

    None for a model that is solved for: it takes no steps, only the seconds that it takes.
    """
    from tasks.budget import time_steps

    run = ready(words)
    if run is None:
        return None
    step = time_steps(run.task, run.optimizer, run.loader, run.precision, SHARE * budget)
    return fitting(step, len(run.loader), budget)


def fitting(step: float, epoch: int, budget: float) -> Plan:
    """Return the epochs of at most `epoch` steps, each of `step` seconds, that fill `budget` seconds.

    An epoch may be shorter than the data have it, so that no part of the budget is left over.
    """
    steps = int(budget / step)
    if steps < 1:
        raise ZooError(f"--budget of {budget:.0f} s is less than one training step, which takes {step:.1f} s here")
    epochs = math.ceil(steps / epoch)
    return Plan(epochs, steps // epochs, step)
