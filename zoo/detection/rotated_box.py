"""Rotated boxes as a geometry: a code without a seam, and a loss that knows the box and not how it is written.

A box is (N, 5) centre x, centre y, width, height, degrees (see `zoo.detection`). The same box is written in many ways:
(w, h, r), (h, w, r + 90), (w, h, r + 180). A network that learns one of them meets a jump where the others begin, and for
squares everywhere. The code of a point has no such place. It is of 7 numbers:

- the centre's offset from the point, in units of the box's mean side √(w h), so that it is of one size for all boxes;
- the logarithm of that mean side in strides;
- ½ log(w / h) · (cos 2r, sin 2r): with the mean side, the logarithm of the matrix of the box's Gaussian. Both ways to write
  a box give the same vector, it is continuous in the box, and 0 for a square, whatever its angle;
- (cos 4r, sin 4r): the angle modulo 90°, all of a square's; equal for both ways to write a box, too (the dual frequency of
  PSC, Yu & Da 2023, https://arxiv.org/abs/2211.06368).

The angle is always read from the last pair, modulo 90°, and the pair before says along which of the two directions the box
is how much longer. Nothing has to be decided for objects that are nearly square: their two sides come out nearly equal,
and the angle comes from a vector that is as clear for them as for any other.

Loss: 1 - IoU, exact and differentiable; the Bhattacharyya distance of the boxes' Gaussians, which pulls where the overlap
is none and is smooth where it is whole (ProbIoU, Llerena et al. 2021, https://arxiv.org/abs/2106.06072); and the angle
modulo 90°, to which both are almost blind for squares. Each is 0 for equal boxes, however they are written.
"""

import torch
from torch import Tensor

from zoo.detection.geometry import LIMIT, Geometry
from zoo.detection.rotated_iou import aligned_rotated_iou, rotated_iou, rotated_nms, rotated_overlaps

SLIM = 3.0  # of half the log of width / height before exp: sides of 1 to 400
THIN = 0.1  # pixels: what a Gaussian takes a thinner side for, which would make it singular
ANGLE = 0.25  # weight of the angle beside the overlap: a square turned by 45° costs 0.29 by its IoU, and 0.25 by this


class RotatedBox(Geometry):
    """Rotated boxes (N, 5) as centre x, y, width, height, degrees counter-clockwise."""

    box_size = 5
    code_size = 7
    start = (0.0, 0.0, 1.4, 0.0, 0.0, 1.0, 0.0)  # centred, e^1.4 = 4 strides wide and high, upright
    reaches_out = True

    def decode(self, points: Tensor, strides: Tensor, code: Tensor) -> Tensor:
        """The angle comes out in (-45°, 45°], width or height may be the longer side."""
        code = code.float()
        mean = code[..., 2].clamp(-LIMIT, LIMIT)
        turn = torch.atan2(code[..., 6], code[..., 5]) / 4
        slim = (code[..., 3] * (2 * turn).cos() + code[..., 4] * (2 * turn).sin()).clamp(-SLIM, SLIM)
        centre = points + code[..., :2].clamp(-LIMIT, LIMIT) * (mean.exp() * strides)[..., None]
        sides = torch.stack((mean + slim, mean - slim), dim=-1).exp() * strides[:, None]
        return torch.cat((centre, sides, torch.rad2deg(turn)[..., None]), dim=-1)

    def encode(self, points: Tensor, strides: Tensor, boxes: Tensor) -> Tensor:
        """The inverse of `decode`, up to how the box is written; a point may be `LIMIT` mean sides from the centre."""
        sides = (boxes[..., 2:4] / strides[:, None]).clamp(min=torch.finfo(boxes.dtype).tiny).log()
        mean, slim = sides.mean(dim=-1), (sides[..., 0] - sides[..., 1]) / 2
        offset = (boxes[..., :2] - points) / (mean.exp() * strides)[..., None]
        turn = torch.deg2rad(boxes[..., 4])
        twice, four = (torch.stack(((k * turn).cos(), (k * turn).sin()), dim=-1) for k in (2, 4))
        return torch.cat((offset, mean[..., None], slim[..., None] * twice, four), dim=-1)

    def depth(self, points: Tensor, boxes: Tensor) -> Tensor:
        """The least of the distances to the four sides, in the frame of the box."""
        turn = torch.deg2rad(boxes[:, 4:])
        dx, dy = (points[None] - boxes[:, None, :2]).unbind(dim=-1)  # (N, P)
        along = (dx * turn.cos() - dy * turn.sin()).abs()
        across = (dx * turn.sin() + dy * turn.cos()).abs()
        return torch.minimum(boxes[:, 2:3] / 2 - along, boxes[:, 3:4] / 2 - across)

    def centres(self, boxes: Tensor) -> Tensor:
        """The first two numbers."""
        return boxes[:, :2]

    def iou(self, boxes: Tensor, others: Tensor) -> Tensor:
        """Exact."""
        return rotated_iou(boxes, others)

    def overlaps(self, boxes: Tensor, others: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Exact."""
        return rotated_overlaps(boxes, others)

    def loss(self, predicted: Tensor, truth: Tensor) -> Tensor:
        """1 - IoU, log(1 + Bhattacharyya distance), and the angle modulo 90°."""
        a, b = predicted.double(), truth.double()
        turn = torch.deg2rad(a[:, 4] - b[:, 4])
        angle = ANGLE * (1 - (4 * turn).cos()) / 2
        return (1 - aligned_rotated_iou(a, b) + bhattacharyya(a, b).log1p() + angle).to(predicted.dtype)

    def suppress(self, boxes: Tensor, scores: Tensor, labels: Tensor, threshold: float) -> Tensor:
        """Greedy, exact."""
        return rotated_nms(boxes, scores, labels, threshold)

    def reflect(self, code: Tensor, transpose: bool, mirror: bool, flip: bool) -> Tensor:
        """The offset changes sign or its axes; a reflection turns the angle around."""
        signs = code.new_ones(7)
        signs[0], signs[1] = (-1.0 if mirror else 1.0), (-1.0 if flip else 1.0)
        if mirror != flip:
            signs[4] = signs[6] = -1.0
        code = code * signs
        if not transpose:
            return code
        return code[..., [1, 0, 2, 3, 4, 5, 6]] * code.new_tensor((1, 1, 1, -1, 1, 1, -1))

    def clip(self, boxes: Tensor, height: int, width: int) -> Tensor:
        """Rotated boxes are not cut, they would be none any more; they are written with their longer side as width."""
        return longer_side_first(boxes)


def longer_side_first(boxes: Tensor) -> Tensor:
    """The same boxes (..., 5), written with the longer side as width and its angle in [-90, 90)."""
    swap = boxes[..., 3:4] > boxes[..., 2:3]
    sides = torch.where(swap, boxes[..., [3, 2]], boxes[..., 2:4])
    turn = torch.where(swap, boxes[..., 4:] + 90, boxes[..., 4:])
    return torch.cat((boxes[..., :2], sides, (turn + 90).remainder(180) - 90), dim=-1)


def gaussians(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (N, 2) and covariance (N, 2, 2) of a uniform density over each of the boxes (N, 5)."""
    turn = torch.deg2rad(boxes[:, 4])
    frame = torch.stack((turn.cos(), -turn.sin(), turn.sin(), turn.cos()), dim=1).unflatten(
        1, (2, 2)
    )  # rows: the sides
    variance = boxes[:, 2:4].clamp(min=THIN) ** 2 / 12
    return boxes[:, :2], frame.mT @ (variance[..., None] * frame)


def bhattacharyya(boxes: Tensor, others: Tensor) -> Tensor:
    """Bhattacharyya distance (N,), 0 or more, of the Gaussians of boxes (N, 5) and others (N, 5)."""
    (mean, spread), (other_mean, other_spread) = gaussians(boxes), gaussians(others)
    middle = (spread + other_spread) / 2
    a, b, d = middle[:, 0, 0], middle[:, 0, 1], middle[:, 1, 1]
    determinant = a * d - b * b
    x, y = (mean - other_mean).T
    apart = (d * x * x - 2 * b * x * y + a * y * y) / determinant / 8
    sides = boxes[:, 2:4].clamp(min=THIN).prod(dim=1) * others[:, 2:4].clamp(min=THIN).prod(dim=1) / 144
    return (apart + (determinant / sides).log() / 2).clamp(min=0)
