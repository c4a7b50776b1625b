"""Kestrel: the zoo's own one-stage, anchor-free detector, small enough to be trained on a processor.

It follows FCOS (https://arxiv.org/abs/1904.01355) in predicting the sides of a box from each point, RTMDet
(https://arxiv.org/abs/2212.07784) in its head, and TOOD (https://arxiv.org/abs/2108.07755) in assigning points and in
learning the quality of the box as the score, which replaces centre-ness. It is handed its backbone: a module that turns
(B, C, H, W) in [0, 1] into feature maps and has `channels` and `strides`. The finest and coarsest stride are a choice:
what is 20 to 60 pixels wide needs no stride 32, and the stages that only served it need not be built.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Protocol, Unpack

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from zoo.detection.assigner import Candidates, TaskAlignedAssigner
from zoo.detection.geometry import Geometry
from zoo.detection.geometry import geometry as geometry_named
from zoo.detection.heads import DenseHead
from zoo.detection.losses import quality_focal_loss
from zoo.detection.neck import FeaturePyramid
from zoo.detection.points import pyramid
from zoo.detection.postprocess import Detecting, Postprocess
from zoo.detection.views import averaged
from zoo.errors import ZooError

Target = Mapping[str, Tensor]
BOX_WEIGHT = 2.0  # of the box loss beside the class loss, as in TOOD and RTMDet


class Backbone(Protocol):
    """What Kestrel needs of a backbone, see `zoo.backbone`."""

    strides: list[int]
    channels: list[int]

    def __call__(self, images: Tensor) -> list[Tensor]:
        """Feature maps (B, channels[i], H / strides[i], W / strides[i]) of images (B, C, H, W) in [0, 1]."""

    def select(self, strides: Sequence[int]) -> "Backbone":
        """The backbone that computes the maps of these strides alone."""

    def freeze(self, stride: int) -> None:
        """Take the layers up to that stride out of training."""


class Kestrel(nn.Module):
    """Backbone → feature pyramid → dense head → losses, or detections; see the contract in `zoo.detection`."""

    def __init__(
        self,
        backbone: Backbone,
        neck: FeaturePyramid,
        head: DenseHead,
        geometry: Geometry,
        strides: Sequence[int],
        bands: int,
    ) -> None:
        super().__init__()
        self.backbone, self.neck, self.head, self.geometry = backbone, neck, head, geometry
        self.strides, self.bands = tuple(strides), bands
        self.assigner = TaskAlignedAssigner()
        self.postprocess = Postprocess()

    def forward(
        self, images: Tensor, targets: Sequence[Target] | None = None
    ) -> dict[str, Tensor] | list[dict[str, Tensor]]:
        """Images (B, C, H, W) in [0, 1]: the losses in training, where targets are needed, else the detections."""
        if images.shape[1] != self.bands:
            raise ZooError(f"images have {images.shape[1]} bands, the detector was built for bands={self.bands}")
        points, boxes, logits = self.dense(images)
        if not self.training:
            found, (height, width) = zip(boxes, logits.sigmoid(), strict=True), images.shape[-2:]
            return [self.postprocess(self.geometry, box, scores, (height, width)) for box, scores in found]
        if targets is None:
            raise ZooError("targets=None, but a detector in training needs them; call eval() to detect")
        return self.losses(points, boxes, logits, targets)

    def dense(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Points (P, 2), a box at each (B, P, D), and logits (B, P, K): all that is computed before anything is chosen.

        Nothing in it depends on values, so that it can be exported; the detections are the postprocess's choice.
        """
        height, width = images.shape[-2:]
        padded = pad(images, (0, -width % self.strides[-1], 0, -height % self.strides[-1]))
        views = 1 if self.training else self.postprocess.views
        points, strides, logits, codes = averaged(self.predict, self.geometry, padded, self.strides, views)
        return points, self.geometry.decode(points, strides, codes), logits

    def predict(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Points (P, 2), their strides (P,), logits (B, P, K) and codes (B, P, F) of images (B, C, H, W), padded."""
        maps = self.neck(self.backbone(images))
        points, sizes = pyramid(maps, self.strides)
        return points, sizes, *self.head(maps)

    def losses(self, points: Tensor, boxes: Tensor, logits: Tensor, targets: Sequence[Target]) -> dict[str, Tensor]:
        """Class and box loss of boxes (B, P, D) and logits (B, P, K), both divided by the batch's summed quality."""
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
    **detecting: Unpack[Detecting],
) -> Kestrel:
    """A detector of K `classes` in images of C `bands`; strides coarser than any of the backbone are added by halving.

    Of the backbone only the stages up to the coarsest stride that is asked for are kept (`backbone.select`).
    `channels` is the width of neck and head.
    Its layers up to `frozen_stride` are not trained: right for pretrained weights alone, and twice as fast for 4.
    `detecting` is what differs from the defaults of `Postprocess`: thresholds, max_detections, views.
    """
    code = geometry_named(geometry)
    taken = [stride for stride in strides if stride in backbone.strides]
    check_strides(strides, backbone.strides)
    backbone = backbone.select(taken)
    if frozen_stride:
        backbone.freeze(frozen_stride)
    neck = FeaturePyramid(backbone.channels, channels, extra=len(strides) - len(taken))
    head = DenseHead(channels, classes, code.start, levels=len(strides))
    model = Kestrel(backbone, neck, head, code, strides, bands)
    model.postprocess = Postprocess(**detecting)
    return model


def check_strides(strides: Sequence[int], available: Sequence[int]) -> None:
    """Refuse strides of which one is not twice the one before, or the first is not among those `available`."""
    doubled = all(b == 2 * a for a, b in pairwise(strides))
    if not strides or strides[0] not in available or not doubled:
        raise ZooError(
            f"strides={list(strides)} do not fit: each is twice the one before and the first is one of {list(available)}"
        )
