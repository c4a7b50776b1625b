"""MoveNet MultiPose: the 17 keypoints of up to six persons at once, by published weights.

Google 2021, https://www.tensorflow.org/hub/tutorials/movenet. Six heads as in CenterNet: where the middles of persons are, how
large the box around each is and where in it the middle, where from there each keypoint should be, heatmaps of the keypoints,
and offsets within their cells.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from zoo.pose.movenet_maps import KEYPOINTS, STRIDE, MoveNetMaps, check_asked

#: Persons that are looked for, and cells of the square in which one middle is the highest.
PERSONS, SQUARE = 6, 5
#: A keypoint is worth less with its squared distance from where it should be, in so many cells of the shorter side.
FALL = 0.300048828125
#: Scores from which a keypoint counts for its person, and from which a person is one.
COUNTS, LEAST = 0.126953125, 0.11


class MultiPose(MoveNetMaps):
    """Images (B, 3, S, S) in [0, 1] to the keypoints (B, 6, 17, 3) of persons, the surest middle first; see `zoo.pose`.

    Where fewer are found, the rest is 0.
    """

    heads: ClassVar[Mapping[str, int]] = {
        "centre": 1, "scale": 2, "shift": 2, "regression": 2 * KEYPOINTS, "heatmaps": KEYPOINTS, "offsets": 2 * KEYPOINTS,
    }  # fmt: skip

    def decode(self, *said: Tensor) -> Tensor:
        """Read keypoints off the six answers (B, …, h, w); rows come before columns in them."""
        centre, scale, shift, regression, heatmaps, offsets = said
        sure, at = peaks(centre.sigmoid())  # (B, 6)
        side = self.places.shape[-1]
        cell = torch.stack((at // side, at % side), dim=2).float()  # (B, 6, 2)
        expected = cell[:, :, None] + of_cells(regression, at).unflatten(2, (KEYPOINTS, 2))  # (B, 6, 17, 2)
        apart = (self.places - expected[..., None, None]).square().sum(dim=3)  # (B, 6, 17, h, w)
        inside = self.inside(cell + of_cells(shift, at), of_cells(scale, at))  # (B, 6, 1, h, w)
        weighed = heatmaps.sigmoid()[:, None] * torch.exp(-apart / (FALL * side)) * inside
        score, best = weighed.flatten(3).max(dim=3)  # (B, 6, 17)
        every = offsets.unflatten(1, (KEYPOINTS, 2)).flatten(3)  # (B, 17, 2, h · w)
        within = every.gather(3, best.transpose(1, 2)[:, :, None].expand(-1, -1, 2, -1)).permute(0, 3, 1, 2)
        places = torch.stack((best % side + within[..., 1], best // side + within[..., 0]), dim=3)
        found = torch.cat((STRIDE * places, score[..., None]), dim=3)
        return found * (sure * mean_score(score) >= LEAST)[..., None, None]

    def inside(self, middle: Tensor, size: Tensor) -> Tensor:
        """Return which cells (B, 6, 1, h, w) lie in boxes of a middle and a size (B, 6, 2), rows and columns."""
        half, most = size.clamp(min=0) / 2, self.places.shape[-1]
        low, high = ((middle + sign * half).clamp(0, most)[..., None, None] for sign in (-1, 1))
        return ((self.places >= low) & (self.places < high)).all(dim=2, keepdim=True)


def peaks(middles: Tensor) -> tuple[Tensor, Tensor]:
    """Return the scores and the cells (B, 6) of the highest of those that are highest around themselves (B, 1, h, w)."""
    highest = max_pool2d(middles, SQUARE, stride=1, padding=SQUARE // 2)
    alone = middles * ((middles - highest).abs() < 1e-6)
    found = alone.flatten(1).topk(PERSONS, dim=1)
    return found.values, found.indices


def of_cells(said: Tensor, at: Tensor) -> Tensor:
    """Return what is said (B, F, h, w) at cells (B, N), as (B, N, F)."""
    return said.flatten(2).gather(2, at[:, None].expand(-1, said.shape[1], -1)).transpose(1, 2)


def mean_score(score: Tensor) -> Tensor:
    """Return the mean (B, N) of the scores (B, N, 17) that count."""
    counts = score > COUNTS
    return (score * counts).sum(dim=2) / counts.sum(dim=2).clamp(min=1)


def build(classes: int, bands: int, *, size: int, stem: int, widths: Sequence[int]) -> MultiPose:
    """A MultiPose for images of `size` pixels; `stem` and `widths` are those of MobileNetV2's groups."""
    check_asked(classes, bands)
    return MultiPose(size, stem, widths)
