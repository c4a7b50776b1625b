"""Average recall: how many objects a number of proposals finds, whatever their class, averaged over ten overlaps.

Hosang et al. 2015, https://arxiv.org/abs/1502.05082; matching and overlaps as in COCO (https://cocodataset.org/#detection-eval):
best score first, each proposal takes the free object that it overlaps most.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torchvision.ops import box_iou

LIMITS = (10, 100, 1000)
OVERLAPS = torch.linspace(0.5, 0.95, 10, dtype=torch.float64)


def average_recall(
    found: Sequence[Mapping[str, Tensor]],
    truth: Sequence[Mapping[str, Tensor]],
    limits: Sequence[int] = LIMITS,
    by: str = "boxes",
) -> dict[str, float]:
    """Return `ar_10`, `ar_100`, … of images: `found` with scores (N,), and `boxes` (N, 4) or `masks` (N, H, W) in both.

    NaN where there is no object. `by` chooses whether boxes or masks overlap.
    """
    hits, objects = torch.zeros(len(limits), len(OVERLAPS)), 0
    for proposals, those in zip(found, truth, strict=True):
        order = proposals["scores"].argsort(descending=True, stable=True)[: max(limits)]
        overlap = OVERLAP[by](proposals[by][order], those[by])
        hits += recalled(overlap, limits)
        objects += len(those[by])
    return {
        f"ar_{k}": float(row.mean() / objects) if objects else float("nan") for k, row in zip(limits, hits, strict=True)
    }


def recalled(overlap: Tensor, limits: Sequence[int]) -> Tensor:
    """Numbers of objects found (limits, overlaps) by the first proposals, from IoU (N, M), best proposal first."""
    N, M = overlap.shape
    found = torch.zeros(len(OVERLAPS), M, dtype=torch.bool)
    counts = torch.zeros(N + 1, len(OVERLAPS))
    for i, row in enumerate(overlap.double().cpu() if M else ()):
        values, objects = row.expand(len(OVERLAPS), -1).masked_fill(found, -1).max(dim=1)
        hit = values >= OVERLAPS
        found[hit, objects[hit]] = True
        counts[i + 1] = found.sum(dim=1)
    return torch.stack([counts[min(limit, N)] for limit in limits])


def mask_iou(masks: Tensor, others: Tensor) -> Tensor:
    """IoU (N, M) of masks (N, H, W) and others (M, H, W); 0 where both are empty."""
    ours, theirs = masks.flatten(1).float(), others.flatten(1).float()
    common = ours @ theirs.T
    return common / (ours.sum(dim=1)[:, None] + theirs.sum(dim=1)[None] - common).clamp(min=1)


OVERLAP = {"boxes": box_iou, "masks": mask_iou}
