"""Checkpoints that survive a kill: written whole under another name, then renamed, at the end of every epoch."""

import os
import shutil
from pathlib import Path
from typing import Any, Literal

import pytorch_lightning as pl
import torch

from zoo.files import atomic_write


class Checkpoint(pl.Callback):
    """Keeps `last.ckpt`, and `best.ckpt` by the task's headline metric on the validation data.

    `select` says which of them the run ends with.
    """

    def __init__(self, folder: str, select: Literal["best", "last"] = "best") -> None:
        self.folder, self.select = Path(folder), select
        self.best: float | None = None

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        """Save the state of the run, and keep it as the best when it is; the module is a `tasks.base.Task`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name, mode = pl_module.monitor
        value = float(trainer.callback_metrics.get(f"val/{name}", float("nan")))
        better = self.best is None or (value > self.best if mode == "max" else value < self.best)
        improved = better and value == value
        if improved:
            self.best = value
        last = self.folder / "last.ckpt"
        with atomic_write(last) as part:
            trainer.save_checkpoint(part)
        if improved:
            with atomic_write(self.folder / "best.ckpt") as part:
                link(last, part)

    def state_dict(self) -> dict[str, Any]:
        """Return the best value so far."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the best value so far."""
        self.best = state_dict["best"]

    def load_selected(self, task: pl.LightningModule) -> str:
        """Put the selected weights into `task`; return which they are."""
        best = self.folder / "best.ckpt"
        if self.select == "last" or not best.exists():
            return "last"
        # our own file, of this very run; it holds the loops' state beside the tensors
        state = torch.load(best, map_location="cpu", weights_only=False)
        task.load_state_dict(state["state_dict"])
        return f"best (epoch {state['epoch']})"


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

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Seed all generators for this epoch."""
        pl.seed_everything(
            (self.seed * 1_000_003 + trainer.current_epoch) % 2**32, verbose=False
        )  # numpy takes no more
