"""Losses of a dense detector: the classification half; what a wrong box costs is the geometry's own (`geometry.py`).

Quality focal loss: Li et al. 2020, Generalized Focal Loss, https://arxiv.org/abs/2006.04388, equation 2.
"""

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def quality_focal_loss(logits: Tensor, quality: Tensor, beta: float = 2.0) -> Tensor:
    """Sum of the cross entropies of logits (..., K) with soft targets (..., K) in [0, 1], weighted |error|^beta."""
    error = (quality - logits.sigmoid()).abs()
    entropy = binary_cross_entropy_with_logits(logits, quality, reduction="none")
    return (error**beta * entropy).sum()
