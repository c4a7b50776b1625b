"""Where someone speaks in a recording: chances of speech, a piece at a time, become stretches."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor

from zoo.inference.answers import Answer, Speech
from zoo.inference.predictor import Batch
from zoo.sequence.silero_vad import PIECE, RATE, Listener, SileroVad

#: Seconds that are heard at a time; a stretch ends after so much silence, and no later than its longest.
BLOCK, SILENCE, LONGEST = 10.0, 0.3, 20.0
#: Chances of speech at which a stretch begins, and below which it may end.
BEGINS, ENDS = 0.5, 0.35
#: Shorter stretches are clicks.
SHORTEST = 0.1


class Stretch(NamedTuple):
    """Someone speaks from `start` to `end`, seconds."""

    start: float
    end: float


class Finder:
    """Chances of speech, a piece at a time, to stretches: they begin above one chance and end after silence below another."""

    def __init__(self, piece: float = PIECE / RATE) -> None:
        self.piece, self.time = piece, 0.0
        self.start: float | None = None
        self.last = 0.0

    def step(self, chance: float) -> Stretch | None:
        """Hear one piece more; return the stretch that it ends."""
        self.time += self.piece
        if chance >= (BEGINS if self.start is None else ENDS):
            self.last = self.time
            if self.start is None:
                self.start = self.time - self.piece
        if self.start is None or (self.time - self.last < SILENCE and self.time - self.start < LONGEST):
            return None
        return self.close()

    def close(self) -> Stretch | None:
        """End the stretch that is open, if there is one that is no click."""
        start, self.start = self.start, None
        return None if start is None or self.last - start < SHORTEST else Stretch(round(start, 3), round(self.last, 3))

    @property
    def begun(self) -> float:
        """When the open stretch began; without one, the time that was heard."""
        return self.time if self.start is None else self.start


def stretches(model: SileroVad, blocks: Iterable[Tensor], finder: Finder) -> Iterator[Stretch]:
    """Yield stretches as they end in blocks of samples (T,), each block read when what ended before it was taken."""
    listener, heard = Listener(model), 0
    for block in blocks:
        heard += len(block)
        yield from filter(None, map(finder.step, listener.push(block).tolist()))
    yield from filter(None, map(finder.step, listener.push(torch.zeros(0), last=True).tolist()))
    if (last := finder.close()) is not None:
        yield last._replace(end=min(last.end, heard / RATE))


class DetectSpeech:
    """Answers recordings with where someone speaks; nothing is trained for it."""

    gives: ClassVar[type[Answer]] = Speech

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)

    def restore(self, learnt: Mapping[str, Any]) -> None:
        """Take nothing: nothing is learnt beside the weights."""

    def respond(self, model: Any, batch: Batch) -> list[list[Stretch]]:
        """Return the stretches of each recording of a batch."""
        waves = [row[:length, 0] for row, length in zip(batch["inputs"], batch["lengths"].tolist(), strict=True)]
        return [list(stretches(model, wave.split(round(BLOCK * RATE)), Finder())) for wave in waves]

    def answers(self, outputs: list[list[Stretch]], batch: Batch) -> list[Speech]:
        """Return the stretches as answers."""
        return [Speech([one.start for one in row], [one.end for one in row]) for row in outputs]
