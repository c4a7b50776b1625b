"""Several classes an image: binary cross-entropy of each; mean average precision, AUROC, F1 at one half."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field
from torch import Tensor
from torch.nn import functional as F
from torchmetrics.functional.classification import binary_calibration_error

from tasks.base import Metric
from tasks.labels.objective import LabelObjective, by_name
from tasks.labels.scores import f1_by_class, ranking
from tasks.metrics.calibration import BINS
from zoo.classification.answers import ImageLabel

#: From this probability on a class is said.
SAID = 0.5


class MultiLabel(LabelObjective):
    """Images to any of K classes, also none; `smoothing` draws targets towards one half."""

    monitor: ClassVar[Metric] = Metric("average_precision", "max")
    fewest: ClassVar[int] = 1

    def __init__(self, classes: Sequence[str], smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0) -> None:
        super().__init__(classes)
        self.smoothing = smoothing

    def loss(self, logits: Tensor, shares: Tensor, weights: Tensor | None) -> Tensor:
        """Return the binary cross-entropy, mean over images and classes."""
        targets = shares * (1 - self.smoothing) + self.smoothing / 2
        return F.binary_cross_entropy_with_logits(logits, targets, weights)

    def likelihood(self, logits: Tensor, shares: Tensor) -> Tensor:
        """Return the binary cross-entropy of what is true, with two more images, one of which shows each class (Platt 1999)."""
        spread = 2 / (len(logits) + 2)
        return F.binary_cross_entropy_with_logits(logits, shares.to(logits.dtype) * (1 - spread) + spread / 2)

    def as_probabilities(self, logits: Tensor) -> Tensor:
        """Return the sigmoid of each class."""
        return logits.sigmoid()

    def labels(self, shares: Tensor) -> Tensor:
        """Return the classes (N, K), 1 where an image shows one."""
        return shares

    def metrics(self, probabilities: Tensor, shares: Tensor) -> dict[str, float]:
        """Return mean average precision, AUROC, F1, the share of images of which all is right, calibration error."""
        truth, said = shares > SAID, probabilities >= SAID
        error = binary_calibration_error(probabilities.flatten(), truth.flatten().long(), n_bins=BINS)
        return {
            **ranking(probabilities, truth),
            **f1_by_class(said, truth, self.classes),
            "accuracy": float((said == truth).all(dim=1).double().mean()),
            "calibration_error": float(error),
        }

    def naive(self, frequencies: Tensor, count: int) -> Tensor:
        """Return how often training shows each class."""
        return frequencies.expand(count, -1)

    def answers(self, probabilities: Tensor) -> Sequence[ImageLabel]:
        """Return the classes that are said of each image, joined by a bar, and the least of their probabilities.

        Of an image that shows none the label is empty, and the probability that of none by the likeliest class.
        """
        return [said_of(row) for row in by_name(self.classes, probabilities)]

    def draw(self, folder: Path, results: Any, data: Any) -> list[Path]:
        """Draw the calibration of all classes."""
        from tasks.plots import labels

        said, true = results.probabilities.flatten(), results.labels.flatten().bool()
        return [labels.draw_calibration(folder / "calibration.png", said, true)]


def said_of(row: dict[str, float]) -> ImageLabel:
    """Return the answer of an image by the probabilities of its classes."""
    names = [name for name, probability in row.items() if probability >= SAID]
    sure = min(row[name] for name in names) if names else 1 - max(row.values())
    return ImageLabel("|".join(names), sure, row)
