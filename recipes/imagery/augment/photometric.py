"""Light and sensor: changes of the values, alike for any number of bands."""

import torch
from torch import Tensor
from torchvision.tv_tensors import Image

from recipes.imagery.transform import Sample, Transform


class Photometric(Transform):
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


class Noise(Transform):
    """White noise of the sensor, of a standard deviation drawn up to `most`, in a share `probability` of the images."""

    def __init__(self, most: float = 0.04, probability: float = 0.3) -> None:
        super().__init__()
        self.most, self.probability = most, probability

    def forward(self, sample: Sample) -> Sample:
        """Add noise to the image (C, H, W) in [0, 1]."""
        if float(torch.rand(())) >= self.probability:
            return sample
        image: Tensor = sample["image"].as_subclass(Tensor)
        noisy = image + self.most * float(torch.rand(())) * torch.randn(image.shape)
        return {**sample, "image": Image(noisy.clamp_(0, 1))}


def draw(count: int) -> Tensor:
    """Draw `count` numbers uniform in [-1, 1]."""
    return 2 * torch.rand(count) - 1
