"""FCOS: a dense detector without anchors; each point tells the distances to the four sides and how central it lies.

Tian et al. 2019, https://arxiv.org/abs/1904.01355, with its later settings (https://arxiv.org/abs/2006.09214): sampling
of the centre, GIoU loss, distances in strides, centre-ness beside the regression. Head and losses are torchvision's
(BSD-3, https://github.com/pytorch/vision/blob/main/torchvision/models/detection/fcos.py), whose weights fit.
"""

from collections.abc import Sequence
from typing import ClassVar, Unpack

import torch
from torch import Tensor, nn
from torchvision.models.detection._utils import BoxLinearCoder
from torchvision.models.detection.fcos import FCOSHead

from zoo.detection.detector import Backbone, DenseDetector, Target, prepare_backbone
from zoo.detection.points import pyramid
from zoo.detection.postprocess import Postprocess, PostprocessOptions
from zoo.detection.pyramid import Pyramid

STRIDES = (8, 16, 32, 64, 128)
SIZES = 4.0, 8.0  # a level regresses distances of 4 to 8 strides; the finest also less, the coarsest also more
#: The distances before training, in strides; near 0 the ReLU of the head would die in the first steps, for good.
BEGIN = 2.0
RADIUS = 1.5  # strides from the centre of an object within which a point may answer for it


class FCOS(DenseDetector):
    """Backbone → pyramid P3 to P7 → classes, distances and centre-ness of each point."""

    class_layers: ClassVar[tuple[str, ...]] = ("head.classification_head.cls_logits.",)

    def __init__(self, backbone: Backbone, bands: int, neck: Pyramid, head: FCOSHead, postprocess: Postprocess) -> None:
        super().__init__(backbone, bands)
        self.neck, self.head = neck, head
        self.coder = BoxLinearCoder(normalize_by_size=True)
        self.postprocess = postprocess

    def predict(self, images: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Points (P, 2), strides (P,), and `cls_logits` (B, P, K), `bbox_regression` (B, P, 4), `bbox_ctrness` (B, P, 1)."""
        maps = self.neck(self.backbone(images))
        points, strides = pyramid(maps, STRIDES)
        points = (
            points - strides[:, None] / 2
        )  # torchvision's points are corners of cells, and its weights know them so
        return points, strides, {name: value.float() for name, value in self.head(maps).items()}

    def losses(self, images: Tensor, targets: Sequence[Target]) -> dict[str, Tensor]:
        """Focal loss of the classes, GIoU of the boxes, and cross entropy of the centre-ness, over the positive points."""
        points, strides, found = self.predict(images)
        matched = [assign(points, strides, target["boxes"]) for target in targets]
        anchors = [cells(points, strides)] * len(targets)
        return self.head.compute_loss(list(targets), found, anchors, matched)

    def places(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The score is the root of class score times centre-ness, as in torchvision."""
        points, strides, found = self.predict(images)
        scores = (found["cls_logits"].sigmoid() * found["bbox_ctrness"].sigmoid()).sqrt()
        boxes = self.coder.decode(
            found["bbox_regression"], cells(points, strides)[None].expand(images.shape[0], -1, -1)
        )
        return boxes, scores


def cells(points: Tensor, strides: Tensor) -> Tensor:
    """Boxes (P, 4) of one stride around points (P, 2): what torchvision's head calls anchors."""
    half = strides[:, None] / 2
    return torch.cat((points - half, points + half), dim=1)


def assign(points: Tensor, strides: Tensor, boxes: Tensor) -> Tensor:
    """For each point (P,) the object of boxes (N, 4) that it answers for, or -1.

    It is the smallest of those that have the point inside and near their centre, and whose farthest side lies in the
    range of the point's level (section 3.2 of the paper).
    """
    if not len(boxes):
        return torch.full((len(points),), -1, device=points.device)
    sides = torch.cat((points[:, None] - boxes[None, :, :2], boxes[None, :, 2:] - points[:, None]), dim=2)  # (P, N, 4)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    near = (points[:, None] - centres[None]).abs().amax(dim=2) < RADIUS * strides[:, None]
    farthest = sides.amax(dim=2)
    lower = torch.where(strides == strides.min(), 0.0, SIZES[0] * strides)
    upper = torch.where(strides == strides.max(), torch.inf, SIZES[1] * strides)
    wanted = near & (sides.amin(dim=2) > 0) & (farthest > lower[:, None]) & (farthest < upper[:, None])
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    smallest, owner = torch.where(wanted, area[None], torch.inf).min(dim=1)
    return torch.where(smallest < torch.inf, owner, -1)


def build(
    classes: int,
    bands: int,
    backbone: Backbone,
    *,
    channels: int = 256,
    frozen_stride: int = 0,
    **postprocess: Unpack[PostprocessOptions],
) -> FCOS:
    """An FCOS of K `classes` in images of C `bands`, on the strides 8, 16 and 32 of any backbone.

    `channels` must be a multiple of 32, the groups of its norms; layers up to `frozen_stride` are not trained.
    `postprocess` is what differs from the defaults of `Postprocess`.
    """
    trunk = prepare_backbone(backbone, STRIDES[:3], frozen_stride)
    neck = Pyramid(trunk.channels, channels, "convolutions")
    head = FCOSHead(channels, 1, classes)
    nn.init.constant_(head.regression_head.bbox_reg.bias, BEGIN)
    return FCOS(trunk, bands, neck, head, Postprocess(**postprocess))
