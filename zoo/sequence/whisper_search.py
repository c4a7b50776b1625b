"""Whisper's search: the likeliest token one after another, with times where they are asked for, and windows put together.

The rules are those of https://github.com/openai/whisper (MIT), `decoding.py` and `transcribe.py`, written anew: marks of time
come in pairs and rise; a window ends where its last whole segment ends, and the next begins there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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
        times = [token for token in row if token >= marks.first_time]
        last = bool(row) and row[-1] >= marks.first_time
        before = len(row) < 2 or row[-2] >= marks.first_time
        if not row:
            logits[b, : marks.first_time] = -torch.inf
            logits[b, marks.first_time + int(LATEST / STEP) + 1 :] = -torch.inf
        elif last and before:
            logits[b, marks.first_time :] = -torch.inf  # a pair is whole: text follows
        elif last:
            logits[b, : marks.end] = -torch.inf  # an end without its begin: no text
        if times:
            rising = times[-1] if last and not before else times[-1] + 1
            logits[b, marks.first_time : rising] = -torch.inf
    logs = logits.log_softmax(dim=1)
    timed = logs[:, marks.first_time :].logsumexp(dim=1) > logs[:, : marks.first_time].amax(dim=1)
    logits[:, : marks.first_time] = logits[:, : marks.first_time].masked_fill(timed[:, None], -torch.inf)
    return logits


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
    if ended:
        cuts.append(len(tokens))
    found, start = [], 0
    for cut in cuts:
        part = list(tokens[start:cut])
        text = [token for token in part if token < marks.end]
        times = [marks.seconds(token) for token in part if token >= marks.first_time]
        if text and times:
            found.append((min(times[0], seconds), min(times[-1], seconds), text))
        start = cut
    if cuts and not ended:
        return found, max(STEP, min(seconds, marks.seconds(tokens[cuts[-1] - 1])))
    if not cuts and (text := [token for token in tokens if token < marks.end]):
        found.append((0.0, seconds, text))
    return found, seconds
