"""Faster R-CNN: proposals and regions on one backbone, in its three classic forms.

Ren et al. 2015, https://arxiv.org/abs/1506.01497. `pyramid`: five maps and two linear layers (Lin et al. 2017,
https://arxiv.org/abs/1612.03144), torchvision's, whose weights fit. `c4`: one map of stride 16, and the backbone's last
stage on every region (He et al. 2015, https://arxiv.org/abs/1512.03385, appendix). `linear`: one map of stride 16 and two
linear layers of 4096, VGG-16's fc6 and fc7, as in the first paper.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Unpack

from torch import Tensor, nn
from torchvision.models.detection.faster_rcnn import TwoMLPHead
from torchvision.ops import MultiScaleRoIAlign

from zoo.backbone.tail import tail
from zoo.detection.anchors import Anchors
from zoo.detection.detector import Backbone, prepare_backbone
from zoo.detection.limits import LimitOptions, Limits
from zoo.detection.pyramid import Pyramid
from zoo.detection.two_stage import Predictor, TwoStage, proposal_network, region_heads
from zoo.errors import ZooError


@dataclass(frozen=True)
class Form:
    """The parts in which the forms differ; `features` are the numbers that the head says of a region."""

    backbone: Backbone
    neck: nn.Module
    channels: int
    anchors: Anchors
    pool: nn.Module
    head: nn.Module
    features: int


@dataclass(frozen=True)
class Asked:
    """What may be asked of every form: its anchors, the layers that learn, and how wide pyramid and linear layers are."""

    sizes: Sequence[float]
    ratios: Sequence[float]
    frozen_stride: int
    channels: int
    width: int


class LastStage(nn.Module):
    """A backbone's last stage on regions (R, F, 14, 14), averaged over what it leaves of them."""

    def __init__(self, stage: nn.Module) -> None:
        super().__init__()
        self.stage = stage

    def forward(self, regions: Tensor) -> Tensor:
        """Features (R, G)."""
        return self.stage(regions).mean(dim=(2, 3))


def pyramid_form(backbone: Any, asked: Asked) -> Form:
    """P2 to P6 with one anchor size each; two linear layers on 7×7 regions."""
    if len(asked.sizes) != 5:
        raise ZooError(f"anchor_sizes={list(asked.sizes)} must be five, one for each map of the pyramid")
    trunk = prepare_backbone(backbone, (4, 8, 16, 32), asked.frozen_stride)
    pool = MultiScaleRoIAlign(["0", "1", "2", "3"], 7, 2)
    anchors = Anchors((4, 8, 16, 32, 64), [[size] for size in asked.sizes], asked.ratios)
    head = TwoMLPHead(asked.channels * 7 * 7, asked.width)
    neck = Pyramid(trunk.channels, asked.channels, "pool")
    return Form(trunk, neck, asked.channels, anchors, pool, head, asked.width)


def c4_form(backbone: Any, asked: Asked) -> Form:
    """The map of stride 16 with all anchors; the backbone's last stage on 14×14 regions, and so neither of the widths."""
    stage, features = tail(backbone)
    trunk = prepare_backbone(backbone, (16,), asked.frozen_stride)
    anchors = Anchors((16,), [asked.sizes], asked.ratios)
    pool = MultiScaleRoIAlign(["0"], 14, 2)
    return Form(trunk, nn.Identity(), trunk.channels[0], anchors, pool, LastStage(stage), features)


def linear_form(backbone: Any, asked: Asked) -> Form:
    """The map of stride 16 with all anchors; two linear layers on 7×7 regions."""
    trunk = prepare_backbone(backbone, (16,), asked.frozen_stride)
    channels = trunk.channels[0]
    anchors = Anchors((16,), [asked.sizes], asked.ratios)
    pool, head = MultiScaleRoIAlign(["0"], 7, 2), TwoMLPHead(channels * 7 * 7, asked.width)
    return Form(trunk, nn.Identity(), channels, anchors, pool, head, asked.width)


FORMS: dict[str, Callable[[Any, Asked], Form]] = {"pyramid": pyramid_form, "c4": c4_form, "linear": linear_form}


def build(
    classes: int,
    bands: int,
    backbone: Backbone,
    *,
    form: str = "pyramid",
    channels: int = 256,
    width: int = 1024,
    anchor_sizes: Sequence[float] = (32, 64, 128, 256, 512),
    aspect_ratios: Sequence[float] = (0.5, 1.0, 2.0),
    frozen_stride: int = 0,
    **limits: Unpack[LimitOptions],
) -> TwoStage:
    """A Faster R-CNN of K `classes` in images of C `bands`, on any backbone, as `pyramid`, `c4` or `linear`.

    `channels` are those of the pyramid, `width` that of the two linear layers. Layers up to `frozen_stride` are not
    trained. `limits` is what differs from the defaults of `Limits`.
    """
    if form not in FORMS:
        raise ZooError(f"form={form!r} is not known to Faster R-CNN; choose one of {', '.join(FORMS)}")
    chosen = FORMS[form](backbone, Asked(anchor_sizes, aspect_ratios, frozen_stride, channels, width))
    predictor = Predictor(chosen.features, classes)
    bounds = Limits(**limits)
    rpn = proposal_network(chosen.channels, chosen.anchors, bounds)
    heads = region_heads(chosen.pool, chosen.head, predictor, bounds)
    return TwoStage(chosen.backbone, bands, chosen.neck, rpn, heads)
