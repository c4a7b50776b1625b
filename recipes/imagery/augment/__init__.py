"""Augmentation of crops: transforms that change an image with its boxes, rotated boxes or mask, for any number of bands.

A transform takes and gives a sample, as `recipes.imagery.crops` makes it: `image` (C, S, S) in [0, 1], and `boxes` with
`labels` (and `difficult`), or `mask`. All draw from torch's own random state, which the data set seeds for each sample.
The levels are files of the group `augment`: none, light, standard, heavy, satellite, free_rotation.
"""

from recipes.imagery.augment.bands import BandDropout, BandOffset
from recipes.imagery.augment.mixing import CopyPaste, Mosaic
from recipes.imagery.augment.photometric import Noise, Photometric
from recipes.imagery.augment.shape import FreeRotation, HorizontalFlip, IoUCrop, Jitter, Symmetries, ZoomOut

__all__ = [
    "BandDropout",
    "BandOffset",
    "CopyPaste",
    "FreeRotation",
    "HorizontalFlip",
    "IoUCrop",
    "Jitter",
    "Mosaic",
    "Noise",
    "Photometric",
    "Symmetries",
    "ZoomOut",
]
