"""Assigner: decides which points answer for which object, by how well they already find it.

Task alignment (TOOD, Feng et al. 2021, https://arxiv.org/abs/2108.07755, section 3.3): a point's metric for an object
is score^alpha * IoU^beta; the best `topk` points inside the object are its positives, and their metric, scaled so that
the best reaches the object's best IoU, is the score that they are to learn.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from zoo.detection.geometry import Geometry

TIE = 1e-9  # weight of the depth where no metric tells two points apart: far below any metric of a found object


@dataclass(frozen=True)
class Candidates:
    """What one image's points (P, 2) offer: predicted boxes (P, D) and scores (P, K) in [0, 1]."""

    points: Tensor
    boxes: Tensor
    scores: Tensor


@dataclass(frozen=True)
class Assignment:
    """For each point of one image: its object, or -1, int64 (P,), and the score to learn in [0, 1], float32 (P,)."""

    objects: Tensor
    quality: Tensor


@dataclass(frozen=True)
class TaskAlignedAssigner:
    """Gives each object its `topk` best aligned points; a point that two objects want goes to the greater overlap."""

    topk: int = 13
    alpha: float = 1.0
    beta: float = 6.0

    @torch.no_grad()
    def __call__(self, geometry: Geometry, candidates: Candidates, boxes: Tensor, labels: Tensor) -> Assignment:
        """Assigns the points of one image to its objects: boxes (N, D) and labels (N,)."""
        points = len(candidates.points)
        if len(boxes) == 0:
            return Assignment(torch.full((points,), -1, device=boxes.device), boxes.new_zeros(points))
        depth = geometry.depth(candidates.points, boxes)  # (N, P)
        if geometry.reaches_out:
            depth = with_nearest(depth)
        iou = geometry.iou(boxes, candidates.boxes).clamp(0, 1)
        metric = candidates.scores[:, labels].T ** self.alpha * iou**self.beta * (depth > 0)
        rank = metric + TIE * depth / depth.amax(dim=1, keepdim=True).clamp(min=1e-6)
        wanted = best_of_each(rank.masked_fill(depth <= 0, -1), self.topk)
        owned = settle(wanted, iou, rank)
        quality = aligned_quality(metric * owned, iou * owned)
        objects = torch.where(owned.any(dim=0), owned.float().argmax(dim=0), -1)
        return Assignment(objects, quality)


def with_nearest(depth: Tensor) -> Tensor:
    """Depths (N, P) of which each object has a positive one: one that holds no point takes those nearest to it.

    What is thinner than a stride and slanted lies between the points, whatever its length; so it is asked of the points
    within a pixel of the nearest.
    """
    deepest = depth.amax(dim=1, keepdim=True)
    return torch.where(deepest > 0, depth, depth - deepest + 1)


def best_of_each(rank: Tensor, topk: int) -> Tensor:
    """Mask (N, P) of the `topk` points of highest rank (N, P) of each object; points of negative rank never."""
    values, points = rank.topk(min(topk, rank.shape[1]), dim=1)
    return torch.zeros_like(rank, dtype=torch.bool).scatter_(1, points, values >= 0)


def settle(wanted: Tensor, iou: Tensor, rank: Tensor) -> Tensor:
    """Mask (N, P) with one owner a point: of those that want it, the one with the greatest overlap (N, P).

    An object that lost all its points so gets its best one back from an owner that has others, if there is one.
    """
    best = torch.where(wanted, iou, -1.0).argmax(dim=0, keepdim=True)
    owned = torch.zeros_like(wanted).scatter_(0, best, True) & wanted
    for orphan in torch.nonzero(wanted.any(dim=1) & ~owned.any(dim=1)).flatten():
        owners_left = owned.sum(dim=1)
        spare = wanted[orphan] & ((owned * owners_left[:, None]).sum(dim=0) != 1)
        if spare.any():
            point = torch.where(spare, rank[orphan], -1.0).argmax()
            owned[:, point] = False
            owned[orphan, point] = True
    return owned


def aligned_quality(metric: Tensor, iou: Tensor) -> Tensor:
    """Score to learn (P,): the metric of a point's owner (N, P), scaled so that each object's best is its best IoU."""
    top = metric.amax(dim=1, keepdim=True).clamp(min=torch.finfo(metric.dtype).tiny)
    return (metric / top * iou.amax(dim=1, keepdim=True)).amax(dim=0)
