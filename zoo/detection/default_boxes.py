"""Default boxes: the shapes that a single-shot detector begins from, by the paper's rule or fitted to the data.

Liu et al. 2016, https://arxiv.org/abs/1512.02325, section 2.2, in the numbers of its code and of torchvision's; fitting
by k-means over 1 - IoU of widths and heights: Redmon and Farhadi 2016, https://arxiv.org/abs/1612.08242, section 2.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from zoo.errors import ZooError
from zoo.profile import Profile

Shapes = list[tuple[float, float]]  # width, height, pixels of the network's input
#: Sizes of the boxes of each map as shares of the image's side; the last one closes the row.
SCALES = {
    300: (0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05),
    512: (0.07, 0.15, 0.30, 0.45, 0.60, 0.75, 0.90, 1.05),
}
HALVING = 4  # maps of the strides 8, 16, 32 and 64; convolutions without padding make some of the coarser ones
FITTED = 9  # shapes when nothing else is said, as many as RetinaNet has


class DefaultBoxes(nn.Module):
    """The shapes of every map, put into the centre of each of its cells; `size` is the input that they are made for.

    The first `halving` maps have the strides 8, 16, …; the cells of the others share the image evenly.
    """

    def __init__(self, shapes: Sequence[Shapes], size: int, halving: int = HALVING) -> None:
        super().__init__()
        self.size, self.halving = size, halving
        self.shapes = [torch.tensor(those).reshape(-1, 2) for those in shapes]

    def forward(self, maps: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        """Boxes (P, 4) xyxy in pixels for maps (B, F, H_i, W_i) of an image of height and width `size`."""
        return torch.cat([self.on(feature, size, level) for level, feature in enumerate(maps)])

    def on(self, feature: Tensor, size: tuple[int, int], level: int) -> Tensor:
        """Boxes (H * W * shapes, 4) of one map; cells of the maps that do not halve share the image evenly."""
        steps = [8.0 * 2**level] * 2
        if level >= self.halving:
            steps = [side / cells for side, cells in zip(size, feature.shape[-2:], strict=True)]
        y, x = (
            (torch.arange(cells, device=feature.device) + 0.5) * step
            for cells, step in zip(feature.shape[-2:], steps, strict=True)
        )
        rows, columns = torch.meshgrid(y, x, indexing="ij")
        centres = torch.stack((columns, rows), dim=-1).reshape(-1, 1, 2)
        half = self.shapes[level].to(feature.device) / 2
        return torch.cat((centres - half, centres + half), dim=-1).reshape(-1, 4)


def paper_shapes(size: int, aspect_ratios: Sequence[float]) -> list[Shapes]:
    """The shapes of each map by the paper's scales; ratios over 2 only on the maps in the middle."""
    levels = len(SCALES[size]) - 1
    ratios = [[r for r in aspect_ratios if r <= 2 or 0 < level < levels - 2] for level in range(levels)]
    return shapes_of_scales(SCALES[size], ratios, size)


def shapes_of_scales(scales: Sequence[float], ratios: Sequence[Sequence[float]], size: int) -> list[Shapes]:
    """The shapes of each map: two squares, and a pair for each of its ratios; `scales` are shares of `size`, one more."""
    made = []
    for (scale, larger), those in zip(pairwise(scales), ratios, strict=True):
        sides = [(scale, scale), ((scale * larger) ** 0.5,) * 2]
        for ratio in those:
            wide, high = scale * ratio**0.5, scale / ratio**0.5
            sides += [(wide, high), (high, wide)]
        made.append([(min(w, 1.0) * size, min(h, 1.0) * size) for w, h in sides])
    return made


def distribute_shapes(shapes: str | Sequence[Sequence[float]], size: int, least: int) -> list[Shapes]:
    """Put free shapes on the maps whose sizes of the paper they have, at least on the `least` finest.

    Maps coarser than the last one needed fall away, and one between that would be empty takes the shape nearest to it.
    """
    pairs = check_shapes(shapes)
    sides = [scale * size for scale in SCALES[size][:-1]]
    limits = [(a * b) ** 0.5 for a, b in pairwise(sides)]
    made: list[Shapes] = [[] for _ in sides]
    for width, height in pairs:
        made[sum((width * height) ** 0.5 > limit for limit in limits)].append((width, height))
    while len(made) > least and not made[-1]:
        made.pop()
    for level, those in enumerate(made):
        if not those:
            nearest = min(pairs, key=lambda shape: abs((shape[0] * shape[1]) ** 0.5 - sides[level]))
            those.append(nearest)
    return made


def check_shapes(shapes: str | Sequence[Sequence[float]]) -> Shapes:
    """The shapes as pairs; what is none is refused."""
    if isinstance(shapes, str) or not shapes or any(len(shape) != 2 or min(shape) <= 0 for shape in shapes):
        raise ZooError(
            f"default_boxes={shapes!r} is neither 'paper' nor shapes [[width, height], …] in pixels;"
            " 'kmeans' is for a run, where there are data to fit them to"
        )
    return [(float(width), float(height)) for width, height in shapes]


def fit_shapes(value: Any, options: Mapping[str, Any], profile: Profile) -> Any:
    """The option `default_boxes` for the data of a profile: `kmeans`, or `kmeans12` for 12 shapes, becomes shapes.

    They are in pixels of the network's input: where it scales the tile to `size`, so are they.
    """
    word = re.fullmatch(r"kmeans(\d*)", value) if isinstance(value, str) else None
    if word is None:
        return value
    if not profile.shapes:
        raise ZooError(
            f"default_boxes={value} needs the shapes of objects, but the profile of {profile.data!r} has none"
        )
    from zoo.geometry.box_clustering import cluster

    scale = options["size"] / profile.tile if options["resize"] and profile.tile else 1.0
    sides, shares = [shape[:2] for shape in profile.shapes], [shape[2] for shape in profile.shapes]
    found = cluster(sides, shares, int(word[1] or FITTED))
    return [[round(width * scale, 1), round(height * scale, 1)] for width, height, _ in found]
