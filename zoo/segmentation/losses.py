"""Losses of segmentation over logits (B, K, H, W) and masks (B, H, W); pixels of 255 bear on none of them.

Cross-entropy sees each pixel for itself; focal loss (Lin et al. 2017, https://arxiv.org/abs/1708.02002) looks away from those
that are sure; boundary-weighted cross-entropy (Ronneberger et al. 2015, https://arxiv.org/abs/1505.04597) looks at the edges,
where touching objects are told apart. Dice (Milletari et al. 2016, https://arxiv.org/abs/1606.04797) sees the share of a class
that is found, and so does not mind how rare it is; Lovász-softmax (Berman et al. 2018, https://arxiv.org/abs/1705.08790) is the
convex surrogate of IoU itself. The last two are those of Segmentation Models PyTorch (MIT).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from segmentation_models_pytorch.losses import DiceLoss, LovaszLoss
from torch import Tensor
from torch.nn import functional as F

from zoo.segmentation import IGNORED
from zoo.segmentation.confusion import refuse_unknown

FOCUS = 2.0  # the exponent of the focal loss, as in the paper
#: Pixels within so many of a boundary weigh so much more, of the order of the paper's 10 at sigma 5.
EDGE_WIDTH, EDGE_WEIGHT = 3, 4.0


@dataclass(frozen=True)
class Weighing:
    """What the losses are about: the classes that Dice is the mean over, and the weights (K,) of all, or None."""

    classes: Sequence[int]
    weights: Tensor | None = None


def pixelwise(logits: Tensor, masks: Tensor, weighing: Weighing) -> tuple[Tensor, Tensor, Tensor]:
    """Return for each pixel (B, H, W) its cross-entropy, its weight by class (0 where not known), and whether it is known."""
    known = masks != IGNORED
    refuse_unknown(masks[known], logits.shape[1])
    entropy = F.cross_entropy(logits.float(), masks, ignore_index=IGNORED, reduction="none")
    if weighing.weights is None:
        return entropy, known.float(), known
    weights = weighing.weights[masks.masked_fill(~known, 0)]
    return entropy, weights * known, known


def mean(values: Tensor, weights: Tensor) -> Tensor:
    """Return the mean of values under weights; 0 where no weight is left."""
    return (values * weights).sum() / weights.sum().clamp(min=torch.finfo(torch.float32).tiny)


def cross_entropy(logits: Tensor, masks: Tensor, weighing: Weighing) -> Tensor:
    """Return the mean cross-entropy over known pixels, weighted by class; 0 when none is known."""
    entropy, weights, _ = pixelwise(logits, masks, weighing)
    return mean(entropy, weights)


def focal(logits: Tensor, masks: Tensor, weighing: Weighing) -> Tensor:
    """Return the mean of (1 - p)² times the cross-entropy, p the probability of the true class; 0 when none is known."""
    entropy, weights, _ = pixelwise(logits, masks, weighing)
    return mean((1 - torch.exp(-entropy)) ** FOCUS * entropy, weights)


def boundary(logits: Tensor, masks: Tensor, weighing: Weighing) -> Tensor:
    """Return the mean cross-entropy with more weight near the boundaries of the masks; 0 when none is known."""
    entropy, weights, known = pixelwise(logits, masks, weighing)
    return mean(entropy, weights * (1 + EDGE_WEIGHT * near_boundaries(masks, known)))


def near_boundaries(masks: Tensor, known: Tensor) -> Tensor:
    """Return 1 for the pixels (B, H, W) within `EDGE_WIDTH` of one of another class, else 0; the unknown are no boundary."""
    side = 2 * EDGE_WIDTH + 1
    classes = masks.float()[:, None]
    highest = F.max_pool2d(classes.masked_fill(~known[:, None], -1.0), side, 1, EDGE_WIDTH)
    lowest = -F.max_pool2d((-classes).masked_fill(~known[:, None], -float(IGNORED)), side, 1, EDGE_WIDTH)
    return ((highest != lowest)[:, 0] & known).float()


def dice(logits: Tensor, masks: Tensor, weighing: Weighing) -> Tensor:
    """Return 1 - Dice of the softmax over the whole batch, mean over the classes; one that the masks lack adds 0."""
    return DiceLoss("multiclass", classes=list(weighing.classes), ignore_index=IGNORED)(logits.float(), masks)


def lovasz(logits: Tensor, masks: Tensor, weighing: Weighing) -> Tensor:
    """Return the Lovász extension of 1 - IoU over the whole batch, mean over the classes present; 0 when none is known."""
    if bool((masks == IGNORED).all()):
        return logits.float().sum() * 0
    return LovaszLoss("multiclass", ignore_index=IGNORED)(logits.float(), masks)


LOSSES: Mapping[str, Callable[[Tensor, Tensor, Weighing], Tensor]] = {
    "cross_entropy": cross_entropy,
    "dice": dice,
    "focal": focal,
    "lovasz": lovasz,
    "boundary": boundary,
}


def balanced(pixels: Sequence[int]) -> Tensor:
    """Return weights (K,) by the median frequency over that of each class, at most 10; 1 for a class that is not there.

    Eigen and Fergus 2015, https://arxiv.org/abs/1411.4734, section 6.3.2; SegNet was trained so.
    """
    counts = torch.tensor(pixels, dtype=torch.float32)
    present = counts > 0
    if not bool(present.any()):
        return torch.ones(len(counts))
    return torch.where(present, counts[present].median() / counts.clamp(min=1), 1.0).clamp(max=10.0)
