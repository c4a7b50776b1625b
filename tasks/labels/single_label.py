"""One class an image: cross-entropy; accuracy, balanced accuracy, F1, AUROC, average precision, calibration error."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F
from torchmetrics.functional.classification import multiclass_calibration_error

from tasks.base import Metric
from tasks.labels.objective import LabelObjective, best_labels
from tasks.labels.scores import f1_by_class, one_hot, ranking
from tasks.metrics.calibration import BINS
from zoo.classification.answers import ImageLabel

#: Classes from which on it is said how often the true one is among the five likeliest.
MANY = 10


class SingleLabel(LabelObjective):
    """Images to one of K classes; `smoothing` is the share of a target that is spread over all classes.

    Label smoothing: Szegedy et al. 2016, https://arxiv.org/abs/1512.00567, section 7.
    """

    monitor: ClassVar[Metric] = Metric("accuracy", "max")

    def __init__(self, classes: Sequence[str], smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0) -> None:
        super().__init__(classes)
        self.smoothing = smoothing

    def loss(self, logits: Tensor, shares: Tensor, weights: Tensor | None) -> Tensor:
        """Return the cross-entropy; `shares` may be of several classes, as mixed images have them."""
        return F.cross_entropy(logits, shares, weights, label_smoothing=self.smoothing)

    def likelihood(self, logits: Tensor, shares: Tensor) -> Tensor:
        """Return the cross-entropy of the true classes, with one more image that shows all alike.

        By that one (Platt 1999) probabilities stay below 1 where all that was looked at is right.
        """
        spread = len(self.classes) / (len(logits) + len(self.classes))
        return F.cross_entropy(logits, shares.to(logits.dtype), label_smoothing=spread)

    def as_probabilities(self, logits: Tensor) -> Tensor:
        """Return the softmax."""
        return logits.softmax(dim=1)

    def labels(self, shares: Tensor) -> Tensor:
        """Return the classes (N,)."""
        return shares.argmax(dim=1)

    def metrics(self, probabilities: Tensor, shares: Tensor) -> dict[str, float]:
        """Return accuracy, its mean over the true classes, F1, AUROC, average precision, calibration error, likelihood."""
        labels, said = self.labels(shares), probabilities.argmax(dim=1)
        truth, K = one_hot(labels, len(self.classes)), len(self.classes)
        right = said == labels
        recalls = torch.stack([right[labels == k].double().mean() for k in labels.unique()])
        top = (
            {"top5": float((probabilities.topk(5).indices == labels[:, None]).any(1).double().mean())}
            if K > MANY
            else {}
        )
        return {
            "accuracy": float(right.double().mean()),
            "balanced_accuracy": float(recalls.mean()),
            **top,
            **f1_by_class(one_hot(said, K), truth, self.classes),
            **ranking(probabilities, truth),
            "calibration_error": float(multiclass_calibration_error(probabilities, labels, K, n_bins=BINS)),
            "log_likelihood": float(probabilities.gather(1, labels[:, None]).clamp(min=1e-12).log().mean()),
        }

    def naive(self, frequencies: Tensor, count: int) -> Tensor:
        """Return how often training shows each class: the most frequent one is said of every image."""
        return frequencies.expand(count, -1)

    def answers(self, probabilities: Tensor) -> Sequence[ImageLabel]:
        """Return the most likely class of each image."""
        return best_labels(self.classes, probabilities)

    def draw(self, folder: Path, results: Any, data: Any) -> list[Path]:
        """Draw the confusion matrix, the worst mistakes, and the calibration."""
        from tasks.plots import classification, labels

        drawn = classification.draw(folder, results, self.classes, data)
        right = results.probabilities.argmax(dim=1) == results.labels
        return [*drawn, labels.draw_calibration(folder / "calibration.png", results.probabilities.amax(dim=1), right)]
