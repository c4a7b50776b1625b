"""Augmentation of scenes: transforms of torchvision.transforms.v2 that keep images, boxes and masks together.

All draw from torch's own random state, which the data set seeds for each sample.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.transforms import v2
from torchvision.tv_tensors import Image

Sample = dict[str, Any]


class Symmetries(nn.Module):
    """One of the eight symmetries of the square, all alike: what is seen from above has no up."""

    def forward(self, sample: Sample) -> Sample:
        """Turn and mirror the image (C, S, S) with all that belongs to it."""
        turn, mirror = int(torch.randint(4, ())), bool(torch.randint(2, ()))
        if turn:
            sample = v2.RandomRotation((90 * turn, 90 * turn))(sample)
        return v2.RandomHorizontalFlip(1.0)(sample) if mirror else sample


class Photometric(nn.Module):
    """Contrast and brightness of the image and, smaller, a gain of each band: for any number of bands.

    `strength` 0.2 draws a contrast in 1 ± 0.2 about the image's mean, and an offset in ± 0.05; `per_band` 0.05 a gain of
    1 ± 0.05 for each band.
    """

    def __init__(self, strength: float = 0.2, per_band: float = 0.05) -> None:
        super().__init__()
        self.strength, self.per_band = strength, per_band

    def forward(self, sample: Sample) -> Sample:
        """Change the values of the image (C, H, W) in [0, 1]."""
        image: Tensor = sample["image"].as_subclass(Tensor)
        contrast, offset = (self.strength * draw(2) * torch.tensor([1.0, 0.25])).tolist()
        gains = (1 + contrast) * (1 + self.per_band * draw(len(image)))
        mean = float(image.mean())
        # contrast about the mean, then the offset, in one multiplication and one addition
        changed = image * gains.view(-1, 1, 1) + (offset - contrast * mean)
        return {**sample, "image": Image(changed.clamp_(0, 1))}


def draw(count: int) -> Tensor:
    """Draw `count` numbers uniform in [-1, 1]."""
    return 2 * torch.rand(count) - 1


class Pipeline(nn.Module):
    """Transforms one after another; none at all is a choice too."""

    def __init__(self, transforms: Sequence[nn.Module] = ()) -> None:
        super().__init__()
        self.transforms = nn.ModuleList(transforms)

    def forward(self, sample: Sample) -> Sample:
        """Apply all to the sample: `image` and, as they belong to it, `boxes`, `labels`, `mask`."""
        for transform in self.transforms:
            sample = transform(sample)
        return sample
