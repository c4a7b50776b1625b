"""RetinaNet: a dense detector with anchors that the focal loss lets train on all of them.

Lin et al. 2017, https://arxiv.org/abs/1708.02002. Head, losses, anchors and matching are torchvision's (BSD-3,
https://github.com/pytorch/vision/blob/main/torchvision/models/detection/retinanet.py), whose weights fit; images come at
their own size, backbone and post-processing are the zoo's. P6 is made from P5, as in torchvision and detectron2.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar, Unpack

import torch
from torch import Tensor, nn
from torchvision.models.detection._utils import BoxCoder, Matcher
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.retinanet import RetinaNetHead
from torchvision.ops import box_iou

from zoo.detection.anchors import anchors_of, anchors_on
from zoo.detection.detector import Backbone, DenseDetector, Target, prepare_backbone
from zoo.detection.postprocess import Postprocess, PostprocessOptions
from zoo.detection.pyramid import Pyramid
from zoo.errors import ZooError, near

STRIDES = (8, 16, 32, 64, 128)
#: Norms of the two towers: none, as in the paper and in the COCO weights; of 32 groups, as in torchvision's second version.
NORMS: Mapping[str, Callable[..., nn.Module] | None] = {"none": None, "group": partial(nn.GroupNorm, 32)}


class RetinaNet(DenseDetector):
    """Backbone → pyramid P3 to P7 → class and box tower for nine anchors a cell; see the contract in `zoo.detection`."""

    class_layers: ClassVar[tuple[str, ...]] = ("head.classification_head.cls_logits.",)

    def __init__(
        self,
        backbone: Backbone,
        bands: int,
        neck: Pyramid,
        head: RetinaNetHead,
        anchors: AnchorGenerator,
        postprocess: Postprocess,
    ) -> None:
        super().__init__(backbone, bands)
        self.neck, self.head, self.anchors = neck, head, anchors
        self.coder = BoxCoder(weights=(1.0, 1.0, 1.0, 1.0))
        self.matcher = Matcher(0.5, 0.4, allow_low_quality_matches=True)
        self.postprocess = postprocess

    def predict(self, images: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Anchors (P, 4) and, float32, `cls_logits` (B, P, K) and `bbox_regression` (B, P, 4) of padded images."""
        maps = self.neck(self.backbone(images))
        return anchors_on(self.anchors, maps, STRIDES), {name: value.float() for name, value in self.head(maps).items()}

    def losses(self, images: Tensor, targets: Sequence[Target]) -> dict[str, Tensor]:
        """Focal loss of the classes and L1 of the codes, by image over its positive anchors, averaged."""
        anchors, found = self.predict(images)
        matched = [self.match(anchors, target) for target in targets]
        return self.head.compute_loss(list(targets), found, [anchors] * len(targets), matched)

    def match(self, anchors: Tensor, target: Target) -> Tensor:
        """For each anchor (P,) its object, -1 for background (IoU below 0.4), -2 for neither (up to 0.5)."""
        if not len(target["boxes"]):
            return torch.full((len(anchors),), -1, device=anchors.device)
        return self.matcher(box_iou(target["boxes"], anchors))

    def places(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Each class by itself has a score in [0, 1]."""
        anchors, found = self.predict(images)
        codes = found["bbox_regression"]
        boxes = self.coder.decode_single(codes.flatten(0, 1), anchors.repeat(codes.shape[0], 1)).view_as(codes)
        return boxes, found["cls_logits"].sigmoid()


def build(
    classes: int,
    bands: int,
    backbone: Backbone,
    *,
    channels: int = 256,
    smallest_anchor: float = 32,
    aspect_ratios: Sequence[float] = (0.5, 1.0, 2.0),
    norm: str = "none",
    frozen_stride: int = 0,
    **postprocess: Unpack[PostprocessOptions],
) -> RetinaNet:
    """A RetinaNet of K `classes` in images of C `bands`, on the strides 8, 16 and 32 of any backbone.

    Anchors begin at `smallest_anchor` pixels. The towers without a `norm` begin with weights so small that little of the
    image, and of the gradient, passes them; `group`, for which `channels` are a multiple of 32, is for who has no weights
    of them. Layers up to `frozen_stride` are not trained. `postprocess` is what differs from the defaults of `Postprocess`.
    """
    if norm not in NORMS:
        raise ZooError(f"norm={norm!r} is not known to RetinaNet{near(norm, NORMS)}; choose one of {', '.join(NORMS)}")
    if norm == "group" and channels % 32:
        raise ZooError(f"channels={channels} must be a multiple of 32, the groups of norm=group")
    trunk = prepare_backbone(backbone, STRIDES[:3], frozen_stride)
    anchors = anchors_of(smallest_anchor, aspect_ratios)
    head = RetinaNetHead(channels, anchors.num_anchors_per_location()[0], classes, NORMS[norm])
    neck = Pyramid(trunk.channels, channels, "convolutions")
    return RetinaNet(trunk, bands, neck, head, anchors, Postprocess(**postprocess))
