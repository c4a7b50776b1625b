"""One class for each sequence: cross-entropy, accuracy, macro F1."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from tasks.base import Batch, Metric
from tasks.labels.scores import f1_by_class, one_hot
from tasks.objectives.objective import Objective
from tasks.results.classification import ClassificationResult
from zoo.errors import ZooError
from zoo.inference.answers import Label


class Classify(Objective):
    """Sequences to classes; `smoothing` is the share of a target that is spread over all classes.

    Label smoothing: Szegedy et al. 2016, https://arxiv.org/abs/1512.00567, section 7.
    """

    monitor: ClassVar[Metric] = Metric("accuracy", "max")
    baselines: ClassVar[tuple[str, ...]] = ("accuracy_majority",)
    gives = Label
    required_keys: ClassVar[tuple[str, ...]] = ("labels",)

    def __init__(self, classes: Sequence[str], smoothing: float = 0.1) -> None:
        super().__init__(classes)
        if len(classes) < 2:
            raise ZooError(
                f"the objective 'classify' needs two classes or more; the data has {', '.join(classes) or 'none'}"
            )
        self.smoothing = smoothing
        self.result: ClassificationResult | None = None
        self.reset()

    def reset(self) -> None:
        """Begin a new evaluation."""
        self.names: list[str] = []
        self.probabilities: list[Tensor] = []
        self.labels: list[Tensor] = []

    def losses(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the cross-entropy of logits (B, K) and labels (B,)."""
        logits = self.logits(outputs, batch)
        return {"cross_entropy": F.cross_entropy(logits, batch["labels"], label_smoothing=self.smoothing)}

    def update(self, outputs: Tensor, batch: Batch) -> None:
        """Keep the probabilities of a batch."""
        self.probabilities.append(self.probable(outputs, batch).cpu())
        self.labels.append(batch["labels"].cpu())
        self.names += batch["names"]

    def logits(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return the outputs as float32, or say that they are not what this objective is about."""
        wanted = (len(batch["inputs"]), len(self.classes))
        if tuple(outputs.shape) != wanted:
            raise ZooError(
                f"the objective 'classify' needs logits (B, K) = {wanted}, and the model gives {tuple(outputs.shape)};"
                " take a model with one output a sequence, as its card says"
            )
        return outputs.float()

    def answers(self, outputs: Tensor, batch: Batch) -> list[Label]:
        """Return the most likely class of each sequence."""
        rows = [dict(zip(self.classes, row, strict=True)) for row in self.probable(outputs, batch).tolist()]
        best = [max(row, key=row.__getitem__) for row in rows]
        return [Label(name, row[name], row) for name, row in zip(best, rows, strict=True)]

    def counts(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return how many are right, and how many there are."""
        right = self.certainties(outputs, batch)[1]
        return torch.tensor([int(right.sum()), len(right)])

    def of_counts(self, counts: Tensor) -> float:
        """Return the accuracy."""
        return float(counts[0] / counts[1])

    def certainties(self, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the probability of the most likely class, and whether it is the right one."""
        best, label = self.probable(outputs, batch).max(dim=1)
        return best, label == batch["labels"]

    def probable(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return the probabilities (B, K) of the classes."""
        return self.logits(outputs, batch).softmax(dim=1)

    def compute(self) -> dict[str, float]:
        """Return accuracy, macro F1 (`f1`), and its F1 (`f1/name`) for every class that is there or said.

        `accuracy_majority` is that of saying the most frequent class of all.
        """
        result = ClassificationResult(tuple(self.names), torch.cat(self.probabilities), torch.cat(self.labels))
        self.result = result
        self.reset()
        said, K = result.probabilities.argmax(dim=1), len(self.classes)
        return {
            "accuracy": float((said == result.labels).double().mean()),
            "accuracy_majority": float(result.labels.bincount().max() / len(result.labels)),
            **f1_by_class(one_hot(said, K), one_hot(result.labels, K), self.classes),
        }

    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw the confusion matrix and the worst-scored sequences."""
        from tasks.plots import classification

        if self.result is None:
            raise RuntimeError("draw comes after compute")
        return classification.draw(folder, self.result, self.classes, data)
