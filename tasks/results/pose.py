"""The result of a pose estimation."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class PoseResult:
    """What was said of N individuals: keypoints (N, J, 3), beside the truth (N, J, 2), in pixels of their images.

    `visible` (N, J) bool are the keypoints that are asked for, `areas` (N,) those of the individuals, and `pictures` (N,) tells
    whose images are one.
    """

    names: tuple[str, ...]
    predicted: Tensor
    truth: Tensor
    visible: Tensor
    areas: Tensor
    pictures: tuple[str, ...]

    @property
    def distances(self) -> Tensor:
        """How far each keypoint is from its truth (N, J), pixels; NaN where it is not asked for."""
        apart = (self.predicted[..., :2] - self.truth).norm(dim=2)
        return torch.where(self.visible, apart, torch.full_like(apart, torch.nan))

    def rmse_each(self) -> Tensor:
        """Return the root mean square distance of each individual (N,), pixels; NaN without a visible keypoint."""
        return self.distances.square().nanmean(dim=1).sqrt()

    def worst_first(self) -> list[int]:
        """Return the indices of all individuals that are asked for, those with the largest error first."""
        errors = self.rmse_each()
        return [i for i in errors.nan_to_num(-1).argsort(descending=True, stable=True).tolist() if errors[i].isfinite()]
