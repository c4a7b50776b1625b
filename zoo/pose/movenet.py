"""MoveNet: one person's 17 keypoints on a weak processor, many times a second, by published weights.

Google 2021, https://www.tensorflow.org/hub/tutorials/movenet. Four heads as in CenterNet: where the middle of a person is,
where from there each keypoint should be, heatmaps of the keypoints, and offsets within their cells.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from zoo.pose.movenet_maps import KEYPOINTS, STRIDE, MoveNetMaps, check_asked

#: Cells by which a far middle, or a keypoint far from where it should be, is worth less: score / (distance + NEAR).
NEAR = 1.8


class MoveNet(MoveNetMaps):
    """Images (B, 3, S, S) in [0, 1] to the keypoints (B, 1, 17, 3) of the person nearest to the middle; see `zoo.pose`."""

    heads: ClassVar[Mapping[str, int]] = {
        "centre": 1, "regression": 2 * KEYPOINTS, "heatmaps": KEYPOINTS, "offsets": 2 * KEYPOINTS,
    }  # fmt: skip

    def decode(self, *said: Tensor) -> Tensor:
        """Read keypoints (B, 1, 17, 3) off the four answers (B, …, h, w); rows come before columns in them."""
        centre, regression, heatmaps, offsets = said
        B, side = centre.shape[0], self.places.shape[-1]
        middle = (self.places - side / 2).square().sum(dim=0).sqrt() + NEAR  # (h, w)
        at = (centre[:, 0].sigmoid() / middle).flatten(1).argmax(dim=1)  # (B,)
        cell = torch.stack((at // side, at % side), dim=1).float()  # (B, 2)
        pairs = regression.flatten(2).gather(2, at[:, None, None].expand(-1, 2 * KEYPOINTS, 1)).view(B, KEYPOINTS, 2)
        expected = cell[:, None] + pairs
        scores = heatmaps.sigmoid()
        apart = (self.places - expected[..., None, None]).square().sum(dim=2).sqrt()  # (B, 17, h, w)
        best = (scores / (apart + NEAR)).flatten(2).argmax(dim=2, keepdim=True)  # (B, 17, 1)
        score = scores.flatten(2).gather(2, best)
        within = offsets.view(B, KEYPOINTS, 2, -1).gather(3, best[:, :, None].expand(-1, -1, 2, 1))[..., 0]
        rows, columns = (best[..., 0] // side + within[..., 0]), (best[..., 0] % side + within[..., 1])
        return torch.cat((STRIDE * torch.stack((columns, rows), dim=2), score), dim=2)[:, None]


def build(classes: int, bands: int, *, size: int, stem: int, widths: Sequence[int]) -> MoveNet:
    """A MoveNet for images of `size` pixels; `stem` and `widths` are those of MobileNetV2's groups."""
    check_asked(classes, bands)
    return MoveNet(size, stem, widths)
