"""NanoDet: a dense detector for weak processors whose boxes are distributions over eleven distances to each side.

NanoDet-g of RangiLyu 2021, https://github.com/RangiLyu/nanodet (Apache-2.0): cross-stage partial blocks of plain convolutions,
a pyramid without convolutions of its own, one small head a stride. Distances as distributions, and quality as the score: Li et
al. 2020, “Generalized Focal Loss”, https://arxiv.org/abs/2006.04388. Written for this zoo; batch norms are folded into the
convolutions, as in the weights. Points are given to objects by task alignment, as in Kestrel.
"""

from collections.abc import Sequence
from typing import ClassVar, Unpack

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.backbone.normalise import Normalise
from zoo.detection.assigner import Candidates, TaskAlignedAssigner
from zoo.detection.detector import DenseDetector, Target
from zoo.detection.geometry import geometry
from zoo.detection.heads import PRIOR, flatten
from zoo.detection.losses import quality_focal_loss
from zoo.detection.points import pyramid
from zoo.detection.postprocess import Postprocess, PostprocessOptions

STRIDES = (8, 16, 32)
#: Distances that a side may have, in strides: 0 to 10.
BINS = 11
#: Input channels, residual blocks and stride of each stage; the outputs have twice the channels.
STAGES = ((32, 1, 1), (64, 2, 2), (128, 2, 2), (256, 3, 2))
SLOPE = 0.1  # of the leaky rectifiers
WIDTH = 128  # of pyramid and heads
#: Of the box loss and of the distributions beside the class loss, as the paper has them.
BOX_WEIGHT, DISTRIBUTION_WEIGHT = 2.0, 0.25


def convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A 3×3 convolution with a leaky rectifier."""
    layer = nn.Conv2d(inputs, outputs, 3, stride, padding=1)
    nn.init.kaiming_normal_(layer.weight, a=SLOPE)  # no norm would keep the scale of random weights
    return nn.Sequential(layer, nn.LeakyReLU(SLOPE, inplace=True))


class Residual(nn.Module):
    """Two convolutions to half the channels, the second's answer laid before the first's: (B, C, H, W) to the same shape."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = convolution(channels, channels // 2), convolution(channels // 2, channels // 2)

    def forward(self, feature: Tensor) -> Tensor:
        """See the class."""
        first = self.first(feature)
        return torch.cat((self.second(first), first), dim=1)


class Partial(nn.Module):
    """A cross-stage partial block: residual blocks and a convolution beside what goes in: (B, C, H, W) to (B, 2 C, …)."""

    def __init__(self, channels: int, blocks: int, stride: int) -> None:
        super().__init__()
        self.enter = convolution(channels, channels, stride)
        self.blocks = nn.Sequential(*(Residual(channels) for _ in range(blocks)))
        self.leave = convolution(channels, channels)

    def forward(self, feature: Tensor) -> Tensor:
        """See the class."""
        feature = self.enter(feature)
        return torch.cat((self.leave(self.blocks(feature)), feature), dim=1)


class Trunk(nn.Module):
    """Images (B, C, H, W) in [0, 1] to maps of the strides 8, 16 and 32 with 128, 256 and 512 channels."""

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.normalise = Normalise(bands)
        self.stem = nn.Sequential(convolution(bands, STAGES[0][0], 2), nn.MaxPool2d(3, 2, padding=1))
        self.stages = nn.ModuleList(Partial(*stage) for stage in STAGES)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the maps, finest first."""
        feature, maps = self.stem(self.normalise(images)), []
        for stage in self.stages:
            feature = stage(feature)
            maps.append(feature)
        return maps[1:]


class NanoDet(DenseDetector):
    """Trunk → pyramid → classes and distributions of distances at each point."""

    class_layers: ClassVar[tuple[str, ...]] = ("logits.",)

    def __init__(self, classes: int, bands: int, postprocess: Postprocess) -> None:
        super().__init__(Trunk(bands), bands)
        self.lateral = nn.ModuleList(nn.Conv2d(2 * stage[0], WIDTH, 1) for stage in STAGES[1:])
        self.towers = nn.ModuleList(convolution(WIDTH, WIDTH) for _ in STRIDES)
        logits = [nn.Conv2d(WIDTH, classes, 1) for _ in STRIDES]
        self.logits = nn.ModuleList(logits)
        self.distances = nn.ModuleList(nn.Conv2d(WIDTH, 4 * BINS, 1) for _ in STRIDES)
        for layer in logits:
            nn.init.normal_(layer.weight, std=0.01)
            assert layer.bias is not None
            nn.init.constant_(layer.bias, torch.tensor(PRIOR).logit().item())
        self.assigner, self.postprocess = TaskAlignedAssigner(), postprocess

    def predict(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Points (P, 2), strides (P,), logits (B, P, K) and logits of distances (B, P, 4, 11) of padded images."""
        fine, middle, coarse = (layer(m) for layer, m in zip(self.lateral, self.backbone(images), strict=True))
        up = middle + resize_like(coarse, middle)
        maps = [fine + resize_like(up, fine)]
        for feature in (up, coarse):  # down again
            maps.append(feature + resize_like(maps[-1], feature))
        points, strides = pyramid(maps, STRIDES)
        seen = [tower(m) for tower, m in zip(self.towers, maps, strict=True)]
        logits = flatten([layer(m) for layer, m in zip(self.logits, seen, strict=True)])
        distances = flatten([layer(m) for layer, m in zip(self.distances, seen, strict=True)])
        return points, strides, logits, distances.unflatten(2, (4, BINS))

    def places(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The score of a class is its sigmoid: it was trained to be the overlap of the box."""
        points, strides, logits, distances = self.predict(images)
        return decode(points, strides, distances), logits.sigmoid()

    def losses(self, images: Tensor, targets: Sequence[Target]) -> dict[str, Tensor]:
        """Quality focal loss of the classes, GIoU of the boxes, and cross-entropy of the distances beside the true ones."""
        points, strides, logits, distances = self.predict(images)
        boxes, box = decode(points, strides, distances), geometry("box")
        quality, parts = torch.zeros_like(logits), []
        for i, target in enumerate(targets):
            truth, labels = target["boxes"].to(boxes.dtype), target["labels"]
            candidates = Candidates(points, boxes[i].detach(), logits[i].detach().sigmoid())
            found = self.assigner(box, candidates, truth, labels)
            positive = torch.nonzero(found.objects >= 0).flatten()
            owner, weight = truth[found.objects[positive]], found.quality[positive]
            quality[i, positive, labels[found.objects[positive]]] = weight
            wanted = sides(points[positive], owner) / strides[positive, None]
            spread = distribution_focal_loss(distances[i, positive], wanted)
            parts.append(torch.stack((weight, weight * box.loss(boxes[i, positive], owner), weight * spread), dim=1))
        weight, overlap, spread = torch.cat(parts).sum(dim=0)
        total = weight.clamp(min=1.0)
        return {
            "classification": quality_focal_loss(logits, quality) / total,
            "box": BOX_WEIGHT * overlap / total,
            "distribution": DISTRIBUTION_WEIGHT * spread / total,
        }


def resize_like(feature: Tensor, like: Tensor) -> Tensor:
    """Return a map (B, F, h, w) at the size of another."""
    return F.interpolate(feature, size=like.shape[-2:], mode="bilinear", align_corners=False)


def decode(points: Tensor, strides: Tensor, distances: Tensor) -> Tensor:
    """Boxes (B, P, 4) from points (P, 2), strides (P,) and logits of distances (B, P, 4, 11): what is expected of each."""
    expected = distances.softmax(dim=3) @ torch.arange(BINS, dtype=distances.dtype, device=distances.device)
    left_top, right_bottom = (expected * strides[:, None]).split(2, dim=2)
    return torch.cat((points - left_top, points + right_bottom), dim=2)


def sides(points: Tensor, boxes: Tensor) -> Tensor:
    """Distances (N, 4), pixels, from points (N, 2) to the left, upper, right and lower side of their boxes (N, 4)."""
    return torch.cat((points - boxes[:, :2], boxes[:, 2:] - points), dim=1)


def distribution_focal_loss(distances: Tensor, wanted: Tensor) -> Tensor:
    """Mean cross-entropy (N,) of logits (N, 4, 11) with distances (N, 4) in strides, shared between two bins each."""
    wanted = wanted.clamp(0, BINS - 1 - 1e-3)
    below = wanted.floor()
    above = wanted - below
    logs = distances.log_softmax(dim=2)
    lower, upper = (logs.gather(2, (below.long() + step)[..., None])[..., 0] for step in (0, 1))
    return -((1 - above) * lower + above * upper).mean(dim=1)


def build(classes: int, bands: int, **postprocess: Unpack[PostprocessOptions]) -> NanoDet:
    """A NanoDet-g of K `classes` in images of C `bands`; `postprocess` is what differs from the defaults of `Postprocess`."""
    return NanoDet(classes, bands, Postprocess(**postprocess))
