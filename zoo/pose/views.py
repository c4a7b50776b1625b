"""Views: an image and its mirror image answered together, in which left and right have changed places."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def flipped_mean(model: Callable[[Tensor], Tensor], images: Tensor, mirrored: Sequence[int]) -> Tensor:
    """Return the mean keypoints (B, N, J, 3) of images and of their mirror images, brought back.

    `mirrored` (J,) is the number of each keypoint's counterpart.
    """
    straight, back = model(images), unflipped(model(images.flip(3)), images.shape[3], mirrored)
    return (straight + back) / 2


def unflipped(keypoints: Tensor, width: int, mirrored: Sequence[int]) -> Tensor:
    """Return keypoints (…, J, 3) of a mirror image as those of the image of a width."""
    x, y, score = keypoints[..., list(mirrored), :].unbind(-1)
    return torch.stack((width - x, y, score), dim=-1)
