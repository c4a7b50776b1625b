"""Deep Speech 2 over a stream: samples as they come go in, logits as early as they are certain come out.

Each layer that mixes time keeps the inputs that it still needs, and gives a step out once the last input of it is here;
so what comes out, put together, is what the model says of the whole recording at once.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from zoo.errors import ZooError
from zoo.sequence.deep_speech2 import DeepSpeech2
from zoo.sequence.masking import MaskedBatchNorm, TimeConv


class Window:
    """The inputs (1, T, …) that a layer with this kernel, stride and zeros at both ends over time still needs."""

    def __init__(self, kernel: int, stride: int, before: int, after: int) -> None:
        self.kernel, self.stride, self.before, self.after = kernel, stride, before, after
        self.kept: Tensor | None = None

    def push(self, steps: Tensor, last: bool) -> Tensor | None:
        """Return the inputs of all steps that can come out now, or None when that is none."""
        parts = [self.silence(steps, self.before) if self.kept is None else self.kept, steps]
        held = torch.cat([*parts, self.silence(steps, self.after)] if last else parts, dim=1)
        count = (held.shape[1] - self.kernel) // self.stride + 1 if held.shape[1] >= self.kernel else 0
        self.kept = held[:, count * self.stride :]
        return held[:, : (count - 1) * self.stride + self.kernel] if count else None

    @staticmethod
    def silence(steps: Tensor, count: int) -> Tensor:
        """Return so many steps of zeros."""
        return steps.new_zeros(1, count, *steps.shape[2:])


class Stream:
    """One recording that is still going on, heard by a Deep Speech 2 that was built with `streaming`.

    `push` takes samples (T, F) and returns logits (T', K) of the steps that became certain, `finish` those that remain.
    """

    def __init__(self, model: DeepSpeech2) -> None:
        if model.ahead is None:
            raise ZooError(
                "only a Deep Speech 2 built with model.streaming=true hears a stream; the other needs the end"
            )
        self.model: Any = model.eval()  # its lists of layers are typed as modules of any kind
        convolutions: Any = model.convolutions
        logmel = model.front.logmel
        self.frames = Window(logmel.size, logmel.hop, logmel.size // 2, logmel.size // 2)
        self.convolved = [
            Window((c.kernel_size[0] - 1) * c.dilation[0] + 1, c.stride[0], c.edges[2], c.edges[3])
            for c in convolutions
        ]
        self.states: list[Tensor | None] = [None] * len(model.recurrences)
        self.seen = Window(model.ahead.reach + 1, 1, 0, model.ahead.reach)

    def push(self, samples: Tensor, last: bool = False) -> Tensor:
        """Return logits (T', K) that these samples (T, F) made certain; T' may be 0."""
        with torch.no_grad():
            steps: Tensor | None = samples[None]
            layers: list[tuple[Window, Callable[[Tensor], Tensor]]] = [(self.frames, self.spectrogram)]
            for window, convolution, norm in zip(
                self.convolved, self.model.convolutions, self.model.norms, strict=True
            ):
                layers.append((window, layer(convolution, norm)))
            layers.append((self.seen, self.logits))
            for index, (window, compute) in enumerate(layers):
                if index == len(layers) - 1:
                    steps = self.recurrent(steps)
                found = window.push(self.nothing(index) if steps is None else steps, last)
                steps = None if found is None else compute(found)
            return steps[0] if steps is not None else samples.new_zeros(0, self.model.classifier.out_features)

    def finish(self) -> Tensor:
        """Return the logits (T', K) of the steps that waited for more."""
        return self.push(torch.zeros(0, self.model.front.features), last=True)

    def nothing(self, index: int) -> Tensor:
        """Return no steps at all, in the shape that the layer `index` takes: frames, then maps, then steps."""
        convolutions = self.model.convolutions
        if index > len(convolutions):
            return torch.zeros(1, 0, self.model.norm.num_features)
        bands = self.model.front.logmel.bands
        for convolution in convolutions[: index - 1]:
            bands = -(-bands // convolution.stride[1])
        return torch.zeros(1, 0, convolutions[index - 1].in_channels, bands)

    def spectrogram(self, samples: Tensor) -> Tensor:
        """Return normalised frames (1, T', F, M) of samples (1, T, F)."""
        front = self.model.front
        logs = front.logmel.energies(samples[0].T)  # (F, T', M)
        level = nn.BatchNorm2d.forward(front.level, logs.permute(2, 1, 0)[None])  # (1, M, T', F)
        return level.permute(0, 2, 3, 1)

    def recurrent(self, steps: Tensor | None) -> Tensor | None:
        """Return steps (1, T, C) behind the recurrent layers, which go on from where they were."""
        if steps is None:
            return None
        steps = steps.flatten(2)
        for index, recurrence in enumerate(self.model.recurrences):
            normal = nn.BatchNorm2d.forward(recurrence.norm, steps.transpose(1, 2)[..., None])[..., 0].transpose(1, 2)
            steps, self.states[index] = recurrence.layer.forwards[0](normal, self.states[index])
        return steps

    def logits(self, steps: Tensor) -> Tensor:
        """Return logits (1, T, K) of steps (1, T + reach, C)."""
        model = self.model
        looked = nn.Conv1d.forward(model.ahead, steps.transpose(1, 2))
        normal = nn.BatchNorm2d.forward(model.norm, looked[..., None])[..., 0]
        return model.classifier(normal.transpose(1, 2))


def layer(convolution: TimeConv, norm: MaskedBatchNorm) -> Callable[[Tensor], Tensor]:
    """Return what a convolution without zeros of its own over time, its normalisation and ReLU make of steps (1, T, C, M)."""
    before, after, _, _ = convolution.edges

    def compute(steps: Tensor) -> Tensor:
        padded = nn.functional.pad(steps.transpose(1, 2), (before, after))  # (1, C, T, M)
        maps = nn.Conv2d.forward(convolution, padded)
        return nn.BatchNorm2d.forward(norm, maps).clamp(0, 20).transpose(1, 2)

    return compute
