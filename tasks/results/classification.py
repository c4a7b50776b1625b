"""The result of a classification."""

from dataclasses import dataclass

from torch import Tensor
from torchmetrics.functional.classification import multiclass_confusion_matrix


@dataclass(frozen=True)
class ClassificationResult:
    """What was said of N samples: their names, probabilities (N, K) and labels (N,)."""

    names: tuple[str, ...]
    probabilities: Tensor
    labels: Tensor

    def confusion(self) -> Tensor:
        """Return counts (K, K): rows are true classes, columns predicted ones."""
        return multiclass_confusion_matrix(self.probabilities, self.labels, self.probabilities.shape[1])

    def worst_first(self) -> list[int]:
        """Return the indices of all samples, those whose true class got the least probability first."""
        true = self.probabilities.gather(1, self.labels[:, None])[:, 0]
        return true.argsort(stable=True).tolist()
