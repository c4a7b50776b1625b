"""Overlap of rotated boxes, exact, in plain torch: no compiled extra, and with gradients.

Boxes are (N, 5) centre x, centre y, width, height, degrees counter-clockwise as seen, y down (see `zoo.detection`).
In the frame of one box the other's outline is broken where it crosses the lines of the first one's sides, and every
point of it is clamped to the first box. That map leaves the inside as it is and moves the outside onto the border, so
the area that the clamped outline encloses (Green's theorem) is the intersection. Nothing is sorted into cases, so equal,
touching and degenerate boxes are no exceptions: the area is a continuous function of the corners.
Pairs whose axis-aligned hulls do not touch are found by a sweep along x and cost next to nothing.
"""

import torch
from torch import Tensor

from zoo.detection.nearby import overlaps

#: Boxes that are decided in one go by the suppression: what they suppress is never compared with one another.
BLOCK = 1024
#: What rounding leaves of the overlap of boxes that only touch.
ROUNDING = 1e-12
#: Corners in the order of torchvision's XYXYXYXY: top left, top right, bottom right, bottom left of the box upright.
SIGNS = ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))


def rotated_iou(boxes: Tensor, others: Tensor) -> Tensor:
    """Intersection over union (N, M), in [0, 1], of boxes (N, 5) and others (M, 5); 0 where both have no area."""
    found = torch.zeros(len(boxes), len(others), dtype=boxes.dtype, device=boxes.device)
    first, second, iou = rotated_overlaps(boxes, others)
    found[first, second] = iou
    return found


def rotated_overlaps(boxes: Tensor, others: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """All pairs of boxes (N, 5) and others (M, 5) that overlap: their indices (E,) and (E,), and their IoU (E,)."""
    return overlaps(boxes, others, hulls(boxes), hulls(others), aligned_rotated_iou)


def aligned_rotated_iou(boxes: Tensor, others: Tensor) -> Tensor:
    """Intersection over union (N,), in [0, 1], of each of the boxes (N, 5) with its other (N, 5); has a gradient."""
    a, b = boxes.double(), others.double()
    shared = intersection(a, b)
    union = area(a) + area(b) - shared
    iou = (shared / union.clamp(min=torch.finfo(union.dtype).tiny)).clamp(0, 1)
    return torch.where(iou > ROUNDING, iou, 0).to(boxes.dtype)


def area(boxes: Tensor) -> Tensor:
    """Area (N,) of boxes (N, 5); a negative width or height counts as none."""
    return boxes[:, 2:4].clamp(min=0).prod(dim=1)


def intersection(boxes: Tensor, others: Tensor) -> Tensor:
    """Area (N,) that each of the boxes (N, 5) shares with its other (N, 5), in the precision of the input."""
    half = others[:, 2:4].clamp(min=0).T[:, None] / 2  # (2, 1, N): what the other one spans in its own frame
    start = outline_in_frame(boxes, others)  # (2, 4, N)
    step = start.roll(-1, dims=1) - start
    safe = torch.where(step == 0, torch.ones_like(step), step)
    # where an edge crosses the lines of the sides, as its share; (2, 4, N), and an edge along an axis crosses at its end
    low = torch.where(step == 0, torch.zeros_like(step), (-half - start) / safe).clamp(0, 1)
    high = torch.where(step == 0, torch.ones_like(step), (half - start) / safe).clamp(0, 1)
    (enter_x, enter_y), (leave_x, leave_y) = torch.minimum(low, high), torch.maximum(low, high)
    inner, outer = torch.maximum(enter_x, enter_y), torch.minimum(leave_x, leave_y)
    breaks = (torch.minimum(enter_x, enter_y), torch.minimum(inner, outer), torch.maximum(inner, outer),
              torch.maximum(leave_x, leave_y))  # fmt: skip
    at = clamped(start, half)
    total = torch.zeros_like(at[0])
    for share in breaks:
        to = clamped(start + share * step, half)
        total = total + at[0] * to[1] - at[1] * to[0]
        at = to
    to = clamped(start.roll(-1, dims=1), half)
    total = total + at[0] * to[1] - at[1] * to[0]
    return (total.sum(dim=0) / 2).clamp(min=0)


def clamped(points: Tensor, half: Tensor) -> Tensor:
    """Points (2, 4, N) moved into the rectangle of half sides (2, 1, N) around the origin."""
    return torch.maximum(torch.minimum(points, half), -half)


def outline_in_frame(boxes: Tensor, others: Tensor) -> Tensor:
    """Corners (2, 4, N) of boxes (N, 5) in the frame of others (N, 5): the other's centre is 0, its width lies along x."""
    turn, frame = torch.deg2rad(boxes[:, 4] - others[:, 4]), torch.deg2rad(others[:, 4])
    dx, dy = (boxes[:, :2] - others[:, :2]).T
    cos, sin = frame.cos(), frame.sin()
    centre = torch.stack((dx * cos - dy * sin, dx * sin + dy * cos))  # (2, N)
    signs = boxes.new_tensor(SIGNS).T[:, :, None]  # (2, 4, 1)
    x, y = signs * boxes[:, 2:4].clamp(min=0).T[:, None]  # (4, N)
    cos, sin = turn.cos(), turn.sin()
    return centre[:, None] + torch.stack((x * cos + y * sin, y * cos - x * sin))


def hulls(boxes: Tensor) -> Tensor:
    """Axis-aligned boxes (N, 4) xyxy, float64, around boxes (N, 5)."""
    boxes = boxes.detach().double()
    turn = torch.deg2rad(boxes[:, 4])
    cos, sin = turn.cos().abs(), turn.sin().abs()
    width, height = boxes[:, 2:4].clamp(min=0).T / 2
    half = torch.stack((width * cos + height * sin, width * sin + height * cos), dim=1)
    return torch.cat((boxes[:, :2] - half, boxes[:, :2] + half), dim=1)


def rotated_nms(boxes: Tensor, scores: Tensor, labels: Tensor, threshold: float) -> Tensor:
    """Indices, best score first, of the boxes (N, 5) that stay: greedy suppression within a class, by exact overlap.

    A box goes when a better one that stays has the same label and an IoU over `threshold`; of equal scores the earlier
    box is the better one.
    """
    order = torch.argsort(scores, descending=True, stable=True)
    boxes = boxes.detach().double()[order]
    around = hulls(boxes)
    if len(boxes):  # one class beside the other, so that only boxes of a class can touch
        _, place = torch.unique(labels[order], return_inverse=True)
        around[:, ::2] += place[:, None] * (around[:, 2].max() - around[:, 0].min() + 1)
    left, kept = torch.arange(len(boxes), device=boxes.device), []
    while len(left):
        block, left = left[:BLOCK], left[BLOCK:]
        block = block[independent(*overlapping(boxes, around, block, block, threshold), len(block))]
        kept.append(block)
        _, gone = overlapping(boxes, around, block, left, threshold)
        stays = torch.ones(len(left), dtype=torch.bool, device=left.device)
        stays[gone] = False
        left = left[stays]
    return order[torch.cat(kept)] if kept else order


def overlapping(boxes: Tensor, around: Tensor, some: Tensor, more: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """Places in the indices `some` and `more` of the pairs of boxes (N, 5), with hulls (N, 4), whose IoU is over threshold."""
    first, second, iou = overlaps(boxes[some], boxes[more], around[some], around[more], aligned_rotated_iou)
    return first[iou > threshold], second[iou > threshold]


def independent(better: Tensor, worse: Tensor, count: int) -> Tensor:
    """Mask (count,) of what greedy suppression leaves, from pairs of places (E,) that overlap; a smaller place is better.

    Decided in rounds: who has no undecided better neighbour stays, and his neighbours go.
    """
    edges = torch.nonzero(better < worse).flatten()
    better, worse = better[edges], worse[edges]
    stays = torch.ones(count, dtype=torch.bool, device=better.device)
    while len(better):
        free = torch.ones(count, dtype=torch.bool, device=better.device)
        free[worse] = False  # those that no undecided better one overlaps
        gone = torch.zeros_like(stays)
        gone[worse[free[better]]] = True
        stays &= ~gone
        open_ = ~(free[better] | gone[better] | gone[worse])
        better, worse = better[open_], worse[open_]
    return stays
