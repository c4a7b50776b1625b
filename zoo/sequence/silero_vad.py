"""Silero VAD: whether someone speaks, for each 32 ms of a recording at 16 kHz. A plain module for the published weights.

Silero team 2021-2026, https://github.com/snakers4/silero-vad (MIT), version 6: magnitudes of a learnt short-time Fourier
transform, four convolutions, one recurrent cell that goes from piece to piece. Each piece of 512 samples is seen with the
64 before it.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.errors import ZooError
from zoo.sequence.masking import valid

#: Samples of a piece, of what is seen before it, and of the mirrored end behind it; sample rate of the weights, Hz.
PIECE, BEFORE, BEHIND, RATE = 512, 64, 64, 16000
#: Window and hop of the transform, in samples; channels and strides of the convolutions.
WINDOW, HOP, CONVOLUTIONS = 256, 128, ((128, 1), (64, 2), (64, 2), (128, 1))
State = tuple[Tensor, Tensor]


class SileroVad(nn.Module):
    """Waveforms (B, T, F) and lengths (B,) to logits (B, T', K), one each 512 samples; class 0, silence, is always at 0."""

    normalise = None  # the weights know waveforms as they are

    def __init__(self, classes: int, features: int) -> None:
        super().__init__()
        if classes < 2:
            raise ZooError(f"silero_vad tells {classes} classes apart; it needs silence and one more")
        self.features = features
        self.stft = nn.Conv1d(1, WINDOW + 2, WINDOW, HOP, bias=False)
        sizes = [WINDOW // 2 + 1, *(channels for channels, _ in CONVOLUTIONS)]
        self.encoder = nn.ModuleList(
            nn.Conv1d(inputs, channels, 3, stride, padding=1)
            for inputs, (channels, stride) in zip(sizes, CONVOLUTIONS, strict=False)
        )
        self.lstm = nn.LSTM(sizes[-1], sizes[-1], batch_first=True)
        self.classifier = nn.Linear(sizes[-1], classes - 1)

    def output_lengths(self, lengths: Tensor) -> Tensor:
        """Return how many pieces (B,) so many samples (B,) have."""
        return torch.div(lengths + PIECE - 1, PIECE, rounding_mode="floor")

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, T', K) of waveforms (B, T, F) in [-1, 1] of these lengths (B,); microphones are averaged."""
        if inputs.shape[2] != self.features:
            raise ZooError(
                f"inputs of shape {tuple(inputs.shape)} have {inputs.shape[2]} features; this model takes {self.features}"
            )
        waves = inputs.masked_fill(~valid(lengths, inputs.shape[1])[..., None], 0.0).mean(dim=2)
        return self.go_on(F.pad(waves, (BEFORE, -waves.shape[1] % PIECE)), None)[0]

    def go_on(self, waves: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Return logits (B, N, K) of N whole pieces, and the state behind them; waves (B, 64 + 512 N) begin before them."""
        pieces = waves.unfold(1, BEFORE + PIECE, PIECE)  # (B, N, 576)
        B, N, S = pieces.shape
        padded = F.pad(pieces.reshape(B * N, 1, S), (0, BEHIND), mode="reflect")
        real, imaginary = self.stft(padded).chunk(2, dim=1)
        maps = (real.square() + imaginary.square()).clamp(min=1e-20).sqrt()
        for convolution in self.encoder:
            maps = F.relu(convolution(maps))
        steps, state = self.lstm(maps.view(B, N, -1), state)
        logits = self.classifier(F.relu(steps))
        return F.pad(logits, (1, 0)), state

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load the published parameters, in our names; they tell two classes apart."""
        if self.classifier.out_features != 1:
            raise ZooError(
                f"the weights of silero_vad know silence and speech, not {self.classifier.out_features + 1} classes;"
                " say model.pretrained=false"
            )
        self.load_state_dict(state)


class Listener:
    """A recording of any length that is heard piece by piece: `push` samples (T,) and get the chance of speech (N,) of each."""

    def __init__(self, model: SileroVad) -> None:
        self.model = model.eval()
        self.state: State | None = None
        self.kept = torch.zeros(BEFORE)

    def push(self, samples: Tensor, last: bool = False) -> Tensor:
        """Return the chances of the pieces that are whole now; with `last` also of what remains."""
        held = torch.cat([self.kept, samples])
        if last:
            held = F.pad(held, (0, -(len(held) - BEFORE) % PIECE))
        count = (len(held) - BEFORE) // PIECE
        self.kept = held[count * PIECE :]
        if not count:
            return samples.new_zeros(0)
        with torch.no_grad():
            logits, self.state = self.model.go_on(held[None, : BEFORE + count * PIECE], self.state)
        return logits[0].softmax(dim=1)[:, 1]


def build(classes: int, bands: int) -> SileroVad:
    """Build the network; its weights are for two classes, silence and speech, at 16 kHz."""
    return SileroVad(classes, bands)
