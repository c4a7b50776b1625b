"""Losses of segmentation over logits (B, K, H, W) and masks (B, H, W); pixels of 255 bear on none of them.

Cross-entropy sees each pixel for itself; the Dice loss (Milletari et al. 2016, https://arxiv.org/abs/1606.04797) sees
the share of a class that is found, and so does not mind how rare it is. The Dice loss is that of Segmentation Models
PyTorch (MIT).
"""

from collections.abc import Sequence

import torch
from segmentation_models_pytorch.losses import DiceLoss
from torch import Tensor
from torch.nn import functional as F

from zoo.segmentation import IGNORED
from zoo.segmentation.confusion import refuse_unknown


def cross_entropy(logits: Tensor, masks: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the mean cross-entropy over known pixels, weighted by class with `weights` (K,); 0 when none is known."""
    known = masks != IGNORED
    refuse_unknown(masks[known], logits.shape[1])
    total = F.cross_entropy(logits.float(), masks, weights, ignore_index=IGNORED, reduction="sum")
    count = known.sum() if weights is None else weights[masks[known]].sum()
    return total / count.clamp(min=torch.finfo(torch.float32).tiny)


def dice(logits: Tensor, masks: Tensor, classes: Sequence[int]) -> Tensor:
    """Return 1 - Dice of the softmax over the whole batch, mean over `classes`; one that the masks lack adds 0."""
    return DiceLoss("multiclass", classes=list(classes), ignore_index=IGNORED)(logits.float(), masks)
