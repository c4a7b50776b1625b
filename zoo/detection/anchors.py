"""Anchors: boxes of chosen sizes and ratios at every cell of every map, torchvision's, at the maps' true strides.

Ren et al. 2015, https://arxiv.org/abs/1506.01497, section 3.1.1; sizes by octaves: Lin et al. 2017,
https://arxiv.org/abs/1708.02002, section 4. torchvision takes an image's size over a map's for the stride, which moves the
anchors of coarse maps with the size of the image (320 px have 3 cells of 128, not of 106); here the stride is said.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList


def anchors_of(smallest: float, aspect_ratios: Sequence[float], levels: int = 5) -> AnchorGenerator:
    """Anchors of three sizes an octave from `smallest` pixels at P3, doubling by level, in each aspect ratio."""
    sizes = tuple(tuple(int(smallest * 2**level * 2 ** (step / 3)) for step in range(3)) for level in range(levels))
    return AnchorGenerator(sizes, (tuple(aspect_ratios),) * levels)


def anchors_on(generator: AnchorGenerator, maps: Sequence[Tensor], strides: Sequence[int]) -> Tensor:
    """Anchors (P, 4) xyxy in pixels for maps (B, F, H_i, W_i), row by row, all of a cell together, maps in order."""
    device = maps[0].device
    generator.set_cell_anchors(torch.float32, device)
    steps = [[torch.tensor(stride, device=device)] * 2 for stride in strides]
    sizes = [[feature.shape[-2], feature.shape[-1]] for feature in maps]
    return torch.cat(generator.grid_anchors(sizes, steps))


class Anchors(nn.Module):
    """A generator for torchvision's region proposal network; `sizes` in pixels are those of each of the maps of `strides`."""

    def __init__(
        self, strides: Sequence[int], sizes: Sequence[Sequence[float]], aspect_ratios: Sequence[float]
    ) -> None:
        super().__init__()
        self.strides = tuple(strides)
        self.generator = AnchorGenerator(tuple(map(tuple, sizes)), (tuple(aspect_ratios),) * len(sizes))
        self.count = len(sizes[0]) * len(aspect_ratios)  # at each cell

    def forward(self, images: ImageList, maps: Sequence[Tensor]) -> list[Tensor]:
        """Anchors (P, 4) for each of the images, which are of one size."""
        return [anchors_on(self.generator, maps, self.strides)] * len(images.image_sizes)
