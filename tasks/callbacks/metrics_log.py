"""The log of a run: losses by step and validation metrics by epoch, as logs/metrics.csv.

Lightning's own CSV logger begins anew when a run goes on, and removes what the part before had logged.
"""

import csv
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger

from zoo.files import atomic_write, ensure_dir


class MetricsLog(Logger):
    """Keeps the rows, and writes them with every checkpoint: so the two always tell of the same epochs."""

    def __init__(self, save_dir: str) -> None:
        super().__init__()
        self.path = Path(save_dir) / "metrics.csv"
        self.rows: list[dict[str, Any]] = []

    @property
    def name(self) -> None:
        """None: a run has one log."""

    @property
    def version(self) -> None:
        """None, likewise."""

    def log_hyperparams(self, *args: Any, **settings: Any) -> None:
        """Keep nothing: config.yaml holds every setting."""

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Keep a row."""
        self.rows.append({"step": step, **metrics})

    def finalize(self, status: str) -> None:
        """Write what there is when training ends, however it ends."""
        self.write()

    def write(self) -> None:
        """Write all rows; a run of a few steps has none."""
        if not self.rows:
            return
        ensure_dir(self.path.parent)
        names = sorted({name for row in self.rows for name in row})
        with atomic_write(self.path) as part, part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(self.rows)

    def recall(self, epoch: int) -> None:
        """Take up the rows that were written, up to the end of `epoch`; what came after is done again."""
        if self.path.exists():
            with self.path.open(encoding="utf-8", newline="") as file:
                written = [{name: value for name, value in row.items() if value} for row in csv.DictReader(file)]
            self.rows = [row for row in written if int(row["epoch"]) <= epoch]
