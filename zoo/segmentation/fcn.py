"""FCN-8s: a classifier at every place of three maps, the coarse answers enlarged onto the finer ones.

Paper: Long, Shelhamer, Darrell 2015, https://arxiv.org/abs/1411.4038. As there, the scores of strides 32 and 16 are
enlarged two times by a transposed convolution that begins as bilinear interpolation, and added to those of the next map.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from zoo.backbone.features import Features
from zoo.segmentation.network import Segmenter, check_classes, encoder


class Scores(nn.Module):
    """Scores (B, K, H / 8, W / 8) from maps of strides 8, 16 and 32."""

    def __init__(self, channels: Sequence[int], classes: int, hidden: int) -> None:
        super().__init__()
        self.hidden = nn.Sequential(
            nn.Conv2d(channels[-1], hidden, 3, padding=1, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU(),
            nn.Dropout2d(0.1),
        )
        self.scores = nn.ModuleList(nn.Conv2d(inputs, classes, 1) for inputs in (hidden, channels[-2], channels[-3]))
        self.enlarge = nn.ModuleList(doubled(classes) for _ in range(2))

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Return the sum of the three scores."""
        scores = self.scores[0](self.hidden(maps[-1]))
        for enlarge, score, finer in zip(self.enlarge, self.scores[1:], (maps[-2], maps[-3]), strict=True):
            scores = enlarge(scores) + score(finer)
        return scores


def doubled(classes: int) -> nn.ConvTranspose2d:
    """Return a layer that doubles maps (B, K, H, W), each by itself, and begins as bilinear interpolation."""
    layer = nn.ConvTranspose2d(classes, classes, 4, 2, 1, groups=classes, bias=False)
    line = torch.tensor([0.25, 0.75, 0.75, 0.25])
    layer.weight.data.copy_(line[:, None] * line)
    return layer


def build(classes: int, bands: int, backbone: Features, *, decoder_channels: int = 256) -> Segmenter:
    """An FCN-8s of K `classes` for images of C `bands` on a backbone with maps of strides 8, 16 and 32."""
    check_classes(classes)
    selected, channels, strides = encoder(backbone, bands)
    decoder = Scores(channels, classes, decoder_channels)
    return Segmenter(selected.select([8, 16, 32]), decoder, nn.Sequential(), strides)
