"""What MoveNet's networks share: MobileNetV2, a pyramid to stride 4, and heads on it.

Google 2021, https://www.tensorflow.org/hub/tutorials/movenet: MobileNetV2 (Sandler et al. 2018,
https://arxiv.org/abs/1801.04381) and heads as in CenterNet (Zhou et al. 2019, https://arxiv.org/abs/1904.07850). Written for
this zoo after the published graphs; batch norms are folded into the convolutions, as in the weights.
"""

from abc import ABC, abstractmethod
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


class MoveNetMaps(nn.Module, ABC):
    """Images (B, 3, S, S) in [0, 1] to the maps of the heads (B, …, h, w) at stride 4, off which `decode` reads keypoints.

    `heads` are the names of those that it has, and how much each says at a cell.
    """

    #: Nothing here learns: it answers with the published weights.
    trains: ClassVar[bool] = False
    #: The heads by name, in the order in which `decode` takes them, and how much each says at a cell.
    heads: ClassVar[Mapping[str, int]]

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
        for name, outputs in self.heads.items():
            self.add_module(name, Head(outputs))
        cells = torch.arange(size // STRIDE, dtype=torch.float32)
        self.register_buffer("places", torch.stack(torch.meshgrid(cells, cells, indexing="ij")), persistent=False)

    places: Tensor  # (2, h, w) the row and the column of each cell

    @abstractmethod
    def decode(self, *said: Tensor) -> Tensor:
        """Return keypoints (B, N, 17, 3) of what the heads said, in their order."""

    def forward(self, images: Tensor) -> Tensor:
        """Return keypoints (B, N, 17, 3): x and y in pixels of the images, and a score in [0, 1]."""
        if tuple(images.shape[-2:]) != (self.size, self.size):
            raise ZooError(
                f"MoveNet knows images of {self.size} × {self.size} pixels, and gets {tuple(images.shape[-2:])}"
            )
        feature = self.pyramid(self.normalise(images))
        return self.decode(*(getattr(self, name)(feature).float() for name in self.heads))

    def pyramid(self, images: Tensor) -> Tensor:
        """Return the map (B, 24, h, w) of stride 4 of normalised images."""
        *maps, feature = self.trunk(images)
        feature = self.lateral[0](feature)
        for lateral, merge, finer in zip(self.lateral[1:], self.merge, reversed(maps), strict=True):
            up = interpolate(feature, scale_factor=2.0, mode="bilinear", align_corners=False)
            feature = merge(up + lateral(finer))
        return feature

    def losses(self, images: Tensor, keypoints: Tensor, visible: Tensor) -> dict[str, Tensor]:
        """Refuse: it answers, and is not trained."""
        raise ZooError(
            "MoveNet answers with its published weights and is not trained here, as these lack their norms; train "
            "model=simple_baseline"
        )

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load all parameters."""
        load_fitting(self, state, ())


def check_asked(classes: int, bands: int) -> None:
    """Refuse other keypoints than COCO's, and other bands."""
    if (classes, bands) != (KEYPOINTS, 3):
        raise ZooError(
            f"MoveNet knows the {KEYPOINTS} keypoints of COCO in red, green and blue, not {classes} in {bands} bands; train "
            "model=simple_baseline"
        )
