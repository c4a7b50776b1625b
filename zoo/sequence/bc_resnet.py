"""BC-ResNet: residual blocks that convolve over frequency in two dimensions, over time in one, and add the two by broadcasting.

Kim et al. 2021, “Broadcasted Residual Learning for Efficient Keyword Spotting”, https://arxiv.org/abs/2106.04140: table 1
for the stages, figure 2 for the blocks, section 3.3 for sub-spectral normalisation (Chang et al. 2021,
https://arxiv.org/abs/2103.13620). Written for this zoo; each step that mixes time is masked.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from zoo.errors import ZooError
from zoo.sequence.dropout import StripeDropout
from zoo.sequence.logmel import LogMel
from zoo.sequence.masking import MaskedBatchNorm, TimeConv, mean_over_time, valid
from zoo.sequence.waves import LevelledLogMel

#: Bands that share a statistic: one fifth of them.
SUBBANDS = 5
#: Channels at width 1, blocks, stride over the bands and dilation over time of each stage.
STAGES = ((8, 2, 1, 1), (12, 2, 2, 2), (16, 4, 2, 4), (20, 4, 1, 8))
MEL_BANDS = 40


class SubSpectralNorm(MaskedBatchNorm):
    """Batch normalisation with statistics and scales of their own for each fifth of the bands."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels * SUBBANDS)

    def forward(self, maps: Tensor, mask: Tensor) -> Tensor:  # type: ignore[override]
        """Normalise maps (B, C, T, M), M a multiple of five, under the mask (B, T)."""
        B, C, T, M = maps.shape
        apart = maps.view(B, C, T, SUBBANDS, M // SUBBANDS).permute(0, 1, 3, 2, 4)
        normal = super().forward(apart.reshape(B, C * SUBBANDS, T, M // SUBBANDS), mask)
        return normal.view(B, C, SUBBANDS, T, M // SUBBANDS).permute(0, 1, 3, 2, 4).reshape(B, C, T, M)


class Block(nn.Module):
    """Maps by a convolution over the bands, plus what their mean over the bands says of the time around each step."""

    def __init__(self, inputs: int, outputs: int, stride: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.entry = Entry(inputs, outputs) if inputs != outputs else None
        self.over_bands = TimeConv(outputs, outputs, (1, 3), (1, stride), groups=outputs)
        self.by_bands = SubSpectralNorm(outputs)
        self.over_time = TimeConv(outputs, outputs, (3, 1), (1, 1), groups=outputs, dilation=dilation)
        self.norm, self.mix = MaskedBatchNorm(outputs), nn.Conv2d(outputs, outputs, 1, bias=False)
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, maps: Tensor, mask: Tensor) -> Tensor:
        """Return maps (B, C', T, M / stride) of maps (B, C, T, M) under the mask (B, T)."""
        entered = self.entry(maps, mask) if self.entry is not None else maps
        bands = self.by_bands(self.over_bands(entered), mask)
        time = F.silu(self.norm(self.over_time(bands.mean(dim=3, keepdim=True)), mask))
        found = bands + self.dropout(self.mix(time))
        return F.relu(found + maps if self.entry is None else found)


class Entry(nn.Module):
    """Another number of channels: a convolution of one point, normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(inputs, outputs, 1, bias=False), MaskedBatchNorm(outputs)

    def forward(self, maps: Tensor, mask: Tensor) -> Tensor:
        """Return maps (B, C', T, M)."""
        return F.relu(self.norm(self.convolution(maps), mask))


class BcResNet(nn.Module):
    """Waveforms (B, T, F) and lengths (B,) to logits (B, K)."""

    def __init__(self, classes: int, front: LevelledLogMel, width: int, hide: StripeDropout, dropout: float) -> None:
        super().__init__()
        self.front, self.hide = front, hide
        channels = 16 * width
        self.stem, self.stem_norm = TimeConv(front.features, channels, (5, 5), (1, 2)), MaskedBatchNorm(channels)
        self.blocks = nn.ModuleList()
        for outputs, blocks, stride, dilation in STAGES:
            for index in range(blocks):
                step = stride if index == 0 else 1
                self.blocks.append(Block(channels, outputs * width, step, dilation, dropout))
                channels = outputs * width
        self.last = TimeConv(channels, channels, (5, 5), (1, 1), groups=channels)
        self.head = Entry(channels, 32 * width)
        self.classifier = nn.Linear(32 * width, classes)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, K) of waveforms (B, T, F), in [-1, 1], of these lengths (B,) in samples."""
        maps, lengths = self.front(inputs, lengths)
        mask = valid(lengths, maps.shape[2])
        maps = F.relu(self.stem_norm(self.stem(self.hide(maps, lengths)), mask))
        for block in self.blocks:
            maps = block(maps, mask)
        maps = self.head(self.last(maps).mean(dim=3, keepdim=True), mask)
        return self.classifier(mean_over_time(maps[..., 0].transpose(1, 2), lengths))


def build(
    classes: int,
    bands: int,
    *,
    width: int = 1,
    sample_rate: int = 16000,
    hide: tuple[float, float] = (0.2, 0.2),
    dropout: float = 0.1,
) -> BcResNet:
    """Build a BC-ResNet of a width (the paper's 1, 2, 3, 6, 8); `hide` are the shares of time and bands that training masks."""
    if width < 1:
        raise ZooError(f"model.width={width} must be 1 or more; the paper's are 1, 2, 3, 6, 8")
    front = LevelledLogMel(bands, LogMel(sample_rate, MEL_BANDS, window=0.03, hop=0.01))
    return BcResNet(classes, front, width, StripeDropout(*hide), dropout)
