"""Whisper's search: the likeliest token one after another, with times where they are asked for, and windows put together.

The rules are those of https://github.com/openai/whisper (MIT), `decoding.py` and `transcribe.py`, written anew: marks of time
come in pairs and rise; a window ends where its last whole segment ends, and the next begins there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from torch import Tensor

from zoo.sequence.whisper_marks import STEP, Marks

#: Probability of silence, and mean log-probability of the text, at which a window counts as silent.
SILENT, SURE = 0.6, -1.0
#: Tokens a window at most, and the latest first time, in seconds.
LONGEST, LATEST = 224, 1.0
#: A text that says the same so many times in a row has gone wrong, and ends there.
REPEATS = 6


@dataclass(frozen=True)
class Segment:
    """What was said from `begin` to `end`, seconds in the recording."""

    begin: float
    end: float
    text: str


@dataclass
class Row:
    """Tokens that are being written, the log-probability of them all, and whether the end was reached."""

    tokens: list[int] = field(default_factory=list)
    log: float = 0.0
    ended: bool = False

    def take(self, token: int, log: float, end: int) -> None:
        """Write one more token, unless the row has ended; one that repeats itself ends."""
        if self.ended:
            return
        self.log += log
        self.ended = token == end or repeats([*self.tokens, token])
        self.tokens += [] if token == end else [token]

    def heard(self, silence: float) -> "Heard":
        """Return what was written, with the probability that nothing was said."""
        sure = self.log / (len(self.tokens) + 1)
        return Heard(tuple(self.tokens), silence > SILENT and sure < SURE)


@dataclass(frozen=True)
class Heard:
    """The tokens of a window without what they begin with and the end, and whether it counts as silent."""

    tokens: tuple[int, ...]
    silent: bool


def constrain(logits: Tensor, rows: Sequence[Sequence[int]], marks: Marks) -> Tensor:
    """Return logits (B, V) where what the marks of time forbid behind the tokens of each row is -inf."""
    logits = logits.clone()
    logits[:, marks.no_times] = -torch.inf
    for b, row in enumerate(rows):
        for part in forbidden(row, marks):
            logits[b, part] = -torch.inf
    logs = logits.log_softmax(dim=1)
    timed = logs[:, marks.first_time :].logsumexp(dim=1) > logs[:, : marks.first_time].amax(dim=1)
    logits[:, : marks.first_time] = logits[:, : marks.first_time].masked_fill(timed[:, None], -torch.inf)
    return logits


def forbidden(row: Sequence[int], marks: Marks) -> Iterator[slice]:
    """Yield the tokens that must not follow on a row: times come in pairs, text between them, and never fall."""
    first = marks.first_time
    if not row:
        yield slice(first)
        yield slice(first + int(LATEST / STEP) + 1, None)
        return
    opens = len(row) < 2 or row[-2] >= first  # a time now would begin a segment
    if row[-1] >= first:
        yield slice(first, None) if opens else slice(marks.end)
    if times := [token for token in row if token >= first]:
        yield slice(first, times[-1] if row[-1] >= first and not opens else times[-1] + 1)


def repeats(row: Sequence[int]) -> bool:
    """Tell whether the end of a row is the same few tokens over and over."""
    return any(
        len(row) >= size * REPEATS and all(row[-size:] == row[-size * i - size : -size * i] for i in range(1, REPEATS))
        for size in range(1, 9)
    )


def segments_of(
    tokens: Sequence[int], marks: Marks, seconds: float
) -> tuple[list[tuple[float, float, list[int]]], float]:
    """Return begin, end and tokens of each segment of a window that holds so many seconds, and where the next begins.

    A window that ends within a segment is heard again from that segment's begin; without any pair of times all of it is one.
    """
    timed = [token >= marks.first_time for token in tokens]
    cuts = [i + 1 for i, (one, other) in enumerate(pairwise(timed)) if one and other]
    ended = timed[-2:] == [False, True]
    ends = [*cuts, len(tokens)] if ended or not cuts else cuts
    parts = [tokens[start:end] for start, end in pairwise([0, *ends])]
    found = [segment for part in parts if (segment := segment_of(part, marks, seconds, bool(cuts) or ended))]
    if cuts and not ended:
        return found, max(STEP, min(seconds, marks.seconds(tokens[cuts[-1] - 1])))
    return found, seconds


def segment_of(part: Sequence[int], marks: Marks, seconds: float, timed: bool) -> tuple[float, float, list[int]] | None:
    """Return begin, end and text tokens of a part of a window, or None without text; without times it is all of the window."""
    text = [token for token in part if token < marks.end]
    times = (
        [min(marks.seconds(token), seconds) for token in part if token >= marks.first_time] if timed else [0.0, seconds]
    )
    return (times[0], times[-1], text) if text and times else None
