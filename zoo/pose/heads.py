"""Heads: what turns the maps of a neck into keypoints, and holds them against the truth."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from zoo.pose.heatmaps import SIGMA, Decoder, targets

#: Beside a target of 1 in a few cells of thousands the mean of squares is small; losses of this size suit the usual steps.
SCALE = 1000.0


class Head(nn.Module, ABC):
    """Maps (B, F, h, w) to keypoints (B, 1, J, 3), or to the loss of them."""

    @abstractmethod
    def answers(self, maps: Tensor) -> Tensor:
        """Return what the network says, of any shape, that `decode` reads and `loss` judges."""

    @abstractmethod
    def decode(self, answers: Tensor) -> Tensor:
        """Return keypoints (B, 1, J, 3) in pixels of the image."""

    @abstractmethod
    def loss(self, answers: Tensor, keypoints: Tensor, visible: Tensor) -> Tensor:
        """Return the loss, a scalar, of keypoints (B, J, 2) in pixels of which some are `visible` (B, J) bool."""


class HeatmapHead(Head):
    """A map for each keypoint; the loss is the mean square against a Gaussian, over what is visible (Xiao 2018)."""

    def __init__(self, channels: int, keypoints: int, stride: int) -> None:
        super().__init__()
        self.maps = nn.Conv2d(channels, keypoints, 1)
        nn.init.normal_(self.maps.weight, std=0.001)
        assert self.maps.bias is not None
        nn.init.zeros_(self.maps.bias)
        self.stride, self.decoder = stride, Decoder(stride)

    def answers(self, maps: Tensor) -> Tensor:
        """Return heatmaps (B, J, h, w)."""
        return self.maps(maps)

    def decode(self, answers: Tensor) -> Tensor:
        """Read them between their cells."""
        return self.decoder(answers)

    def loss(self, answers: Tensor, keypoints: Tensor, visible: Tensor) -> Tensor:
        """Mean square, of maps whose keypoint is there."""
        wanted = targets(keypoints, (answers.shape[-2], answers.shape[-1]), self.stride)
        return self.mean(SCALE * (answers - wanted).square().mean(dim=(2, 3)), visible)

    def mean(self, parts: Tensor, visible: Tensor) -> Tensor:
        """Return the mean of parts (B, J) over what is visible."""
        return (parts * visible).sum() / visible.sum().clamp(min=1)


class DistributionHead(HeatmapHead):
    """A distribution over the cells for each keypoint: one that is sharp costs no more than its place, and learns at once.

    The loss is the cross-entropy with the Gaussian, as of coordinates as classes, but in the plane; there is no empty map from
    which the mean square takes long to depart. The score is how high the peak is beside that of the Gaussian.
    """

    def decode(self, answers: Tensor) -> Tensor:
        """Read the distributions between their cells, their peaks as shares of what is asked for."""
        B, J, h, w = answers.shape
        shares = answers.flatten(2).softmax(dim=2) * (2 * torch.pi * SIGMA**2)
        found = self.decoder(shares.view(B, J, h, w))
        return torch.cat((found[..., :2], found[..., 2:].clamp(max=1)), dim=-1)

    def loss(self, answers: Tensor, keypoints: Tensor, visible: Tensor) -> Tensor:
        """Cross-entropy, of keypoints that are there."""
        wanted = targets(keypoints, (answers.shape[-2], answers.shape[-1]), self.stride).flatten(2)
        wanted = wanted / wanted.sum(dim=2, keepdim=True).clamp(min=1e-6)
        return self.mean(-(wanted * answers.flatten(2).log_softmax(dim=2)).sum(dim=2), visible)


#: The heads of heatmaps by the name of their loss.
HEATMAPS: Mapping[str, type[HeatmapHead]] = {"mean_square": HeatmapHead, "cross_entropy": DistributionHead}


class SimCCHead(Head):
    """Coordinates as classes: for each keypoint a distribution over the columns and one over the rows, finer than pixels.

    Li et al. 2022, https://arxiv.org/abs/2107.03332, as RTMPose has it (Jiang et al. 2023, https://arxiv.org/abs/2303.07399):
    `bins` a pixel, targets that are Gaussians, the score the lesser of both peaks. It knows images of one `size` alone.
    """

    def __init__(self, channels: int, keypoints: int, size: int, stride: int, bins: int = 2, hidden: int = 256) -> None:
        super().__init__()
        self.size, self.bins = size, bins
        self.maps = nn.Conv2d(channels, keypoints, 7, padding=3)
        self.mix = nn.Sequential(
            nn.LayerNorm((size // stride) ** 2), nn.Linear((size // stride) ** 2, hidden), nn.ReLU()
        )
        self.across, self.down = nn.Linear(hidden, size * bins), nn.Linear(hidden, size * bins)
        #: Deviation of a target in bins, in proportion to RTMPose's 5.66 for 256 pixels.
        self.sigma = 5.66 * size / 256

    def answers(self, maps: Tensor) -> Tensor:
        """Return logits (B, J, 2, size · bins) of the columns and the rows."""
        mixed = self.mix(self.maps(maps).flatten(2))
        return torch.stack((self.across(mixed), self.down(mixed)), dim=2)

    def decode(self, answers: Tensor) -> Tensor:
        """Take the likeliest column and row."""
        peaks, at = answers.softmax(dim=3).max(dim=3)  # (B, J, 2)
        places = (at.to(answers.dtype) + 0.5) / self.bins
        # a target's highest bin has a share of 1 / (σ √2π): a score of 1 is what was asked for
        score = (peaks.amin(dim=2, keepdim=True) * self.sigma * (2 * torch.pi) ** 0.5).clamp(max=1)
        return torch.cat((places, score), dim=2)[:, None]

    def loss(self, answers: Tensor, keypoints: Tensor, visible: Tensor) -> Tensor:
        """Cross-entropy with Gaussians about the true column and row; what lies outside has no target."""
        bins = torch.arange(answers.shape[3], device=answers.device) + 0.5
        wanted = torch.exp(-(bins - keypoints[..., None] * self.bins).square() / (2 * self.sigma**2))
        wanted = wanted / wanted.sum(dim=3, keepdim=True).clamp(min=1e-6)
        entropy = -(wanted * answers.log_softmax(dim=3)).sum(dim=(2, 3))
        return (entropy * visible).sum() / visible.sum().clamp(min=1)
