"""Deep Speech 2: two convolutions, recurrent layers with batch normalisation over the sequence, a symbol a step.

Amodei et al. 2016, “Deep Speech 2: End-to-End Speech Recognition in English and Mandarin”,
https://arxiv.org/abs/1512.02595. Small here: over log-mel bands in place of a linear spectrogram. `streaming` makes the
recurrences run forwards only, and lets each step look a little ahead by a convolution over the steps after it (Wang et
al. 2016, section 3.7 of the paper); zoo/sequence/stream.py then gives out symbols while someone speaks.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from zoo.errors import ZooError
from zoo.sequence.dropout import StripeDropout
from zoo.sequence.logmel import LogMel
from zoo.sequence.masking import MaskedBatchNorm, TimeConv, valid
from zoo.sequence.recurrent import Recurrent
from zoo.sequence.waves import LevelledLogMel

#: Kernel (time, bands) and stride of the two convolutions: those of section 3.5, over 40 bands and not 161; a step is 40 ms.
CONVOLUTIONS = (((11, 21), (2, 2)), ((11, 11), (2, 2)))
MEL_BANDS = 40


class Ahead(nn.Conv1d):
    """Each step mixed with the `reach` steps after it, every channel for itself."""

    def __init__(self, width: int, reach: int) -> None:
        super().__init__(width, width, reach + 1, groups=width, bias=False)
        self.reach = reach

    def forward(self, steps: Tensor) -> Tensor:
        """Convolve steps (B, T, C), which are 0 behind each length."""
        return super().forward(F.pad(steps.transpose(1, 2), (0, self.reach))).transpose(1, 2)


class Recurrence(nn.Module):
    """Batch normalisation over all valid steps, then one recurrent layer; both ways it gives `width` in all."""

    def __init__(self, inputs: int, width: int, both: bool) -> None:
        super().__init__()
        self.norm, self.layer = MaskedBatchNorm(inputs), Recurrent("gru", inputs, width, 1, both, 0.0)

    def forward(self, steps: Tensor, lengths: Tensor) -> Tensor:
        """Return steps (B, T, C) of steps (B, T, F)."""
        mask = valid(lengths, steps.shape[1])
        return self.layer(self.norm(steps.transpose(1, 2)[..., None], mask)[..., 0].transpose(1, 2), lengths)


class DeepSpeech2(nn.Module):
    """Waveforms (B, T, F) and lengths (B,) to logits (B, T', K); class 0 is the blank of CTC."""

    def __init__(
        self, classes: int, front: LevelledLogMel, size: tuple[int, int, int], ahead: int | None, dropout: float
    ) -> None:
        super().__init__()
        channels, width, layers = size
        self.front, self.hide = front, StripeDropout(0.1, 0.3)
        self.convolutions, self.norms = nn.ModuleList(), nn.ModuleList()
        inputs, bands = front.features, front.logmel.bands
        for kernel, stride in CONVOLUTIONS:
            self.convolutions.append(TimeConv(inputs, channels, kernel, stride))
            self.norms.append(MaskedBatchNorm(channels))
            inputs, bands = channels, -(-bands // stride[1])
        sizes = [channels * bands, *[width] * (layers - 1)]
        self.recurrences = nn.ModuleList(Recurrence(each, width, ahead is None) for each in sizes)
        self.ahead = Ahead(width, ahead) if ahead is not None else None
        self.norm, self.dropout = MaskedBatchNorm(width), nn.Dropout(dropout)
        self.classifier = nn.Linear(width, classes)

    def output_lengths(self, lengths: Tensor) -> Tensor:
        """Return how many steps (B,) come out of so many samples (B,)."""
        lengths = self.front.steps(lengths)
        for convolution in self.convolutions:
            lengths = convolution.steps(lengths)  # type: ignore[operator]
        return lengths

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, T', K) of waveforms (B, T, F), in [-1, 1], of these lengths (B,) in samples."""
        maps, lengths = self.front(inputs, lengths)
        maps = self.hide(maps, lengths)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            lengths = convolution.steps(lengths)  # type: ignore[operator]
            maps = convolution(maps)
            maps = norm(maps, valid(lengths, maps.shape[2])).clamp(0, 20)
        steps = maps.transpose(1, 2).flatten(2)  # (B, T', C · M)
        for recurrence in self.recurrences:
            steps = self.dropout(recurrence(steps, lengths))
        if self.ahead is not None:
            steps = self.ahead(steps)
        mask = valid(lengths, steps.shape[1])
        steps = self.norm(steps.transpose(1, 2)[..., None], mask)[..., 0].transpose(1, 2)
        return self.classifier(self.dropout(steps))


def build(
    classes: int,
    bands: int,
    *,
    sample_rate: int = 16000,
    size: tuple[int, int, int] = (16, 192, 3),
    streaming: bool = False,
    ahead: int = 5,
    dropout: float = 0.2,
) -> DeepSpeech2:
    """Build a Deep Speech 2; with `streaming` it runs forwards, and each step of 40 ms sees `ahead` steps after it.

    `size` are the channels of the convolutions, and the width and number of the recurrent layers.
    """
    _, width, layers = size
    if layers < 1 or ahead < 0 or width % 2:
        raise ZooError(
            f"model.size={size} must be channels, an even width, and layers; and model.ahead={ahead} 0 or more"
        )
    front = LevelledLogMel(bands, LogMel(sample_rate, MEL_BANDS, window=0.025, hop=0.01))
    return DeepSpeech2(classes, front, size, ahead if streaming else None, dropout)
