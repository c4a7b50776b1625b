"""Kestrel: the zoo's own one-stage, anchor-free detector, small enough to be trained on a processor.

It follows FCOS (https://arxiv.org/abs/1904.01355) in predicting the sides of a box from each point, RTMDet
(https://arxiv.org/abs/2212.07784) in its head, and TOOD (https://arxiv.org/abs/2108.07755) in assigning points and in
learning the quality of the box as the score, which replaces centre-ness. The finest and coarsest stride are a
choice: what is 20 to 60 pixels wide needs no stride 32, and the stages that only served it need not be built.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar, Unpack

import torch
from torch import Tensor

from zoo.detection.assigner import Candidates, TaskAlignedAssigner
from zoo.detection.detector import Backbone, DenseDetector, Target, prepare_backbone
from zoo.detection.geometry import Geometry
from zoo.detection.geometry import geometry as geometry_named
from zoo.detection.heads import DenseHead
from zoo.detection.losses import quality_focal_loss
from zoo.detection.neck import FeaturePyramid
from zoo.detection.points import pyramid
from zoo.detection.postprocess import Postprocess, PostprocessOptions
from zoo.detection.views import average_views
from zoo.errors import ZooError

BOX_WEIGHT = 2.0  # of the box loss beside the class loss, as in TOOD and RTMDet


class Kestrel(DenseDetector):
    """Backbone → feature pyramid → dense head → losses, or detections; see the contract in `zoo.detection`."""

    class_layers: ClassVar[tuple[str, ...]] = ("head.logits.",)

    def __init__(
        self,
        backbone: Backbone,
        bands: int,
        neck: FeaturePyramid,
        head: DenseHead,
        geometry: Geometry,
        strides: Sequence[int],
        postprocess: Postprocess,
    ) -> None:
        super().__init__(backbone, bands)
        self.neck, self.head, self.geometry, self.strides = neck, head, geometry, tuple(strides)
        self.divisor = self.strides[-1]
        self.assigner, self.postprocess = TaskAlignedAssigner(), postprocess

    def places(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The score of a class is its sigmoid: it was trained to be the quality of the box."""
        _, boxes, logits = self.dense(images)
        return boxes, logits.sigmoid()

    def dense(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Points (P, 2), a box at each (B, P, D), and logits (B, P, K) of padded images (B, C, H, W)."""
        views = 1 if self.training else self.postprocess.views
        points, strides, logits, codes = average_views(self.predict, self.geometry, images, self.strides, views)
        return points, self.geometry.decode(points, strides, codes), logits

    def predict(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Points (P, 2), their strides (P,), logits (B, P, K) and codes (B, P, F) of images (B, C, H, W), padded."""
        maps = self.neck(self.backbone(images))
        points, sizes = pyramid(maps, self.strides)
        return points, sizes, *self.head(maps)

    def losses(self, images: Tensor, targets: Sequence[Target]) -> dict[str, Tensor]:
        """Class and box loss, both divided by the batch's summed quality."""
        points, boxes, logits = self.dense(images)
        quality = torch.zeros_like(logits)
        parts, weights = [], []
        scores = logits.detach().sigmoid()
        for i, target in enumerate(targets):
            truth, labels = target["boxes"].to(boxes.dtype), target["labels"]
            found = self.assigner(self.geometry, Candidates(points, boxes[i].detach(), scores[i]), truth, labels)
            positive = torch.nonzero(found.objects >= 0).flatten()
            owner = found.objects[positive]
            quality[i, positive, labels[owner]] = found.quality[positive]
            parts.append(self.geometry.loss(boxes[i, positive], truth[owner]))
            weights.append(found.quality[positive])
        weight = torch.cat(weights)
        total = weight.sum().clamp(min=1.0)
        return {
            "classification": quality_focal_loss(logits, quality) / total,
            "box": BOX_WEIGHT * (torch.cat(parts) * weight).sum() / total,
        }


def build(
    classes: int,
    bands: int,
    backbone: Backbone,
    *,
    geometry: str = "box",
    strides: Sequence[int] = (8, 16),
    channels: int = 96,
    frozen_stride: int = 0,
    **postprocess: Unpack[PostprocessOptions],
) -> Kestrel:
    """A detector of K `classes` in images of C `bands`; strides coarser than any of the backbone are added by halving.

    Of the backbone only the stages up to the coarsest stride that is asked for are kept (`backbone.select`).
    `channels` is the width of neck and head.
    Its layers up to `frozen_stride` are not trained: right for pretrained weights alone, and twice as fast for 4.
    `postprocess` is what differs from the defaults of `Postprocess`: thresholds, max_detections, views.
    """
    code = geometry_named(geometry)
    taken = [stride for stride in strides if stride in backbone.strides]
    check_strides(strides, backbone.strides)
    trunk = prepare_backbone(backbone, taken, frozen_stride)
    neck = FeaturePyramid(trunk.channels, channels, extra=len(strides) - len(taken))
    head = DenseHead(channels, classes, code.start, levels=len(strides))
    return Kestrel(trunk, bands, neck, head, code, strides, Postprocess(**postprocess))


def check_strides(strides: Sequence[int], available: Sequence[int]) -> None:
    """Refuse strides of which one is not twice the one before, or the first is not among those `available`."""
    doubled = all(b == 2 * a for a, b in pairwise(strides))
    if not strides or strides[0] not in available or not doubled:
        raise ZooError(
            f"strides={list(strides)} do not fit: each is twice the one before and the first is one of {list(available)}"
        )
