"""DS-CNN: a small network of depthwise separable convolutions over a spectrogram, for keywords on small processors.

Zhang et al. 2017, “Hello Edge: Keyword Spotting on Microcontrollers”, https://arxiv.org/abs/1711.07128; sizes as in the
authors' training commands, https://github.com/ARM-software/ML-KWS-for-MCU (Apache-2.0). It departs from them in the
front end, log-mel bands in place of their 10 cepstral coefficients, and in masking, which makes any length fit.
"""

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F

from zoo.errors import ZooError, near
from zoo.sequence.dropout import StripeDropout
from zoo.sequence.logmel import LogMel
from zoo.sequence.masking import MaskedBatchNorm, TimeConv, mean_over_time, valid
from zoo.sequence.waves import LevelledLogMel


class Size(NamedTuple):
    """Channels, and the strides over (time, bands) of the first convolution and of each separable block."""

    channels: int
    stem: tuple[int, int]
    blocks: tuple[tuple[int, int], ...]


SIZES = {
    "s": Size(64, (2, 2), ((1, 1),) * 4),
    "m": Size(172, (2, 1), ((2, 2), *((1, 1),) * 3)),
    "l": Size(276, (2, 1), ((2, 2), *((1, 1),) * 4)),
}


class Layer(nn.Module):
    """Convolution, normalisation over valid steps, ReLU."""

    def __init__(self, convolution: TimeConv) -> None:
        super().__init__()
        self.convolution, self.norm = convolution, MaskedBatchNorm(convolution.out_channels)

    def forward(self, maps: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return maps (B, C, T, M) and lengths (B,) behind this layer; invalid steps are 0 before and after."""
        maps, lengths = self.convolution(maps), self.convolution.steps(lengths)
        return F.relu(self.norm(maps, valid(lengths, maps.shape[2]))), lengths


class DsCnn(nn.Module):
    """Waveforms (B, T, F) and lengths (B,) to logits (B, K)."""

    def __init__(self, classes: int, front: LevelledLogMel, size: Size, hide: StripeDropout, dropout: float) -> None:
        super().__init__()
        self.front, self.hide = front, hide
        channels = size.channels
        layers = [Layer(TimeConv(front.features, channels, (10, 4), size.stem))]
        for stride in size.blocks:
            layers.append(Layer(TimeConv(channels, channels, (3, 3), stride, groups=channels)))
            layers.append(Layer(TimeConv(channels, channels, (1, 1), (1, 1))))
        self.layers = nn.ModuleList(layers)
        self.dropout, self.classifier = nn.Dropout(dropout), nn.Linear(channels, classes)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, K) of waveforms (B, T, F), in [-1, 1], of these lengths (B,) in samples."""
        maps, lengths = self.front(inputs, lengths)
        maps = self.hide(maps, lengths)
        for layer in self.layers:
            maps, lengths = layer(maps, lengths)
        return self.classifier(self.dropout(mean_over_time(maps.mean(dim=3).transpose(1, 2), lengths)))


def build(
    classes: int,
    bands: int,
    *,
    size: str = "s",
    sample_rate: int = 16000,
    mel_bands: int = 40,
    hide: tuple[float, float] = (0.2, 0.2),
    dropout: float = 0.0,
) -> DsCnn:
    """Build a DS-CNN of size s, m or l; `hide` are the largest shares of time and of bands that training masks."""
    if size not in SIZES:
        raise ZooError(f"no size {size!r} of DS-CNN{near(size, SIZES)}; it has {', '.join(SIZES)}")
    front = LevelledLogMel(bands, LogMel(sample_rate, mel_bands))
    return DsCnn(classes, front, SIZES[size], StripeDropout(*hide), dropout)
