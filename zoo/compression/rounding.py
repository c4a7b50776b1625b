"""Rounding to 8 bits in training, as `quantization` rounds afterwards, with the gradient of what is rounded.

Weights around 0, by a scale for each output channel: to fold a norm into them changes nothing. Inputs by one scale, which
follows what they are; around 0 where some are negative.
"""

import torch
from torch import Tensor, nn

#: How much of the range of inputs is that of the last batch.
FOLLOWED = 0.05
#: The least scale: of a channel that is 0.
TINY = 1e-12


class RoundedWeight(nn.Module):
    """Weights (O, …) on 255 values around 0."""

    def forward(self, weight: Tensor) -> Tensor:
        """Round, each output channel by its largest."""
        scale = (weight.detach().abs().flatten(1).amax(dim=1) / 127).clamp(min=TINY)
        zero = torch.zeros(len(weight), dtype=torch.int32)
        return torch.fake_quantize_per_channel_affine(weight, scale.float(), zero, 0, -127, 127)


class RoundedInput:
    """A hook before a layer: its first input on 256 values, from 0 on, or around it where some are negative."""

    def __init__(self) -> None:
        self.largest, self.signed = 0.0, False

    def __call__(self, layer: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Round; in training the range follows what comes."""
        values, *rest = inputs
        if layer.training or not self.largest:
            self.follow(values.detach())
        lowest, highest = (-128, 127) if self.signed else (0, 255)
        scale = max(self.largest / highest, TINY)
        rounded = torch.fake_quantize_per_tensor_affine(values.float(), scale, 0, lowest, highest)
        return (rounded.to(values.dtype), *rest)

    def follow(self, values: Tensor) -> None:
        """Let the range follow that of values."""
        self.signed |= bool(values.amin() < 0)
        largest = float(values.abs().amax())
        self.largest += (FOLLOWED if self.largest else 1.0) * (largest - self.largest)
