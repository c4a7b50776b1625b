"""Checkpoints that survive a kill: written whole under another name, then renamed, at the end of every epoch."""

import os
import shutil
from pathlib import Path
from typing import Any, Literal

import pytorch_lightning as pl

from tasks.callbacks.checkpoint_file import CheckpointFile
from tasks.callbacks.metrics_log import MetricsLog
from zoo.files import atomic_write, ensure_dir
from zoo.sources.tensors import refuse_nan


class Checkpoint(pl.Callback):
    """Keeps `last.ckpt`, and `best.ckpt` by the task's headline metric on the validation data.

    `select` says which of them the run ends with.
    """

    def __init__(self, folder: str, select: Literal["best", "last"] = "best") -> None:
        self.folder, self.select = Path(folder), select
        self.best: float | None = None

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        """Save the state of the run, and keep it as the best when it is; the module is a `tasks.base.Task`."""
        refuse_nan(
            pl_module.state_dict(),
            f"the weights after epoch {trainer.current_epoch + 1}",
            "lower optimizer.lr or set trainer.precision=32-true",
        )
        ensure_dir(self.folder, "choose another with run=…")
        for log in logs_of(trainer):
            log.write()
        name, mode, _ = pl_module.monitor
        value = float(trainer.callback_metrics.get(f"val/{name}", float("nan")))
        better = self.best is None or (value > self.best if mode == "max" else value < self.best)
        improved = better and value == value
        if improved:
            self.best = value
        # the best first: a kill between the two must not leave a last one that believes the best to be there
        last, best = self.folder / "last.ckpt", self.folder / "best.ckpt"
        trainer.save_checkpoint(best if improved else last)
        if improved:
            with atomic_write(last) as part:
                link(best, part)

    def on_load_checkpoint(self, trainer: pl.Trainer, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Let the log go on from where the checkpoint was written."""
        for log in logs_of(trainer):
            log.recall(checkpoint["epoch"])

    def state_dict(self) -> dict[str, Any]:
        """Return the best value so far."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the best value so far."""
        self.best = state_dict["best"]

    def load_selected(self, task: pl.LightningModule) -> str:
        """Put the selected weights into `task`, averaged where they are averaged; return which they are.

        They are read from the file, whichever weights training left in the task: a run that was killed after its last
        epoch has trained nothing when it is here.
        """
        best = self.folder / "best.ckpt"
        chosen = best if self.select == "best" and best.exists() else self.folder / "last.ckpt"
        if not chosen.exists():
            return "no steps"
        state = CheckpointFile().load_checkpoint(chosen)
        task.load_state_dict(state["state_dict"])
        return f"best (epoch {state['epoch']})" if chosen == best else "last"


def logs_of(trainer: pl.Trainer) -> list[MetricsLog]:
    """Return the logs that go on with a run; a logger of another kind does as it is made."""
    return [logger for logger in trainer.loggers if isinstance(logger, MetricsLog)]


def link(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`, or a copy where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


class Reseed(pl.Callback):
    """Makes the random state a function of seed and epoch, so that a resumed run goes on as the uninterrupted one."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Seed all generators for this epoch, before its first step: a loader draws a number when it begins an epoch."""
        if batch_idx == 0:
            seed_for(self.seed, trainer.current_epoch)


def seed_for(seed: int, stage: int) -> None:
    """Seed all generators for an epoch, or for what comes after the last (-1)."""
    pl.seed_everything((seed * 1_000_003 + stage) % 2**32, verbose=False)
