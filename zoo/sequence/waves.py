"""From waveforms of several microphones to normalised log-mel maps: what the networks over spectrograms begin with."""

from torch import Tensor, nn

from zoo.errors import ZooError
from zoo.sequence.logmel import LogMel
from zoo.sequence.masking import MaskedBatchNorm, valid


class LevelledLogMel(nn.Module):
    """Log-mel maps of each waveform, every band normalised over the batch in training, by what it saw in use."""

    def __init__(self, features: int, logmel: LogMel) -> None:
        super().__init__()
        self.features, self.logmel, self.level = features, logmel, MaskedBatchNorm(logmel.bands)

    def steps(self, lengths: Tensor) -> Tensor:
        """Return the number of frames (B,) of so many samples (B,)."""
        return self.logmel.steps(lengths)

    def forward(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return maps (B, F, T', M) of waveforms (B, T, F) of these lengths (B,), and the lengths (B,) in frames."""
        logs = by_feature(self.logmel, self.features, inputs, lengths)  # (B, F, T', M)
        lengths = self.steps(lengths)
        by_band = logs.permute(0, 3, 2, 1)  # (B, M, T', F): one statistic a band
        return self.level(by_band, valid(lengths, logs.shape[2])).transpose(1, 3), lengths


def by_feature(front: nn.Module, features: int, inputs: Tensor, lengths: Tensor) -> Tensor:
    """Return frames (B, F, T', M) that a front end makes of each of the waveforms (B, T, F); ZooError for another F."""
    frames: Tensor = front(*flat(inputs, lengths, features))
    return frames.view(inputs.shape[0], features, *frames.shape[1:])


def flat(inputs: Tensor, lengths: Tensor, features: int) -> tuple[Tensor, Tensor]:
    """Return waveforms (B, T, F) and their lengths (B,) one after another, (B · F, T) and (B · F,); ZooError for another F."""
    B, T, C = inputs.shape
    if features != C:
        raise ZooError(f"inputs of shape {tuple(inputs.shape)} have {C} features; this model takes {features}")
    return inputs.transpose(1, 2).reshape(B * C, T), lengths.repeat_interleave(C)
