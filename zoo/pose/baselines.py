"""Naive answers, beside which every figure stands: the mean pose of training, and the pose of the most alike training image."""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

#: Pixels of the side of the small grey pictures by which images are compared.
THUMBNAIL = 24


def thumbnails(images: Tensor) -> Tensor:
    """Return images (B, C, S, S) as small grey ones (B, P)."""
    return adaptive_avg_pool2d(images.mean(dim=1, keepdim=True), THUMBNAIL).flatten(1)


def mean_pose(keypoints: Tensor, visible: Tensor) -> Tensor:
    """Return the mean (J, 2) of where keypoints (N, J, 2) are visible (N, J)."""
    counts = visible.sum(dim=0).clamp(min=1)
    return (keypoints * visible[..., None]).sum(dim=0) / counts[:, None]


def nearest_pose(asked: Tensor, known: Tensor, keypoints: Tensor, visible: Tensor) -> Tensor:
    """Return the keypoints (B, J, 2) of the most alike of `known` thumbnails (N, P) for each that is `asked` (B, P).

    What is not visible there is as in the mean pose.
    """
    nearest = torch.cdist(asked, known).argmin(dim=1)
    return torch.where(visible[nearest][..., None], keypoints[nearest], mean_pose(keypoints, visible))
