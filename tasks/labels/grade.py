"""A grade: classes in an order, learnt so that a near miss costs less than a far one.

Díaz and Marathe 2019, “Soft Labels for Ordinal Regression”, https://doi.org/10.1109/CVPR.2019.00487: the target of a
grade is a softmax over the negative distances of all grades from it.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torchmetrics.functional.classification import multiclass_cohen_kappa

from tasks.base import Metric
from tasks.labels.single_label import SingleLabel


class Grade(SingleLabel):
    """Images to one of K grades, from the least to the most; `sharpness` is by how much a grade further off is less right."""

    monitor: ClassVar[Metric] = Metric("kappa", "max")

    def __init__(self, classes: Sequence[str], sharpness: Annotated[float, Field(gt=0)] = 2.0) -> None:
        super().__init__(classes)
        places = torch.arange(len(classes), dtype=torch.float32)
        self.targets = (-sharpness * (places[:, None] - places).abs()).softmax(dim=1)  # (K, K)

    def loss(self, logits: Tensor, shares: Tensor, weights: Tensor | None) -> Tensor:
        """Return the cross-entropy to targets that near grades have a share in."""
        return super().loss(logits, shares @ self.targets.to(shares), weights)

    def metrics(self, probabilities: Tensor, shares: Tensor) -> dict[str, float]:
        """Return the quadratic kappa and the mean error of the expected grade, beside what a single label has.

        Where one grade alone is there and said, chance agrees as well, and there is no kappa (NaN).
        """
        labels, K = shares.argmax(dim=1), len(self.classes)
        expected = probabilities.double() @ torch.arange(K, dtype=torch.float64)
        kappa = multiclass_cohen_kappa(probabilities.argmax(dim=1), labels, K, weights="quadratic")
        return {
            **super().metrics(probabilities, shares),
            "kappa": float(kappa),
            "mae": float((expected - labels).abs().mean()),
        }
