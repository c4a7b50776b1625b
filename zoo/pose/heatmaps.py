"""Heatmaps: a map for each keypoint, high where it is; read between its cells without bias.

The targets are Gaussians about the true place, and not about the cell nearest to it; reading follows from their form: Zhang et
al. 2020, “Distribution-Aware Coordinate Representation for Human Pose Estimation” (DARK), https://arxiv.org/abs/1910.06278.
Written after the paper.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

#: Deviation of a target, cells.
SIGMA = 2.0
#: What a map is at the least before its logarithm is taken, as in the code of the paper.
LEAST = 1e-10


def gaussian(size: int, sigma: float) -> Tensor:
    """Return the weights (size,) of a smoothing by a Gaussian, 1 in sum."""
    places = torch.arange(size) - (size - 1) / 2
    weights = torch.exp(-places.square() / (2 * sigma**2))
    return weights / weights.sum()


def targets(keypoints: Tensor, size: tuple[int, int], stride: int) -> Tensor:
    """Return maps (B, J, h, w) of keypoints (B, J, 2) in pixels of the image: 1 at the true place, even between cells."""
    h, w = size
    centre = keypoints / stride - 0.5
    x, y = (
        torch.exp(-(torch.arange(length, device=keypoints.device) - centre[..., axis, None]).square() / (2 * SIGMA**2))
        for axis, length in ((0, w), (1, h))
    )
    return y[..., :, None] * x[..., None, :]


class Decoder(nn.Module):
    """Reads keypoints (B, 1, J, 3) off maps (B, J, h, w) whose cells are `stride` pixels apart.

    A map is smoothed by the Gaussian that it was to be; the place is where the parabola through the logarithm about its highest
    cell is highest. The score is the highest value of the map itself.
    """

    smooth: Tensor
    slopes: Tensor

    def __init__(self, stride: int, sigma: float = SIGMA) -> None:
        super().__init__()
        self.stride = stride
        width = 2 * math.ceil(2.5 * sigma) + 1
        self.register_buffer("smooth", gaussian(width, sigma), persistent=False)
        self.register_buffer("slopes", derivatives(), persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Return keypoints in pixels."""
        B, J, h, w = maps.shape
        flat = self.smoothed(maps.reshape(B * J, 1, h, w))
        logs = flat.clamp(min=LEAST).log()
        found = conv2d(torch.nn.functional.pad(logs, (2, 2, 2, 2), mode="replicate"), self.slopes)  # (B J, 5, h, w)
        at = flat.reshape(B * J, h * w).argmax(dim=1)
        dx, dy, dxx, dyy, dxy = (
            found.reshape(B * J, 5, h * w).gather(2, at[:, None, None].expand(-1, 5, 1))[..., 0].unbind(1)
        )
        determinant = dxx * dyy - dxy * dxy
        peaked = (determinant > 0) & (dxx < 0)
        safe = torch.where(peaked, determinant, torch.ones_like(determinant))
        step = torch.stack((dxy * dy - dyy * dx, dxy * dx - dxx * dy), dim=1) / safe[:, None]
        step = torch.where(peaked[:, None], step, torch.zeros_like(step)).clamp(-1, 1)
        cell = torch.stack((at % w, at // w), dim=1).to(maps.dtype)
        score = maps.reshape(B * J, h * w).amax(dim=1, keepdim=True)
        return torch.cat(((cell + step + 0.5) * self.stride, score), dim=1).reshape(B, 1, J, 3)

    def smoothed(self, maps: Tensor) -> Tensor:
        """Return maps (N, 1, h, w) smoothed across and down; beyond the edge they are 0."""
        side = len(self.smooth) // 2
        across = conv2d(maps, self.smooth.view(1, 1, 1, -1), padding=(0, side))
        return conv2d(across, self.smooth.view(1, 1, -1, 1), padding=(side, 0))


def derivatives() -> Tensor:
    """Return filters (5, 1, 5, 5) that give the derivatives x, y, xx, yy and xy of a map, as the code of the paper does."""
    found = torch.zeros(5, 5, 5)
    found[0, 2, 1], found[0, 2, 3] = -0.5, 0.5
    found[2, 2, 0], found[2, 2, 2], found[2, 2, 4] = 0.25, -0.5, 0.25
    found[1], found[3] = found[0].T, found[2].T
    found[4, 1, 1], found[4, 3, 3], found[4, 1, 3], found[4, 3, 1] = 0.25, 0.25, -0.25, -0.25
    return found[:, None]
