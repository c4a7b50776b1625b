"""Pairs of boxes that touch, among many that do not, without a look at each pair: a sweep along x."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

#: Pairs that are looked at in one go: some 40 MB of float64 for rotated boxes.
PAIRS = 1 << 16


def overlaps(
    boxes: Tensor, others: Tensor, hulls: Tensor, other_hulls: Tensor, aligned_iou: Callable[[Tensor, Tensor], Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Indices (E,) and (E,) of the boxes (N, D) and others (M, D) that overlap, and their IoU (E,).

    Only pairs whose hulls (N, 4) and (M, 4) touch are given to `aligned_iou`, which answers (n, D) and (n, D) with (n,).
    """
    none = torch.zeros(0, dtype=torch.long, device=boxes.device)
    found = [(none, none, boxes[:0, 0])]
    for a, b in near_pairs(hulls, other_hulls):
        iou = aligned_iou(boxes[a], others[b])
        shared = torch.nonzero(iou > 0).flatten()
        found.append((a[shared], b[shared], iou[shared]))
    first, second, iou = (torch.cat(part) for part in zip(*found, strict=True))
    return first, second, iou


def near_pairs(boxes: Tensor, others: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the indices of the pairs of boxes (N, 4) and others (M, 4) xyxy that touch, at most `PAIRS` at a time.

    In x, two intervals touch where one begins inside the other: a search in the sorted beginnings finds both kinds.
    """
    for first, second, swapped in ((boxes, others, False), (others, boxes, True)):
        order = second[:, 0].argsort()
        begins = second[order, 0].contiguous()
        start = torch.searchsorted(begins, first[:, 0].contiguous(), right=swapped)  # equal beginnings count once
        counts = (torch.searchsorted(begins, first[:, 2].contiguous(), right=True) - start).clamp(min=0)
        for part in parts(counts):
            a = torch.repeat_interleave(part, counts[part])
            ends = counts[part].cumsum(0)
            place = torch.arange(len(a), device=a.device) - torch.repeat_interleave(ends - counts[part], counts[part])
            b = order[start[a] + place]
            touch = torch.nonzero((first[a, 1] <= second[b, 3]) & (second[b, 1] <= first[a, 3])).flatten()
            a, b = a[touch], b[touch]
            for low in range(0, len(a), PAIRS):
                pair = a[low : low + PAIRS], b[low : low + PAIRS]
                yield pair[::-1] if swapped else pair


def parts(counts: Tensor) -> Iterator[Tensor]:
    """Yield runs of the indices of counts (N,) whose sum is at most 16 times `PAIRS`, a larger one alone."""
    total, limit, low = counts.cumsum(0), 16 * PAIRS, 0
    while low < len(counts):
        before = int(total[low - 1]) if low else 0
        high = max(low + 1, int(torch.searchsorted(total, before + limit, right=True)))
        yield torch.arange(low, high, device=counts.device)
        low = high
