"""Beam search: the likeliest row of tokens that an encoder-decoder writes, held against a few others at each step.

Scores of finished rows are divided by their length to the power of a penalty: Wu et al. 2016,
https://arxiv.org/abs/1609.08144, section 7, in its simple form |Y| ** alpha.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from zoo.sequence.kinds import EncoderDecoder, State
from zoo.sequence.vocabulary import BEGIN, END, NONE, UNKNOWN

#: What is never written.
_MARKS = [NONE, UNKNOWN, BEGIN]


@dataclass(frozen=True)
class Written:
    """A row of tokens (L,) without its end, its score (log-probability over its length), and where each looked, (L, T).

    `ended` is False when it was cut at the limit.
    """

    tokens: tuple[int, ...]
    score: float
    attention: Tensor
    ended: bool


@dataclass(frozen=True)
class Beam:
    """How wide to search, how long rows may become, and the power of their length that scores are divided by."""

    width: int = 4
    longest: int = 100
    penalty: float = 1.0

    @torch.no_grad()
    def search(self, model: EncoderDecoder, inputs: Tensor, lengths: Tensor) -> list[Written]:
        """Return what the model writes for each of inputs (B, T, F) of these lengths (B,)."""
        B, W = len(inputs), self.width
        state = take(model.encode(inputs, lengths), torch.arange(B, device=inputs.device).repeat_interleave(W))
        scores = torch.full((B, W), -torch.inf, device=inputs.device)
        scores[:, 0] = 0.0  # all rows of a beam begin alike: one of them is enough
        rows = inputs.new_full((B * W, 1), BEGIN, dtype=torch.long)
        seen = inputs.new_zeros(B * W, 0, inputs.shape[1], dtype=torch.float)  # (B · W, L, T)
        best: list[Written | None] = [None] * B
        for length in range(1, self.longest + 1):
            logits, state = model.step(rows[:, -1], state)
            origin, token, scores = self.extend(scores, logits.float())
            state = take(state, origin)
            rows = torch.cat([rows[origin], token[:, None]], dim=1)
            seen = torch.cat([seen[origin], state["attention"][:, None]], dim=1)
            ended = token.view(B, W) == END
            for b, w in ended.logical_and(scores.isfinite()).nonzero().tolist():
                best[b] = better(best[b], self.written(b * W + w, rows, seen, scores[b, w], ended=True))
            if self.settled(best, scores := scores.masked_fill(ended, -torch.inf), length):
                break
        return [
            found or self.written(b * W + int(scores[b].argmax()), rows, seen, scores[b].max(), ended=False)
            for b, found in enumerate(best)
        ]

    def extend(self, scores: Tensor, logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return for each place of the beams the row it grows from (B · W,), its token (B · W,), and scores (B, W)."""
        (B, W), K = scores.shape, logits.shape[1]
        logits[:, _MARKS] = -torch.inf
        every = scores[:, :, None] + torch.log_softmax(logits, dim=1).view(B, W, K)
        scores, place = every.view(B, W * K).topk(W, dim=1)
        first = torch.arange(B, device=scores.device)[:, None] * W
        return (first + place // K).flatten(), (place % K).flatten(), scores

    def written(self, row: int, rows: Tensor, seen: Tensor, score: Tensor, ended: bool) -> Written:
        """Return one row as it stands."""
        tokens = rows[row, 1:].tolist()
        value = float(score) / len(tokens) ** self.penalty
        kept = tokens[:-1] if ended else tokens
        return Written(tuple(kept), value, seen[row, : len(kept)], ended)

    def settled(self, best: list[Written | None], scores: Tensor, length: int) -> bool:
        """Say whether in every beam a row has ended that is better than all that still grow, at the length they have."""
        hope = (scores.max(dim=1).values / length**self.penalty).tolist()
        return all(found is not None and found.score >= h for found, h in zip(best, hope, strict=True))


def better(one: Written | None, other: Written) -> Written:
    """Return the one with the higher score."""
    return other if one is None or other.score > one.score else one


def take(state: State, rows: Tensor) -> State:
    """Return these rows of a state."""
    return {name: part.index_select(0, rows) for name, part in state.items()}
