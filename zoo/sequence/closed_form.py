"""Models whose weights are solved for, not descended to: the whole training data in, one answer out, no steps."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from zoo.errors import ZooError

Batch = Mapping[str, Any]
#: Rows beyond which the solution would need more than a few gigabytes: the system is as wide as the rows.
MOST_ROWS = 12_000


class ClosedForm(nn.Module, ABC):
    """A model that learns by `solve`; what trains it calls that in the place of a training loop."""

    #: How many times to go round the training data: more than once is of use when it is augmented.
    looks: int = 1

    @abstractmethod
    def solve(self, batches: Sequence[Batch]) -> None:
        """Settle the weights by all training batches, as the data module gives them."""


def ridge(features: Tensor, targets: Tensor, strengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return weights (D, K), offset (K,) and left-out predictions (N, K) of a ridge regression of targets on features (N, D).

    Of the strengths the one is taken whose leave-one-out error is least, which the eigenvectors give for all at once:
    Hastie et al. 2009, “The Elements of Statistical Learning”, section 7.10, by the kernel of the rows.
    """
    if len(features) > MOST_ROWS:
        raise ZooError(
            f"{len(features):,} training rows are too many to solve for at once (at most {MOST_ROWS:,}); take fewer looks"
            " (model.looks), or a model that is trained step by step"
        )
    middle, target = features.mean(dim=0), targets.mean(dim=0)
    rows, wanted = (features - middle).double(), (targets - target).double()
    values, vectors = torch.linalg.eigh(rows @ rows.T)
    turned = vectors.T @ wanted
    best: tuple[float, Tensor, Tensor] | None = None
    for strength in strengths.tolist():
        shrink = 1 / (values.clamp(min=0) + strength)
        dual = vectors @ (shrink[:, None] * turned)  # (K + λ)⁻¹ y
        # the offset is not shrunk, so the constant direction, an eigenvector of 0, has no part in the inverse
        inverse = (vectors.square() * shrink).sum(dim=1) - 1 / (len(rows) * strength)
        left_out = wanted - dual / inverse[:, None]
        error = float((wanted - left_out).square().mean())
        if best is None or error < best[0]:
            best = error, dual, left_out
    assert best is not None
    weights = (rows.T @ best[1]).float()
    return weights, target - middle @ weights, best[2].float() + target
