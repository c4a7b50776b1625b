"""What keeps padding out: masks from lengths, and the layers that mix time, made to see valid steps only."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def valid(lengths: Tensor, steps: int) -> Tensor:
    """Return the mask (B, T) of `steps` steps that is True where a step lies before its sequence's end."""
    return torch.arange(steps, device=lengths.device) < lengths[:, None]


def mean_over_time(features: Tensor, lengths: Tensor) -> Tensor:
    """Return the mean (B, F) of features (B, T, F) over each sequence's own steps."""
    mask = valid(lengths, features.shape[1])[..., None]
    return features.masked_fill(~mask, 0.0).sum(dim=1) / lengths[:, None]


class MaskedBatchNorm(nn.BatchNorm2d):
    """Batch normalisation of maps (B, C, T, F) whose statistics know valid steps only; invalid steps come out as 0.

    In training the valid steps are packed together and given to the native layer, so its running statistics are what
    they would be without padding. Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167.
    """

    def forward(self, maps: Tensor, mask: Tensor) -> Tensor:  # type: ignore[override]
        """Normalise maps (B, C, T, F) under the mask (B, T)."""
        if not self.training:
            return super().forward(maps) * mask[:, None, :, None]
        B, C, T, M = maps.shape
        rows = maps.permute(0, 2, 3, 1).reshape(B * T, M * C)  # a view when the memory is channels_last
        inside = mask.flatten().nonzero()[:, 0]
        packed = rows.index_select(0, inside).view(-1, C, 1, 1)
        normal = super().forward(packed).view(len(inside), M * C)
        spread = torch.zeros_like(rows).index_copy(0, inside, normal)
        return spread.view(B, T, M, C).permute(0, 3, 1, 2)


class TimeConv(nn.Conv2d):
    """A convolution of maps (B, C, T, F) that halves, or keeps, T and F, rounding up, with padding by the kernel alone.

    "Same" padding as usual depends on the input's size, and a batch would differ from its members; here the zeros
    before the first step are (k - 1) // 2 whatever the length.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: tuple[int, int],
        stride: tuple[int, int],
        groups: int = 1,
        dilation: int = 1,
    ) -> None:
        """`dilation` is over time."""
        super().__init__(inputs, outputs, kernel, stride, groups=groups, dilation=(dilation, 1), bias=False)
        reach_t, reach_f = (kernel[0] - 1) * dilation, kernel[1] - 1
        self.edges = (reach_f // 2, reach_f - reach_f // 2, reach_t // 2, reach_t - reach_t // 2)

    def forward(self, maps: Tensor) -> Tensor:
        """Convolve maps (B, C, T, F), whose invalid steps are 0."""
        return super().forward(F.pad(maps, self.edges))

    def steps(self, lengths: Tensor) -> Tensor:
        """Return how many steps come out of so many: T over the stride, rounded up."""
        return torch.div(lengths + self.stride[0] - 1, self.stride[0], rounding_mode="floor")
