"""Counting: the mean squared error of the counts; the metric is the mean absolute one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn import functional as F

from tasks.base import Batch, Metric, Stage, Task
from tasks.plots import save


class Counting(Task):
    """Counts the dots of pictures; `weight` is that of the loss."""

    monitor: ClassVar[Metric] = Metric("mae", "min")

    def __init__(self, model: nn.Module, classes: Sequence[str], weight: float = 1.0, **optimisation: Any) -> None:
        super().__init__(model, classes, **optimisation)
        self.weight = weight
        self.pairs: list[Tensor] = []
        self.results = torch.zeros(0, 2)

    def respond(self, batch: Batch) -> Tensor:
        """Return the counts (B, K) of a batch."""
        return self.model(self.to_memory_format(batch["images"]))

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the error of the counts."""
        return {"squared": self.weight * F.mse_loss(self.respond(batch), batch["counts"])}

    def update(self, batch: Batch, stage: Stage) -> None:
        """Keep counts and truth."""
        self.pairs.append(torch.stack((self.answer(batch)[:, 0], batch["counts"][:, 0]), dim=1).cpu())

    def compute(self, stage: Stage) -> dict[str, float]:
        """Return the mean absolute error."""
        self.results, self.pairs = torch.cat(self.pairs), []
        return {"mae": float((self.results[:, 0] - self.results[:, 1]).abs().mean())}

    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw counts over the truth."""
        figure = Figure()
        figure.subplots().scatter(*self.results.T.numpy())
        return [save(figure, folder / "counts.png")]
