"""Scores of probabilities class by class, over the classes that images show."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torchmetrics.functional.classification import binary_auroc, binary_average_precision

Score = Callable[[Tensor, Tensor], Tensor]


def mean_over_shown(score: Score, probabilities: Tensor, shown: Tensor) -> float:
    """Return the mean of a score of one class against the rest, over classes that some images show and others do not.

    `probabilities` and `shown` are (N, K); of no such class there is no score, and it is NaN.
    """
    columns = [k for k in range(shown.shape[1]) if 0 < int(shown[:, k].sum()) < len(shown)]
    found = [float(score(probabilities[:, k], shown[:, k].long())) for k in columns]
    return sum(found) / len(found) if found else float("nan")


def ranking(probabilities: Tensor, shown: Tensor) -> dict[str, float]:
    """Return how well probabilities (N, K) rank images: AUROC and average precision, means over classes."""
    return {
        "auroc": mean_over_shown(binary_auroc, probabilities, shown),
        "average_precision": mean_over_shown(binary_average_precision, probabilities, shown),
    }


def f1_by_class(said: Tensor, shown: Tensor, classes: Sequence[str]) -> dict[str, float]:
    """Return F1 of each class (`f1/name`) and the mean over classes that are shown or said, of bool (N, K)."""
    both, sums = (said & shown).sum(dim=0).double(), said.sum(dim=0) + shown.sum(dim=0)
    scores = 2 * both / sums.clamp(min=1)
    mean = float(scores[sums > 0].mean()) if bool((sums > 0).any()) else float("nan")
    return {"f1": mean, **{f"f1/{name}": float(scores[k]) for k, name in enumerate(classes) if sums[k] > 0}}


def one_hot(labels: Tensor, count: int) -> Tensor:
    """Return labels (N,) as bool (N, K)."""
    return torch.nn.functional.one_hot(labels, count).bool()
