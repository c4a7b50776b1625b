"""R-FCN: regions share all convolutions; position-sensitive maps are pooled and vote, so a region costs next to nothing.

Dai et al. 2016, https://arxiv.org/abs/1605.06409: proposals from the map of stride 16 (res4); the last stage dilated at
the same stride, reduced to 1024 channels; k × k maps for each class and for the sides, k = 3; online hard examples (Shrivastava
et al. 2016, https://arxiv.org/abs/1604.03540) as a choice. Pooling is `torchvision.ops.ps_roi_pool` or `ps_roi_align`.
"""

from collections.abc import Sequence
from typing import Any, Unpack

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, smooth_l1_loss
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.ops import ps_roi_align, ps_roi_pool

from zoo.backbone.tail import dilate, tail
from zoo.detection.anchors import Anchors
from zoo.detection.detector import Backbone, prepare_backbone
from zoo.detection.limits import LimitOptions, Limits
from zoo.detection.two_stage import TwoStage, proposal_network, region_heads
from zoo.errors import ZooError

STRIDE = 16
POOLS = {"pool": ps_roi_pool, "align": ps_roi_align}


class ScoreMaps(nn.Module):
    """From the map of stride 16: itself, for proposals, and the maps of k × k bins for classes and for sides."""

    def __init__(self, stage: nn.Module, features: int, classes: int, reduced: int, bins: int) -> None:
        super().__init__()
        self.stage = stage
        self.reduce = nn.Sequential(nn.Conv2d(features, reduced, 1), nn.ReLU(inplace=True))
        self.classes = nn.Conv2d(reduced, bins * bins * (classes + 1), 1)
        self.sides = nn.Conv2d(reduced, bins * bins * 4, 1)
        for layer in (self.classes, self.sides):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Maps (B, F, H, W), (B, k k (K + 1), H, W) and (B, k k 4, H, W)."""
        reduced = self.reduce(self.stage(features[0]))
        return [features[0], self.classes(reduced), self.sides(reduced)]


class Voting(nn.Module):
    """Pools each bin of a region from its own maps, and lets the bins vote by their mean."""

    def __init__(self, bins: int, pooling: str) -> None:
        super().__init__()
        if pooling not in POOLS:
            raise ZooError(f"pooling={pooling!r} is not known to R-FCN; choose one of {', '.join(POOLS)}")
        self.bins, self.pool = bins, POOLS[pooling]

    def forward(self, maps: dict[str, Tensor], proposals: list[Tensor], sizes: list[tuple[int, int]]) -> Tensor:
        """Votes (R, K + 1 + 4) for the proposals of all images: class logits, then the code of the sides."""
        regions = [found.float() for found in proposals]  # the pooling wants one type, and autocast leaves two
        votes = [self.pool(maps[name].float(), regions, self.bins, 1 / STRIDE) for name in ("1", "2")]
        return torch.cat([vote.mean(dim=(2, 3)) for vote in votes], dim=1)


class Split(nn.Module):
    """Votes (R, K + 5) into class logits (R, K + 1) and codes (R, 4 K + 4), the same for every class."""

    def forward(self, votes: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        logits, code = votes[:, :-4], votes[:, -4:]
        return logits, code.repeat(1, logits.shape[1])


class HardRegions(RoIHeads):
    """Region heads that look at all proposals in training, and learn from the `hard` ones of an image that cost most."""

    hard: int = 128

    def forward(
        self, maps: dict[str, Tensor], proposals: list[Tensor], sizes: list[tuple[int, int]], targets: Any = None
    ) -> tuple[list[dict[str, Tensor]], dict[str, Tensor]]:
        """As torchvision's; only the losses differ."""
        if not self.training:
            return super().forward(maps, proposals, sizes)
        proposals, _, labels, wanted = self.select_training_samples(proposals, targets)
        logits, codes = self.box_predictor(self.box_head(self.box_roi_pool(maps, proposals, sizes)))
        answers = torch.cat(labels)
        aims = torch.cat(wanted).masked_fill(
            (answers == 0)[:, None], 0.0
        )  # background has none: what is there is not finite
        entropy = cross_entropy(logits, answers, reduction="none")
        offset = smooth_l1_loss(codes[:, :4], aims, beta=1 / 9, reduction="none").sum(dim=1) * (answers > 0)
        cost = (entropy + offset).detach().split([len(those) for those in labels])
        kept = torch.cat([hardest(those, self.hard) for those in cost])
        total = kept.sum().clamp(min=1)
        return [], {"loss_classifier": (entropy * kept).sum() / total, "loss_box_reg": (offset * kept).sum() / total}


def hardest(cost: Tensor, count: int) -> Tensor:
    """Mask (R,) of the `count` greatest costs (R,)."""
    mask = torch.zeros_like(cost, dtype=torch.bool)
    mask[cost.topk(min(count, len(cost))).indices] = True
    return mask


def voting_heads(pool: Voting, hard_examples: int, limits: Limits) -> RoIHeads:
    """Region heads that vote; with `hard_examples` they look at all proposals."""
    if not hard_examples:
        return region_heads(pool, nn.Identity(), Split(), limits)
    kept = (limits.score_threshold, limits.nms_threshold, limits.max_detections)
    heads = HardRegions(pool, nn.Identity(), Split(), 0.5, 0.5, 10_000, 0.5, None, *kept)
    heads.hard = hard_examples
    return heads


def build(
    classes: int,
    bands: int,
    backbone: Backbone,
    *,
    bins: int = 3,
    reduced: int = 1024,
    pooling: str = "align",
    hard_examples: int = 0,
    anchor_sizes: Sequence[float] = (32, 64, 128, 256, 512),
    frozen_stride: int = 0,
    **limits: Unpack[LimitOptions],
) -> TwoStage:
    """An R-FCN of K `classes` in images of C `bands`, on any backbone with a stage behind its stride 16.

    `bins` are k, `reduced` the channels before the score maps, `pooling` is `pool` (the paper's) or `align`;
    `hard_examples` an image are learnt from, 128 in the paper, 0: a random sample. Layers up to `frozen_stride` are
    not trained. `limits` is what differs from the defaults of `Limits`.
    """
    stage, features = tail(backbone, STRIDE)
    trunk = prepare_backbone(backbone, (STRIDE,), frozen_stride)
    neck = ScoreMaps(dilate(stage), features, classes, reduced, bins)
    bounds = Limits(**limits)
    rpn = proposal_network(trunk.channels[0], Anchors((STRIDE,), [anchor_sizes], (0.5, 1.0, 2.0)), bounds)
    return TwoStage(trunk, bands, neck, rpn, voting_heads(Voting(bins, pooling), hard_examples, bounds), searched=1)
