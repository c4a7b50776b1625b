"""What every objective of labelled images gives."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from tasks.base import Metric
from tasks.metrics.calibration import fit_temperature
from zoo.classification.answers import ImageLabel
from zoo.errors import ZooError


class LabelObjective(ABC):
    """Holds logits (N, K) against the shares of classes (N, K) that images show: a loss, metrics, answers, pictures.

    `temperature` is what logits are divided by before they become probabilities; validation settles it.
    """

    monitor: ClassVar[Metric]

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes, self.temperature = tuple(classes), 1.0
        if len(classes) < self.fewest:
            raise ZooError(
                f"this objective needs {self.fewest} classes or more; the data has {', '.join(classes) or 'none'}"
            )

    #: Classes that there must be at the least.
    fewest: ClassVar[int] = 2

    @abstractmethod
    def loss(self, logits: Tensor, shares: Tensor, weights: Tensor | None) -> Tensor:
        """Return the loss of logits and shares (B, K), classes weighted by `weights` (K,): a scalar."""

    @abstractmethod
    def likelihood(self, logits: Tensor, shares: Tensor) -> Tensor:
        """Return the negative log-likelihood of what is true, a scalar; temperatures are judged by it."""

    @abstractmethod
    def as_probabilities(self, logits: Tensor) -> Tensor:
        """Return probabilities (N, K) of logits."""

    @abstractmethod
    def labels(self, shares: Tensor) -> Tensor:
        """Return what is true of images by shares of their classes (N, K): labels (N,), or (N, K) where they are several."""

    @abstractmethod
    def metrics(self, probabilities: Tensor, shares: Tensor) -> dict[str, float]:
        """Return the metrics of probabilities (N, K) by name."""

    @abstractmethod
    def naive(self, frequencies: Tensor, count: int) -> Tensor:
        """Return the probabilities (N, K) of who knows how often training shows each class (K,), and sees no image."""

    @abstractmethod
    def answers(self, probabilities: Tensor) -> Sequence[ImageLabel]:
        """Return what is said of each image."""

    @abstractmethod
    def draw(self, folder: Path, results: Any, data: Any) -> list[Path]:
        """Draw `results`, a ClassificationResult, into `folder`; return the files."""

    def probabilities(self, logits: Tensor) -> Tensor:
        """Return calibrated probabilities (N, K) of logits."""
        return self.as_probabilities(logits.float() / self.temperature)

    def calibrate(self, logits: Tensor, shares: Tensor) -> None:
        """Settle the temperature by what was said in validation."""
        self.temperature = fit_temperature(lambda scaled: self.likelihood(scaled, shares), logits)

    def learned_state(self) -> dict[str, Any]:
        """Return what use needs beside the weights."""
        return {"temperature": self.temperature}

    def restore(self, learnt: Mapping[str, Any]) -> None:
        """Take what a finished run had learnt."""
        self.temperature = float(learnt.get("temperature", 1.0))


def by_name(classes: Sequence[str], probabilities: Tensor) -> list[dict[str, float]]:
    """Return the probabilities (N, K) of each image by class."""
    return [dict(zip(classes, row, strict=True)) for row in probabilities.tolist()]


def best_labels(classes: Sequence[str], probabilities: Tensor) -> list[ImageLabel]:
    """Return the most likely class of each image by probabilities (N, K)."""
    rows = by_name(classes, probabilities)
    best = [max(row, key=row.__getitem__) for row in rows]
    return [ImageLabel(name, row[name], row) for name, row in zip(best, rows, strict=True)]


def as_frequencies(counts: Mapping[str, int], classes: Sequence[str]) -> Tensor:
    """Return how often each class is shown (K,), in all 1."""
    found = torch.tensor([float(counts[name]) for name in classes])
    return found / found.sum().clamp(min=1)
