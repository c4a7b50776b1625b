"""Geometry: what a box is, so that one detector serves axis-aligned boxes and, as a second geometry, rotated ones.

A geometry says how a point's numbers (the code) become a box and back, how far two boxes overlap, what a wrong box
costs, and which of two overlapping detections stays. Head, assigner and detector ask it and know no coordinates.
Code of the axis-aligned box: FCOS (https://arxiv.org/abs/1904.01355), the distances to the four sides, in strides, as
logarithms. Loss: GIoU (Rezatofighi et al. 2019, https://arxiv.org/abs/1902.09630).
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor
from torchvision.ops import batched_nms, box_iou, generalized_box_iou_loss

from zoo.errors import ZooError

LIMIT = 7.0  # of the code before exp: e^7 strides are wider than any image, and finite in bfloat16


class Geometry(ABC):
    """The operations on boxes (N, D) that a dense detector needs; F is the length of a point's code."""

    box_size: int
    code_size: int

    @abstractmethod
    def decode(self, points: Tensor, strides: Tensor, code: Tensor) -> Tensor:
        """Boxes (..., P, D) in pixels from points (P, 2), strides (P,) and code (..., P, F)."""

    @abstractmethod
    def encode(self, points: Tensor, strides: Tensor, boxes: Tensor) -> Tensor:
        """Code (..., P, F) with which points (P, 2) inside boxes (..., P, D) decode to these boxes."""

    @abstractmethod
    def depth(self, points: Tensor, boxes: Tensor) -> Tensor:
        """Pixels (N, P) from each point to the nearest side of each box: positive inside, negative outside."""

    @abstractmethod
    def centres(self, boxes: Tensor) -> Tensor:
        """Centres (N, 2) as x, y of boxes (N, D)."""

    @abstractmethod
    def iou(self, boxes: Tensor, others: Tensor) -> Tensor:
        """Intersection over union (N, M), in [0, 1], of boxes (N, D) and others (M, D)."""

    @abstractmethod
    def loss(self, predicted: Tensor, truth: Tensor) -> Tensor:
        """Cost (N,) of predicted boxes (N, D) against their truth (N, D), 0 for equal ones."""

    @abstractmethod
    def suppress(self, boxes: Tensor, scores: Tensor, labels: Tensor, threshold: float) -> Tensor:
        """Indices, best score first, that stay when a better box of the same class overlaps by more than threshold."""

    @abstractmethod
    def reflect(self, code: Tensor, transpose: bool, mirror: bool, flip: bool) -> Tensor:
        """Code (..., F) seen in an image transposed, then mirrored left to right, then flipped top to bottom, put right."""

    @abstractmethod
    def clip(self, boxes: Tensor, height: int, width: int) -> Tensor:
        """Boxes (N, D) cut to an image of height and width pixels, where this geometry can be cut."""


class Box(Geometry):
    """Axis-aligned boxes (N, 4) as x1, y1, x2, y2; the code is the log distance to left, top, right, bottom."""

    box_size = 4
    code_size = 4

    def decode(self, points: Tensor, strides: Tensor, code: Tensor) -> Tensor:
        """Each side lies e^code strides from the point."""
        distance = code.float().clamp(-LIMIT, LIMIT).exp() * strides[:, None]
        return torch.cat((points - distance[..., :2], points + distance[..., 2:]), dim=-1)

    def encode(self, points: Tensor, strides: Tensor, boxes: Tensor) -> Tensor:
        """The inverse of `decode`; a point outside is taken to lie on the side."""
        distance = torch.cat((points - boxes[..., :2], boxes[..., 2:] - points), dim=-1)
        return (distance / strides[:, None]).clamp(min=torch.finfo(distance.dtype).tiny).log().clamp(-LIMIT, LIMIT)

    def depth(self, points: Tensor, boxes: Tensor) -> Tensor:
        """The least of the distances to the four sides."""
        low = points[None] - boxes[:, None, :2]  # (N, P, 2)
        high = boxes[:, None, 2:] - points[None]
        return torch.minimum(low, high).amin(dim=-1)

    def centres(self, boxes: Tensor) -> Tensor:
        """Halfway between opposite sides."""
        return (boxes[:, :2] + boxes[:, 2:]) / 2

    def iou(self, boxes: Tensor, others: Tensor) -> Tensor:
        """As torchvision has it."""
        return box_iou(boxes, others)

    def loss(self, predicted: Tensor, truth: Tensor) -> Tensor:
        """1 - GIoU, in [0, 2]."""
        return generalized_box_iou_loss(predicted, truth, reduction="none")

    def suppress(self, boxes: Tensor, scores: Tensor, labels: Tensor, threshold: float) -> Tensor:
        """Greedy, by torchvision."""
        return batched_nms(boxes, scores, labels, threshold)

    def reflect(self, code: Tensor, transpose: bool, mirror: bool, flip: bool) -> Tensor:
        """The sides change places."""
        code = code[..., [0, 3, 2, 1]] if flip else code
        code = code[..., [2, 1, 0, 3]] if mirror else code
        return code[..., [1, 0, 3, 2]] if transpose else code

    def clip(self, boxes: Tensor, height: int, width: int) -> Tensor:
        """Sides beyond the border move onto it."""
        limit = boxes.new_tensor((width, height, width, height))
        return torch.minimum(boxes.clamp(min=0), limit)


GEOMETRIES: dict[str, Geometry] = {"box": Box()}


def geometry(name: str) -> Geometry:
    """The geometry of that name; a ZooError lists the names if there is none."""
    if name not in GEOMETRIES:
        raise ZooError(f"geometry={name!r} is not known to the detector; choose one of {', '.join(GEOMETRIES)}")
    return GEOMETRIES[name]
