"""Splits in time: what comes later is never in training, and a forecast is judged where nothing was learnt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recipes.kit.split import SPLITS
from recipes.series.series import UNLABELLED, Series
from recipes.series.times import stamp
from zoo.errors import ZooError, agreeing, first_few

#: The share of a reference period on which models are trained; the threshold is learnt on all of it.
TRAINED = 2 / 3
#: So many series are named in a note.
NAMED = 5


@dataclass(frozen=True)
class Timed:
    """A series with the time of each step, (T,) seconds."""

    series: Series
    times: np.ndarray


def split_in_time(
    every: Sequence[Timed], ratios: Sequence[float], window: int, horizon: int
) -> tuple[dict[str, list[Series]], tuple[str, ...]]:
    """Divide at two moments, the same for all series, so that val and test are the last shares of the time.

    Training series end before the first moment. A window of val or test has its `horizon` steps inside its own part, one
    behind the other without overlap; the `window` steps before it may reach into what was already known then.
    """
    first, last = min(one.times[0] for one in every), max(one.times[-1] for one in every)
    _, val, test = ratios
    moments = [last - (val + test) * (last - first), last - test * (last - first), np.inf]
    parts: dict[str, list[Series]] = {part: [] for part in SPLITS}
    used: dict[str, int] = {}
    for one in every:
        ends = [int(np.searchsorted(one.times, moment)) for moment in moments]
        made = {"train": [one.series.cut(0, ends[0])] if ends[0] >= window + horizon else []}
        for part, start, end in zip(SPLITS[1:], ends, ends[1:], strict=False):
            made[part] = windows(one, (start, end), window, horizon)
        for part, series in made.items():
            parts[part] += series
        used[one.series.name] = sum(map(len, made.values()))
    refuse_empty(parts, window, horizon)
    note = f"split in time: training ends before {stamp(moments[0])}, validation before {stamp(moments[1])}"
    return parts, (note, *told_short(every, used, window + horizon))


def told_short(every: Sequence[Timed], used: Mapping[str, int], needed: int) -> tuple[str, ...]:
    """Say which series are in no split, since no part of theirs is as long as a window and its future."""
    short = [f"{one.series.name} ({len(one.times)} steps)" for one in every if not used[one.series.name]]
    if not short:
        return ()
    said = f"[series is|series are] in no split, for no part has {needed} steps (data.window and data.horizon)"
    return (f"{agreeing(len(short), said)}: {first_few(short, NAMED)}",)


def windows(one: Timed, inside: tuple[int, int], window: int, horizon: int) -> list[Series]:
    """Return windows whose last `horizon` steps lie between two steps, end to end."""
    begins = range(max(inside[0], window), inside[1] - horizon + 1, horizon)
    made = []
    for begin in begins:
        inside_it = slice(begin - window, begin + horizon)
        name = f"{one.series.name} {stamp(one.times[begin])}"
        made.append(Series(name, one.series.values[inside_it], times=one.times[inside_it]))
    return made


def refuse_empty(parts: Mapping[str, Sequence[Series]], window: int, horizon: int) -> None:
    """Refuse a split that holds no window."""
    for part, series in parts.items():
        if not series:
            raise ZooError(
                f"no window of data.window={window} and data.horizon={horizon} steps fits into {part};"
                " take shorter ones, or other data.ratios"
            )


def judged_from(series: Series, start: int) -> Series:
    """Return a series whose steps before one are not judged; the others are normal where nothing is said of them."""
    steps = np.zeros(len(series.values), np.int64) if series.steps is None else series.steps.copy()
    steps[:start] = UNLABELLED
    return replace(series, steps=steps)


def in_turn(series: Sequence[Series], ratios: Sequence[float]) -> tuple[dict[str, list[Series]], tuple[str, ...]]:
    """Cut each series into training, validation and test, of which the last two have these shares of it.

    A detector meets validation and test with all that came before in sight, as in use; steps before them are not judged.
    """
    parts: dict[str, list[Series]] = {part: [] for part in SPLITS}
    ends = (ratios[0], ratios[0] + ratios[1], 1.0)
    for one in series:
        cut_in_turn(one, [round(share * len(one.values)) for share in ends], parts)
    return parts, ("split in time, each series by itself: training, then validation, then test",)


def after_reference(series: Sequence[Series], fit: int) -> tuple[dict[str, list[Series]], tuple[str, ...]]:
    """Learn from the first `fit` steps of each series alone, and judge all that follows.

    Two thirds of them are for training, the rest for the threshold.
    """
    parts: dict[str, list[Series]] = {part: [] for part in SPLITS}
    for one in series:
        if len(one.values) <= fit:
            raise ZooError(
                f"series {one.name!r} has {len(one.values)} steps, and data.fit={fit} would leave none to be judged"
            )
        cut_in_turn(one, [round(TRAINED * fit), fit, len(one.values)], parts)
    return parts, (
        f"what is normal is learnt from the first {fit} steps of each series (data.fit); the rest is the test",
    )


def cut_in_turn(one: Series, ends: Sequence[int], parts: Mapping[str, list[Series]]) -> None:
    """Add to each part the series up to its end, judged from where the part before ends."""
    start = 0
    for part, end in zip(SPLITS, ends, strict=True):
        if end > start:
            own = replace(one.cut(0, end), group="")  # time divides what a group holds together
            parts[part].append(own if part == "train" else judged_from(own, start))
        start = end
