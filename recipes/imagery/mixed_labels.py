"""Mixup and CutMix: two images become one that shows a share of each, with labels to match."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torchvision.tv_tensors import Image

from recipes.imagery.transform import Sample

How = Literal["mixup", "cutmix"]
#: The parameter of the Beta distribution that shares are drawn from: 0.2 is Zhang's for ImageNet, 1 is Yun's.
ALPHA: dict[How, float] = {"mixup": 0.2, "cutmix": 1.0}


@dataclass(frozen=True)
class Mixing:
    """The shares of images that are mixed by each way."""

    mixup: float = 0.0
    cutmix: float = 0.0

    def draw(self, random: torch.Generator) -> How | None:
        """Return how an image is mixed, None where it is not."""
        if not self.mixup + self.cutmix:
            return None
        chance = float(torch.rand((), generator=random))
        return "mixup" if chance < self.mixup else "cutmix" if chance < self.mixup + self.cutmix else None


def mixed(sample: Sample, other: Sample, how: How, random: torch.Generator) -> Sample:
    """Return an image (C, S, S) of two, and the shares (K,) of classes that it shows.

    mixup: Zhang et al. 2017, https://arxiv.org/abs/1710.09412; cutmix: Yun et al. 2019, https://arxiv.org/abs/1905.04899.
    """
    own, theirs = (one["image"].as_subclass(Tensor) for one in (sample, other))
    share = beta(ALPHA[how], random)
    if how == "mixup":
        image = share * own + (1 - share) * theirs
    else:
        cut = part(own.shape[-1], 1 - share, random)
        image = torch.where(cut, theirs, own)
        share = 1 - float(cut.float().mean())
    shares = share * sample["shares"] + (1 - share) * other["shares"]
    return {**sample, "image": Image(image), "shares": shares}


def beta(alpha: float, random: torch.Generator) -> float:
    """Draw from Beta(alpha, alpha), by two Gamma variables from the generator."""
    first, second = (torch._standard_gamma(torch.full((), alpha), generator=random) for _ in range(2))
    return float(first / (first + second).clamp(min=1e-12))


def part(size: int, share: float, random: torch.Generator) -> Tensor:
    """Draw a square of about this share of the area: bool (size, size), cut at the edge."""
    side = size * share**0.5
    y, x = (torch.rand(2, generator=random) * size).tolist()
    places = torch.arange(size) + 0.5
    return ((places - y).abs() < side / 2)[:, None] & ((places - x).abs() < side / 2)[None]
