"""Two stages: regions are proposed, then classified and moved; what Faster R-CNN, R-FCN and PVANET have in common.

Ren et al. 2015, https://arxiv.org/abs/1506.01497. Proposal network and region heads are torchvision's (BSD-3,
https://github.com/pytorch/vision/blob/main/torchvision/models/detection/generalized_rcnn.py), whose names of parameters
are kept; images come at their own size.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead
from torchvision.ops import clip_boxes_to_image

from zoo.detection.anchors import Anchors
from zoo.detection.detector import Backbone, Detections, Detector, Target
from zoo.detection.limits import Limits

SEARCHED = 2000  # proposals of each map in training, before suppression and after it; half of them in evaluation


class TwoStage(Detector):
    """Backbone → neck → proposals from its first `searched` maps (None: all) → regions; see `zoo.detection`."""

    class_layers: ClassVar[tuple[str, ...]] = ("roi_heads.box_predictor.", "neck.classes.")

    def __init__(
        self,
        backbone: Backbone,
        bands: int,
        neck: nn.Module,
        rpn: RegionProposalNetwork,
        roi_heads: RoIHeads,
        searched: int | None = None,
    ) -> None:
        super().__init__(backbone, bands)
        self.neck, self.rpn, self.roi_heads, self.searched = neck, rpn, roi_heads, searched

    def propose(
        self, images: Tensor, targets: list[Target] | None
    ) -> tuple[dict[str, Tensor], list[Tensor], dict[str, Tensor]]:
        """The neck's maps by number, float32, the proposals (P, 4) of each image, and their losses."""
        maps = OrderedDict((str(i), feature.float()) for i, feature in enumerate(self.neck(self.backbone(images))))
        searched = OrderedDict(list(maps.items())[: self.searched])
        proposals, losses = self.rpn(ImageList(images, sizes_of(images)), searched, targets)
        return maps, [boxes.detach() for boxes in proposals], losses

    def losses(self, images: Tensor, targets: Sequence[Target]) -> dict[str, Tensor]:
        """Objectness and box losses of the proposals, class and box losses of the regions."""
        truth: list[Target] = [
            {"boxes": t["boxes"], "labels": t["labels"] + 1} for t in targets
        ]  # 0 is background there
        maps, proposals, losses = self.propose(images, truth)
        _, more = self.roi_heads(maps, proposals, sizes_of(images), truth)
        return {**losses, **more}

    def detect(self, images: Tensor, size: tuple[int, int]) -> list[Detections]:
        """Suppression is by class; boxes are cut to the image, and what lies beyond it is left out.

        Torchvision's heads are told the padded size, from which they take the strides of the maps.
        """
        maps, proposals, _ = self.propose(images, None)
        found, _ = self.roi_heads(maps, proposals, sizes_of(images))
        return [inside(one, size) for one in found]


def sizes_of(images: Tensor) -> list[tuple[int, int]]:
    """Height and width of each of the images (B, C, H, W)."""
    return [(images.shape[-2], images.shape[-1])] * len(images)


def inside(found: Detections, size: tuple[int, int]) -> Detections:
    """Torchvision's detections with labels from 0, cut to height and width `size`, without those of which nothing stays."""
    boxes = clip_boxes_to_image(found["boxes"], size)
    kept = (boxes[:, 2:] > boxes[:, :2]).all(dim=1)
    return {"boxes": boxes[kept], "scores": found["scores"][kept], "labels": found["labels"][kept] - 1}


class Predictor(nn.Module):
    """Class logits (R, K + 1), background first, and box codes (R, 4 K + 4) of regions (R, features), float32."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.cls_score = nn.Linear(features, classes + 1)
        self.bbox_pred = nn.Linear(features, 4 * (classes + 1))
        nn.init.normal_(self.cls_score.weight, std=0.01)  # section 4 of Fast R-CNN, https://arxiv.org/abs/1504.08083
        nn.init.normal_(self.bbox_pred.weight, std=0.001)
        nn.init.zeros_(self.cls_score.bias)
        nn.init.zeros_(self.bbox_pred.bias)

    def forward(self, regions: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        return self.cls_score(regions).float(), self.bbox_pred(regions).float()


def proposal_network(
    channels: int, anchors: Anchors, limits: Limits, head: RPNHead | None = None
) -> RegionProposalNetwork:
    """The region proposal network on maps of `channels`, with the thresholds and numbers of the paper and torchvision."""
    before = {"training": SEARCHED, "testing": max(SEARCHED // 2, limits.proposals)}
    after = {"training": SEARCHED, "testing": limits.proposals}
    return RegionProposalNetwork(
        anchors, head or RPNHead(channels, anchors.count), 0.7, 0.3, 256, 0.5, before, after, 0.7
    )


def region_heads(pool: nn.Module, head: nn.Module, predictor: nn.Module, limits: Limits) -> RoIHeads:
    """Region heads that learn from as many regions as the limits say, a quarter of them objects."""
    kept = (limits.score_threshold, limits.nms_threshold, limits.max_detections)
    return RoIHeads(pool, head, predictor, 0.5, 0.5, limits.regions, 0.25, None, *kept)
