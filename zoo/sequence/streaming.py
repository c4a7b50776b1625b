"""Statistics of a stream: at every step, of what came up to it and nothing after.

How far a step lies from its past is what the windowed Gaussian of the Numenta Anomaly Benchmark asks, Lavin and Ahmad 2015,
https://arxiv.org/abs/1510.03336.
"""

import torch
from torch import Tensor

from zoo.sequence.masking import valid

#: Steps before a stream is judged, and the deviations beyond which more says nothing.
WARM, MOST = 100, 1e4


def running(values: Tensor, span: int) -> tuple[Tensor, Tensor]:
    """Return mean and deviation (B, T, F) of the last `span` steps of values (B, T, F), the step itself among them."""
    exact = values.double() - values[:, :1].double()  # near 0, so that squares keep their digits
    ends = torch.arange(1, values.shape[1] + 1, device=values.device)
    count = ends.clamp(max=span)[:, None]
    mean = trailing(exact, span) / count
    square = trailing(exact.square(), span) / count - mean.square()
    return (mean + values[:, :1]).to(values), square.clamp(min=0).sqrt().to(values)


def trailing(values: Tensor, span: int) -> Tensor:
    """Return the sum of the last `span` steps at every step of values (B, T, F)."""
    total = values.cumsum(dim=1)
    before = torch.nn.functional.pad(total, (0, 0, span, 0))[:, : values.shape[1]]
    return total - before


def apart(values: Tensor, span: int) -> Tensor:
    """Return how far each of values (B, T, F) lies from the mean of the `span` before it, in their deviations.

    The first `WARM` are 0: too little has been seen to say. A deviation is at least a thousandth of what was seen so far.
    """
    mean, deviation = (torch.cat([part[:, :1], part[:, :-1]], dim=1) for part in running(values, span))
    largest = torch.cat([values[:, :1], values[:, :-1]], dim=1).abs().cummax(dim=1).values
    found = (values - mean).abs() / torch.maximum(deviation, 1e-3 * largest).clamp(min=1e-12)
    warm = torch.arange(values.shape[1], device=values.device) < WARM
    return found.masked_fill(warm[:, None], 0.0).clamp(max=MOST)


def unusual(scores: Tensor, lengths: Tensor, span: int, rest: int) -> Tensor:
    """Return how far scores (B, T) lie from the usual ones of their series, in deviations; 0 behind the lengths.

    A detector that is always excited must be more excited to be heard. With `rest`, a score that does not exceed all of
    the last so many is -1: one alarm for one event, as whoever is called by it wants.
    """
    inside = valid(lengths, scores.shape[1])
    found = apart(scores.masked_fill(~inside, 0.0)[..., None], span)[..., 0]
    return rested(found, rest).masked_fill(~inside, 0.0)


def rested(scores: Tensor, rest: int) -> Tensor:
    """Return scores (B, T) where they exceed all of the last `rest` ones, elsewhere -1; as they are without a rest."""
    if rest == 0:
        return scores
    before = torch.cat([scores.new_full((len(scores), rest), -1.0), scores[:, :-1]], dim=1)
    highest = torch.nn.functional.max_pool1d(before[:, None], rest, 1)[:, 0, : scores.shape[1]]
    return torch.where(scores > highest, scores, -1.0)


def history(values: Tensor, window: int) -> Tensor:
    """Return for every step of values (B, T) the last `window` ones, (B, T, W); before the first lies the first again."""
    before = values[:, :1].expand(-1, window - 1)
    return torch.cat([before, values], dim=1).unfold(1, window, 1)
