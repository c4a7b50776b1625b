"""PVANET's trunk: C.ReLU where maps are large, Inception where they are small, residual connections throughout.

Kim et al. 2016, https://arxiv.org/abs/1608.08021 and Hong et al. 2016, https://arxiv.org/abs/1611.08588, table 1 of both.
C.ReLU: Shang et al. 2016, https://arxiv.org/abs/1603.05201: early filters come in pairs of opposite sign, so half are
computed and negated. Strides are those of the first convolutions of a block, as the multiply-adds of the table say.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from zoo.backbone.normalise import Normalise
from zoo.errors import ZooError

#: Blocks of C.ReLU: width within, width of the output, stride; of Inception: 1×1, 3×3, 5×5, pool, output, stride.
CRELU = {4: [(24, 64, 1)] * 3, 8: [(48, 128, 2)] + [(48, 128, 1)] * 3}
INCEPTION = {
    16: [((64,), (48, 128), (24, 48, 48), 128, 256, 2)] + [((64,), (64, 128), (24, 48, 48), 0, 256, 1)] * 3,
    32: [((64,), (96, 192), (32, 64, 64), 128, 384, 2)] + [((64,), (96, 192), (32, 64, 64), 0, 384, 1)] * 3,
}


def convolution(inputs: int, outputs: int, size: int = 1, stride: int = 1) -> nn.Sequential:
    """Convolution, batch norm and ReLU."""
    layer = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class CReLU(nn.Module):
    """Convolution whose output and its negative, each scaled and shifted, pass a ReLU: (B, I, H, W) to (B, 2 F, …)."""

    def __init__(self, inputs: int, filters: int, size: int, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, filters, size, stride, padding=size // 2, bias=False)
        self.norm = nn.BatchNorm2d(2 * filters)

    def forward(self, feature: Tensor) -> Tensor:
        """See the class."""
        found = self.convolution(feature)
        return self.norm(torch.cat((found, -found), dim=1)).relu()


class Residual(nn.Module):
    """A body, 1×1 convolution of what it gives, and the input beside it, projected where shapes differ."""

    def __init__(self, body: nn.Module, shapes: tuple[int, int, int], stride: int) -> None:
        super().__init__()
        inputs, within, outputs = shapes
        self.body, self.out = body, nn.Sequential(nn.Conv2d(within, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, feature: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        return (self.out(self.body(feature)) + self.shortcut(feature)).relu()


class Inception(nn.Module):
    """Branches of 1×1, 3×3, two 3×3 (for 5×5) and, where `pool` is not 0, pooling, side by side."""

    def __init__(self, inputs: int, branches: Sequence[Sequence[int]], pool: int, stride: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList()
        for widths in branches:
            first = convolution(inputs, widths[0], 1, stride)
            rest = [convolution(a, b, 3) for a, b in pairwise(widths)]
            self.branches.append(nn.Sequential(first, *rest))
        if pool:
            self.branches.append(nn.Sequential(nn.MaxPool2d(3, stride, padding=1), convolution(inputs, pool)))

    def forward(self, feature: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, sum of the branches, H / stride, W / stride)."""
        return torch.cat([branch(feature) for branch in self.branches], dim=1)


class Trunk(nn.Module):
    """The stages of PVANET with maps of the strides 4 to 32, as a backbone; see `zoo.backbone`."""

    def __init__(self, bands: int, strides: Sequence[int] = (4, 8, 16, 32)) -> None:
        super().__init__()
        self.bands, self.strides = bands, sorted(strides)
        made = stages(bands)
        if not strides or not set(strides) <= set(made):
            raise ZooError(f"PVANET has no features of strides {list(strides)}; it has {list(made)}")
        widths = {4: 64, 8: 128, 16: 256, 32: 384}
        self.channels = [widths[stride] for stride in self.strides]
        self.stages = nn.ModuleDict({str(s): stage for s, stage in made.items() if s <= max(strides)})
        self.normalise = Normalise(bands)
        self.frozen: list[nn.Module] = []

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the feature maps (B, channels[i], H / strides[i], W / strides[i]) of images (B, C, H, W)."""
        feature, maps = self.normalise(images), []
        for stride, stage in self.stages.items():
            feature = stage(feature)
            if int(stride) in self.strides:
                maps.append(feature)
        return maps

    def select(self, strides: Sequence[int]) -> "Trunk":
        """Return a backbone that computes the maps of these strides only, with this one's parameters."""
        if list(strides) == self.strides:
            return self
        smaller = Trunk(self.bands, strides)
        mine = self.state_dict()
        smaller.load_state_dict({name: mine[name] for name in smaller.state_dict()})
        return smaller

    def freeze(self, stride: int) -> None:
        """Leave the layers up to the map of this stride as they are in training, and the statistics of all norms."""
        self.frozen = [stage for s, stage in self.stages.items() if int(s) <= stride]
        for stage in self.frozen:
            stage.requires_grad_(False)
        self.frozen += [module for module in self.stages.modules() if isinstance(module, nn.BatchNorm2d)]
        self.train(self.training)

    def train(self, mode: bool = True) -> "Trunk":
        """Set the mode of all but the frozen layers, which stay in evaluation."""
        super().train(mode)
        for module in self.frozen:
            module.eval()
        return self


def stages(bands: int) -> dict[int, nn.Sequential]:
    """The layers up to each stride, conv1_1 and pool1_1 among those of stride 4."""
    made, inputs = {}, 32
    for stride, crelus in CRELU.items():
        blocks: list[nn.Module] = []
        for within, outputs, step in crelus:
            body = nn.Sequential(convolution(inputs, within, 1, step), CReLU(within, within, 3))
            blocks.append(Residual(body, (inputs, 2 * within, outputs), step))
            inputs = outputs
        made[stride] = nn.Sequential(*blocks)
    made[4] = nn.Sequential(CReLU(bands, 16, 7, stride=2), nn.MaxPool2d(3, 2, padding=1), *made[4])
    for stride, inceptions in INCEPTION.items():
        blocks = []
        for *branches, pool, outputs, step in inceptions:
            within = sum(widths[-1] for widths in branches) + pool
            blocks.append(Residual(Inception(inputs, branches, pool, step), (inputs, within, outputs), step))
            inputs = outputs
        made[stride] = nn.Sequential(*blocks)
    return made


def build(classes: int, bands: int) -> Trunk:
    """Build PVANET's trunk; `classes` is not used, features have none."""
    return Trunk(bands)
