"""What a run shows while it trains: a bar with the current loss on a terminal, and a line for every epoch."""

import time
from typing import Any

import pytorch_lightning as pl
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

#: All that a run says goes through here, and is kept for logs/console.txt.
CONSOLE = Console(highlight=False, soft_wrap=True, record=True)
if not CONSOLE.is_terminal:
    CONSOLE.width = 120  # a file has no width of its own, and 80 columns would fold the table of the fit check


class ProgressLines(pl.Callback):
    """One bar for the whole run where there is a terminal; one line an epoch everywhere."""

    def __init__(self) -> None:
        self.console = CONSOLE
        self.bar: Progress | None = None
        self.seconds = 0.0
        self.began: float | None = None
        self.samples = 0
        self.created, self.before = time.perf_counter(), 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Show the bar."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.bar = Progress(*columns, TimeRemainingColumn(), console=self.console, disable=not self.console.is_terminal)
        total = int(trainer.estimated_stepping_batches)
        self.row = self.bar.add_task("training", total=total, completed=trainer.global_step)
        self.bar.start()

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock of the epoch."""
        self.began = time.perf_counter()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the bar."""
        self.samples += len(batch["names"])
        if self.bar is not None:
            loss = float(trainer.callback_metrics.get("train/loss", float("nan")))
            said = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs} loss {loss:.3f}{self.metric(trainer, pl_module)}"
            self.bar.update(self.row, completed=trainer.global_step, description=said)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop the clock: validation is not training."""
        self.stop_clock()

    def stop_clock(self) -> None:
        """Add the time since the epoch began, once."""
        if self.began is not None:
            self.seconds += time.perf_counter() - self.began
            self.began = None

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say how the epoch went."""
        self.stop_clock()  # in an epoch without validation it still runs
        loss = float(trainer.callback_metrics.get("train/loss", float("nan")))
        speed = self.samples / max(self.seconds, 1e-9)
        self.console.print(
            f"epoch {trainer.current_epoch + 1:>3}/{trainer.max_epochs}  loss {loss:.3f}"
            f"{self.metric(trainer, pl_module)}  {speed:.1f} samples/s"
        )

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.stop()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Take the bar away, so that the message can be read."""
        if self.bar is not None:
            self.bar.stop()

    def state_dict(self) -> dict[str, Any]:
        """Return what was trained so far and how long the run has taken, for the figures of a resumed run."""
        elapsed = self.before + time.perf_counter() - self.created
        return {"samples": self.samples, "seconds": self.seconds, "elapsed": elapsed}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what was trained before."""
        self.samples, self.seconds, self.before = (state_dict[key] for key in ("samples", "seconds", "elapsed"))

    @staticmethod
    def metric(trainer: pl.Trainer, task: Any) -> str:
        """Return the last validation value of the headline metric, in words."""
        name = task.monitor.name
        value = trainer.callback_metrics.get(f"val/{name}")
        return "" if value is None else f"  val/{name} {float(value):.3f}"
