"""Splits in time: what comes later is never in training, and a forecast is judged where nothing was learnt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recipes.series.series import SPLITS, UNLABELLED, Series
from recipes.series.times import stamp
from zoo.errors import ZooError


@dataclass(frozen=True)
class Timed:
    """A series with the time of each step, (T,) seconds."""

    series: Series
    times: np.ndarray


def split_in_time(
    every: Sequence[Timed], shares: tuple[float, float], window: int, horizon: int
) -> tuple[dict[str, list[Series]], str]:
    """Divide at two moments, the same for all series, so that val and test are the last shares of the time.

    Training series end before the first moment. A window of val or test has its `horizon` steps inside its own part, one
    behind the other without overlap; the `window` steps before it may reach into what was already known then.
    """
    val, test = shares
    if min(val, test) <= 0 or val + test >= 1:
        raise ZooError(f"data.shares=[{val}, {test}] must be shares of val and test above 0, together less than 1")
    first, last = min(one.times[0] for one in every), max(one.times[-1] for one in every)
    moments = [last - (val + test) * (last - first), last - test * (last - first), np.inf]
    parts: dict[str, list[Series]] = {part: [] for part in SPLITS}
    for one in every:
        ends = [int(np.searchsorted(one.times, moment)) for moment in moments]
        if ends[0] >= window + horizon:
            parts["train"].append(one.series.cut(0, ends[0]))
        for part, start, end in zip(SPLITS[1:], ends, ends[1:], strict=False):
            parts[part] += windows(one, (start, end), window, horizon)
    refuse_empty(parts, window, horizon)
    note = f"split in time: training ends before {stamp(moments[0])}, validation before {stamp(moments[1])}"
    return parts, note


def windows(one: Timed, inside: tuple[int, int], window: int, horizon: int) -> list[Series]:
    """Return windows whose last `horizon` steps lie between two steps, end to end."""
    begins = range(max(inside[0], window), inside[1] - horizon + 1, horizon)
    made = []
    for begin in begins:
        cut = one.series.cut(begin - window, begin + horizon)
        made.append(Series(f"{one.series.name} {stamp(one.times[begin])}", cut.values))
    return made


def refuse_empty(parts: Mapping[str, Sequence[Series]], window: int, horizon: int) -> None:
    """Refuse a split that holds no window."""
    for part, series in parts.items():
        if not series:
            raise ZooError(
                f"no window of data.window={window} and data.horizon={horizon} steps fits into {part};"
                " take shorter ones, or another data.shares"
            )


def judged_from(series: Series, start: int) -> Series:
    """Return a series whose steps before one are not judged; the others are normal where nothing is said of them."""
    steps = np.zeros(len(series.values), np.int64) if series.steps is None else series.steps.copy()
    steps[:start] = UNLABELLED
    return replace(series, steps=steps)


def in_turn(series: Sequence[Series], shares: tuple[float, float]) -> tuple[dict[str, list[Series]], str]:
    """Cut each series into training, validation and test, of which the last two have these shares of it.

    A detector meets validation and test with all that came before in sight, as in use; steps before them are not judged.
    """
    parts: dict[str, list[Series]] = {part: [] for part in SPLITS}
    ends = (1 - shares[0] - shares[1], 1 - shares[1], 1.0)
    for one in series:
        start = 0
        for part, share in zip(SPLITS, ends, strict=True):
            end = round(share * len(one.values))
            if end > start:
                own = replace(one.cut(0, end), group="")  # time divides what a group holds together
                parts[part].append(own if part == "train" else judged_from(own, start))
            start = end
    return parts, "split in time, each series by itself: training, then validation, then test"
