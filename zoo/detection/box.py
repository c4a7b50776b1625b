"""Axis-aligned boxes as a geometry.

Code: FCOS (https://arxiv.org/abs/1904.01355), the distances to the four sides, in strides, as logarithms. Loss: GIoU
(Rezatofighi et al. 2019, https://arxiv.org/abs/1902.09630).
"""

import torch
from torch import Tensor
from torchvision.ops import batched_nms, box_iou, generalized_box_iou_loss

from zoo.detection.geometry import LIMIT, Geometry
from zoo.detection.nearby import overlaps


class Box(Geometry):
    """Axis-aligned boxes (N, 4) as x1, y1, x2, y2; the code is the log distance to left, top, right, bottom."""

    box_size = 4
    code_size = 4
    start = (0.7,) * 4  # e^0.7 = 2 strides from the point to each side
    reaches_out = False

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

    def overlaps(self, boxes: Tensor, others: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The same, of the pairs that touch."""
        return overlaps(boxes, others, boxes.double(), others.double(), aligned_iou)

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
        corners = boxes[..., 0::2].clamp(0, width), boxes[..., 1::2].clamp(0, height)  # (..., 2): both x, both y
        return torch.stack(corners, dim=-1).flatten(-2)


def aligned_iou(boxes: Tensor, others: Tensor) -> Tensor:
    """Intersection over union (N,) of each of the boxes (N, 4) xyxy with its other (N, 4)."""
    low, high = torch.maximum(boxes[:, :2], others[:, :2]), torch.minimum(boxes[:, 2:], others[:, 2:])
    shared = (high - low).clamp(min=0).prod(dim=1)
    union = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1) + (others[:, 2:] - others[:, :2]).prod(dim=1) - shared
    return shared / union.clamp(min=torch.finfo(union.dtype).tiny)
