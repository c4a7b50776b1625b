"""Convolutions and normalisation of steps (B, C, T) that keep T and see no padding."""

from torch import Tensor, nn
from torch.nn import functional as F

from zoo.sequence.masking import MaskedBatchNorm, valid


class StepConv(nn.Conv1d):
    """A convolution over time with zeros before and after by the kernel alone; `causal` puts them all before.

    Inputs must be 0 behind each length; the output is not.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, dilation: int = 1, causal: bool = False, groups: int = 1
    ) -> None:
        super().__init__(inputs, outputs, kernel, dilation=dilation, groups=groups, bias=False)
        reach = (kernel - 1) * dilation
        self.edges = (reach, 0) if causal else (reach // 2, reach - reach // 2)

    def forward(self, steps: Tensor) -> Tensor:
        """Convolve steps (B, C, T)."""
        return super().forward(F.pad(steps, self.edges))


class StepNorm(MaskedBatchNorm):
    """Batch normalisation of steps (B, C, T) over valid ones; the others come out as 0."""

    def forward(self, steps: Tensor, lengths: Tensor) -> Tensor:  # type: ignore[override]
        """Normalise steps (B, C, T) of these lengths (B,)."""
        return super().forward(steps[..., None], valid(lengths, steps.shape[2]))[..., 0]


def max_pool(steps: Tensor, kernel: int, stride: int, padding: int = 0) -> Tensor:
    """Return the largest of each `kernel` steps (B, C, T): (B, C, T').

    In two dimensions, since PyTorch's pooling in one is traced for one length alone.
    """
    return F.max_pool2d(steps[..., None], (kernel, 1), (stride, 1), (padding, 0))[..., 0]
