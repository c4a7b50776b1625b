"""MoveNet: one person's 17 keypoints on a weak processor, many times a second, by published weights.

Google 2021, https://www.tensorflow.org/hub/tutorials/movenet: MobileNetV2 (Sandler et al. 2018,
https://arxiv.org/abs/1801.04381) and a pyramid to stride 4, with four heads as in CenterNet (Zhou et al. 2019,
https://arxiv.org/abs/1904.07850): where the middle of a person is, where from there each keypoint should be, heatmaps of the
keypoints, and offsets within their cells. Written for this zoo after the published graph; batch norms are folded into the
convolutions, as in the weights.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from zoo.backbone.normalise import Normalise
from zoo.errors import ZooError
from zoo.weights.fitting import load_fitting

KEYPOINTS = 17
STRIDE = 4
#: Blocks of MobileNetV2: those of each group have one width, and the first of them this stride.
BLOCKS = ((1, 1), (2, 2), (3, 2), (4, 2), (3, 1), (3, 2), (1, 1))
#: By which groups' maps the pyramid is fed, finest first, beside the last layer: strides 4, 8 and 16.
FED = (1, 2, 3)
EXPANSION, LAST = 6, 1280
#: Widths of the pyramid, coarsest first, and of the heads' layer.
PYRAMID, HEAD = (64, 32, 24), 96
#: Cells by which a far middle, or a keypoint far from where it should be, is worth less: score / (distance + NEAR).
NEAR = 1.8


class Convolution(nn.Sequential):
    """A convolution whose output is rectified to `most`; at stride 2 it pads below and to the right, as TensorFlow does."""

    def __init__(
        self, inputs: int, outputs: int, size: int = 1, stride: int = 1, groups: int = 1, most: float = 6.0
    ) -> None:
        edge = nn.ZeroPad2d((0, 1, 0, 1)) if stride > 1 else nn.Identity()
        layer = nn.Conv2d(inputs, outputs, size, stride, size // 2 if stride == 1 else 0, groups=groups)
        nn.init.kaiming_normal_(layer.weight)  # no norm would keep the scale of random weights
        super().__init__(edge, layer, nn.Hardtanh(0.0, most) if most else nn.Identity())


class InvertedResidual(nn.Module):
    """Wider, each channel by itself, narrow again; and what came in, where the shape is the same."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expand = Convolution(inputs, wide) if expansion > 1 else nn.Identity()
        self.depthwise = Convolution(wide, wide, 3, stride, wide)
        self.project = Convolution(wide, outputs, most=0)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, feature: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        found = self.project(self.depthwise(self.expand(feature)))
        return feature + found if self.adds else found


class Trunk(nn.Module):
    """MobileNetV2 with one stride of 32: images to the maps of strides 4, 8, 16 and 32."""

    def __init__(self, bands: int, stem: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.stem = Convolution(bands, stem, 3, 2)
        groups, before = [], stem
        for number, (width, (count, stride)) in enumerate(zip(widths, BLOCKS, strict=True)):
            expansion = EXPANSION if number else 1
            first = InvertedResidual(before, width, stride, expansion)
            groups.append(
                nn.Sequential(first, *(InvertedResidual(width, width, 1, expansion) for _ in range(count - 1)))
            )
            before = width
        self.groups, self.last = nn.ModuleList(groups), Convolution(before, LAST)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the maps, finest first."""
        feature, maps = self.stem(images), []
        for number, group in enumerate(self.groups):
            feature = group(feature)
            if number in FED:
                maps.append(feature)
        return [*maps, self.last(feature)]


class Separable(nn.Sequential):
    """A convolution of each channel by itself, then one of points, rectified: (B, inputs, H, W) to (B, outputs, H, W)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        depthwise = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False)
        super().__init__(depthwise, nn.Conv2d(inputs, outputs, 1), nn.ReLU())


class Head(nn.Sequential):
    """What is said at each cell of the pyramid's finest map: (B, F, h, w) to (B, outputs, h, w)."""

    def __init__(self, outputs: int) -> None:
        super().__init__(Separable(PYRAMID[-1], HEAD), nn.Conv2d(HEAD, outputs, 1))


class MoveNet(nn.Module):
    """Images (B, 3, S, S) in [0, 1] to the keypoints (B, 1, 17, 3) of the person nearest to the middle; see `zoo.pose`."""

    #: Nothing here learns: it answers with the published weights.
    trains: ClassVar[bool] = False

    def __init__(self, size: int, stem: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.size, self.step = size, 32
        self.normalise = Normalise(3)
        self.trunk = Trunk(3, stem, widths)
        coarsest_first = [LAST, *(widths[number] for number in reversed(FED))]
        self.lateral = nn.ModuleList(
            nn.Conv2d(width, out, 1) for width, out in zip(coarsest_first, (PYRAMID[0], *PYRAMID), strict=True)
        )
        self.merge = nn.ModuleList(
            Separable(width, out) for width, out in zip(PYRAMID, (*PYRAMID[1:], PYRAMID[-1]), strict=True)
        )
        self.centre, self.heatmaps = Head(1), Head(KEYPOINTS)
        self.regression, self.offsets = Head(2 * KEYPOINTS), Head(2 * KEYPOINTS)
        cells = torch.arange(size // STRIDE, dtype=torch.float32)
        self.register_buffer("places", torch.stack(torch.meshgrid(cells, cells, indexing="ij")), persistent=False)

    places: Tensor  # (2, h, w) the row and the column of each cell

    def forward(self, images: Tensor) -> Tensor:
        """Return keypoints (B, 1, 17, 3): x and y in pixels of the images, and a score in [0, 1]."""
        if tuple(images.shape[-2:]) != (self.size, self.size):
            raise ZooError(
                f"MoveNet knows images of {self.size} × {self.size} pixels, and gets {tuple(images.shape[-2:])}"
            )
        feature = self.pyramid(self.normalise(images))
        said = [head(feature).float() for head in (self.centre, self.regression, self.heatmaps, self.offsets)]
        return self.decode(*said)

    def pyramid(self, images: Tensor) -> Tensor:
        """Return the map (B, 24, h, w) of stride 4 of normalised images."""
        *maps, feature = self.trunk(images)
        feature = self.lateral[0](feature)
        for lateral, merge, finer in zip(self.lateral[1:], self.merge, reversed(maps), strict=True):
            up = interpolate(feature, scale_factor=2.0, mode="bilinear", align_corners=False)
            feature = merge(up + lateral(finer))
        return feature

    def decode(self, centre: Tensor, regression: Tensor, heatmaps: Tensor, offsets: Tensor) -> Tensor:
        """Read keypoints off the four answers (B, …, h, w); rows come before columns in them."""
        B, side = centre.shape[0], self.places.shape[-1]
        middle = (self.places - side / 2).square().sum(dim=0).sqrt() + NEAR  # (h, w)
        at = (centre[:, 0].sigmoid() / middle).flatten(1).argmax(dim=1)  # (B,)
        cell = torch.stack((at // side, at % side), dim=1).float()  # (B, 2)
        pairs = regression.flatten(2).gather(2, at[:, None, None].expand(-1, 2 * KEYPOINTS, 1)).view(B, KEYPOINTS, 2)
        expected = cell[:, None] + pairs
        scores = heatmaps.sigmoid()
        apart = (self.places - expected[..., None, None]).square().sum(dim=2).sqrt()  # (B, 17, h, w)
        best = (scores / (apart + NEAR)).flatten(2).argmax(dim=2, keepdim=True)  # (B, 17, 1)
        score = scores.flatten(2).gather(2, best)
        within = offsets.view(B, KEYPOINTS, 2, -1).gather(3, best[:, :, None].expand(-1, -1, 2, 1))[..., 0]
        rows, columns = (best[..., 0] // side + within[..., 0]), (best[..., 0] % side + within[..., 1])
        return torch.cat((STRIDE * torch.stack((columns, rows), dim=2), score), dim=2)[:, None]

    def losses(self, images: Tensor, keypoints: Tensor, visible: Tensor) -> dict[str, Tensor]:
        """Refuse: it answers, and is not trained."""
        raise ZooError(
            "MoveNet answers with its published weights and is not trained here, as these lack their norms; train "
            "model=simple_baseline"
        )

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load all parameters."""
        load_fitting(self, state, ())


def build(classes: int, bands: int, *, size: int, stem: int, widths: Sequence[int]) -> MoveNet:
    """A MoveNet for images of `size` pixels; `stem` and `widths` are those of MobileNetV2's groups."""
    if (classes, bands) != (KEYPOINTS, 3):
        raise ZooError(
            f"MoveNet knows the {KEYPOINTS} keypoints of COCO in red, green and blue, not {classes} in {bands} bands; train "
            "model=simple_baseline"
        )
    return MoveNet(size, stem, widths)
