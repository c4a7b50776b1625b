"""Bands: what another sensor, another atmosphere or a missing band does to an image of many bands."""

import torch
from torch import Tensor
from torchvision.tv_tensors import Image

from recipes.imagery.augment.photometric import draw
from recipes.imagery.transform import Sample, Transform


class BandOffset(Transform):
    """Adds to each band an offset of its own in ± `most`: haze and the sensor's dark current differ by wavelength."""

    def __init__(self, most: float = 0.02) -> None:
        super().__init__()
        self.most = most

    def forward(self, sample: Sample) -> Sample:
        """Shift the values of the bands of the image (C, H, W) in [0, 1]."""
        image: Tensor = sample["image"].as_subclass(Tensor)
        return {**sample, "image": Image((image + self.most * draw(len(image)).view(-1, 1, 1)).clamp_(0, 1))}


class BandDropout(Transform):
    """Sets one band to 0 in a share `probability` of the images, so that no answer hangs on one band alone.

    Images of fewer than `fewest` bands are left alone: without one of its three colours, an RGB image is not what the
    pretrained filters know.
    """

    def __init__(self, probability: float = 0.1, fewest: int = 4) -> None:
        super().__init__()
        self.probability, self.fewest = probability, fewest

    def forward(self, sample: Sample) -> Sample:
        """Take a band from the image (C, H, W)."""
        image: Tensor = sample["image"].as_subclass(Tensor)
        if len(image) < max(2, self.fewest) or float(torch.rand(())) >= self.probability:
            return sample
        kept = torch.ones(len(image), 1, 1)
        kept[int(torch.randint(len(image), ()))] = 0
        return {**sample, "image": Image(image * kept)}
