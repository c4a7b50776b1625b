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
    """Gain, offset and gamma, drawn for the image and, smaller, for each band: for any number of bands.

    `strength` 0.2 draws a gain in 1 ± 0.2, an offset in ± 0.1 and a gamma between 1 / 1.2 and 1.2.
    """

    def __init__(self, strength: float = 0.2, per_band: float = 0.05) -> None:
        super().__init__()
        self.strength, self.per_band = strength, per_band

    def forward(self, sample: Sample) -> Sample:
        """Change the values of the image (C, H, W) in [0, 1]."""
        image: Tensor = sample["image"]
        bands = 1 + self.per_band * draw(len(image)).view(-1, 1, 1)
        gain, offset, gamma = (self.strength * draw(3) * torch.tensor([1.0, 0.5, 1.0])).tolist()
        changed = (image.clamp(1e-4, 1) ** (1 + gamma)) * (1 + gain) * bands + offset
        return {**sample, "image": Image(changed.clamp(0, 1))}


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
