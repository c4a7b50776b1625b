"""Speech embedding: Google's network for keywords from few examples, pretrained on 200 million clips of speech.

Lin et al. 2020, “Training Keyword Spotters with Limited and Synthesized Speech Data”, https://arxiv.org/abs/2002.01322:
a stack of separated convolutions over log-mel bands that was trained to tell 5,000 keywords apart, and of which all but the
last layer is kept. Its answer to 76 frames (0.78 s) are 96 numbers, one answer every 8 frames (80 ms). The front end is the
one that these weights expect: see `Decibels`.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.errors import ZooError
from zoo.sequence.logmel import mel_triangles, spectral_energies
from zoo.sequence.masking import mean_over_time, valid
from zoo.sequence.waves import by_feature

#: What the weights were trained on, in samples at 16 kHz; windows of 25 ms every 10 ms in an FFT of 32 ms.
SAMPLE_RATE, FFT, WINDOW, HOP, BANDS = 16000, 512, 400, 160, 32
LOW, HIGH = 60.0, 3800.0
#: Silence before and after each recording, samples: with it, even an empty one fills the 76 frames of an answer.
MARGIN = 6400
FRAMES, STRIDE, FEATURES = 76, 8, 96
SLOPE = 0.2  # of the leaky rectifiers


class Layer(NamedTuple):
    """A convolution (output channels, kernel over time and bands) and the pooling behind it, (1, 1) for none."""

    channels: int
    kernel: tuple[int, int]
    pool: tuple[int, int] = (1, 1)


def layers() -> list[Layer]:
    """Return the network of the paper's figure 2: over bands and over time in turn, five poolings down to one band."""
    first = [Layer(24, (3, 3)), Layer(24, (1, 3)), Layer(24, (3, 1), (2, 2))]
    for channels, pool in ((48, (1, 2)), (72, (2, 2)), (96, (1, 2)), (96, (2, 2))):
        first += [
            Layer(channels, (1, 3)),
            Layer(channels, (3, 1)),
            Layer(channels, (1, 3)),
            Layer(channels, (3, 1), pool),
        ]
    return [*first, Layer(FEATURES, (3, 1))]


class Decibels(nn.Module):
    """Log-mel energies in decibels, at most 80 below the loudest of the recording, a tenth of them plus 2.

    Windows are Hann's, lie in the middle of an FFT of 512 samples, and are not centred on the ends; energies are of samples
    in the range of int16; 32 of librosa's (Slaney's) triangles from 60 to 3,800 Hz.
    """

    window: Tensor
    triangles: Tensor

    def __init__(self) -> None:
        super().__init__()
        edge = (FFT - WINDOW) // 2
        self.register_buffer("window", F.pad(torch.hann_window(WINDOW), (edge, edge)), persistent=False)
        self.register_buffer("triangles", mel_triangles(SAMPLE_RATE, FFT, BANDS, LOW, HIGH), persistent=False)

    def forward(self, waves: Tensor, lengths: Tensor) -> Tensor:
        """Return frames (B, T', M) of waveforms (B, T) in [-1, 1], of these lengths (B,), with silence around them."""
        waves = waves.masked_fill(~valid(lengths, waves.shape[1]), 0.0)
        with torch.autocast(waves.device.type, enabled=False):  # eight bits of mantissa are too few for energies
            frames = (F.pad(waves.float(), (MARGIN, MARGIN)) * 32767).unfold(1, FFT, HOP)
            energy = spectral_energies(frames * self.window) @ self.triangles
            decibels = 10 * torch.log10(energy.clamp(min=1e-10))
            # what lies behind a recording is silence, never its loudest
            loudest = decibels.amax(dim=(1, 2), keepdim=True)
            return torch.maximum(decibels, loudest - 80) / 10 + 2


class Trunk(nn.Module):
    """The pretrained convolutions; `frozen` of them, from the first on, are not trained."""

    def __init__(self, features: int, frozen: int) -> None:
        super().__init__()
        self.plan = layers()
        if not 0 <= frozen <= len(self.plan):
            raise ZooError(f"frozen_layers={frozen} must be between 0 and {len(self.plan)}, the layers of the network")
        inputs = [features, *(layer.channels for layer in self.plan[:-1])]
        convolutions = [
            nn.Conv2d(before, layer.channels, layer.kernel, padding=(0, layer.kernel[1] // 2))
            for before, layer in zip(inputs, self.plan, strict=True)
        ]
        convolutions[-1].bias = None  # the weights have none there
        for i, convolution in enumerate(convolutions):
            nn.init.kaiming_normal_(convolution.weight, a=SLOPE)  # no norm would keep the scale of random weights
            convolution.requires_grad_(i >= frozen)
        self.layers = nn.ModuleList(convolutions)

    def forward(self, maps: Tensor) -> Tensor:
        """Return answers (B, S, 96) to maps (B, F, T', M)."""
        for layer, plan in zip(self.layers[:-1], self.plan, strict=False):
            maps = F.leaky_relu(layer(maps), SLOPE).clamp(min=-0.4)
            if plan.pool != (1, 1):
                maps = F.max_pool2d(maps, plan.pool)
        return self.layers[-1](maps).squeeze(3).transpose(1, 2)

    @staticmethod
    def steps(frames: Tensor) -> Tensor:
        """Return the number of answers (B,) to so many frames (B,)."""
        return torch.div(frames - FRAMES, STRIDE, rounding_mode="floor") + 1


class SpeechEmbedding(nn.Module):
    """Waveforms (B, T, F) of 16 kHz and lengths (B,) to logits (B, K): answers, their mean and largest, one linear layer."""

    normalise = None  # the decibels of the front end are what the weights know

    def __init__(self, classes: int, features: int, frozen: int, dropout: float) -> None:
        super().__init__()
        self.features, self.front = features, Decibels()
        self.backbone = Trunk(features, frozen)
        self.dropout, self.classifier = nn.Dropout(dropout), nn.Linear(2 * FEATURES, classes)
        self.norm = nn.LayerNorm(2 * FEATURES)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, K) of waveforms (B, T, F) in [-1, 1] of these lengths (B,) in samples."""
        answers, steps = self.embed(inputs, lengths)
        mask = valid(steps, answers.shape[1])[..., None]
        largest = answers.masked_fill(~mask, float("-inf")).amax(dim=1)
        return self.classifier(self.dropout(self.norm(torch.cat((mean_over_time(answers, steps), largest), dim=1))))

    def embed(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the answers (B, S, 96) to waveforms (B, T, F), and how many (B,) of them belong to each."""
        maps = by_feature(self.front, self.features, inputs, lengths)  # (B, F, T', M)
        frames = torch.div(lengths + 2 * MARGIN - FFT, HOP, rounding_mode="floor") + 1
        return self.backbone(maps), self.backbone.steps(frames)

    def load_backbone(self, state: dict[str, Tensor]) -> None:
        """Load the pretrained convolutions."""
        self.backbone.load_state_dict(state)


def build(
    classes: int, bands: int, *, sample_rate: int = SAMPLE_RATE, frozen_layers: int = 0, dropout: float = 0.2
) -> SpeechEmbedding:
    """Build the network for `bands` waveforms at once; the first `frozen_layers` of its 20 convolutions are not trained."""
    if sample_rate != SAMPLE_RATE:
        raise ZooError(
            f"model.sample_rate={sample_rate}, but the network knows {SAMPLE_RATE} Hz alone; recordings of other rates are "
            f"resampled to it by data.sample_rate={SAMPLE_RATE}"
        )
    return SpeechEmbedding(classes, bands, frozen_layers, dropout)
