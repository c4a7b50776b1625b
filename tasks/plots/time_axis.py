"""The axis of time under a series: dates where steps have such, else their numbers."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

#: Seconds that are a date; smaller numbers count something else.
DATED = 1e8


def positions(times: np.ndarray | None, steps: int) -> np.ndarray:
    """Return where the last of `steps` of a series (T,) stand on the axis: dates, the numbers of their times, or of steps."""
    if times is None or len(times) < steps:
        return np.arange(steps)
    last = times[len(times) - steps :]
    return last.astype("datetime64[s]") if steps and np.abs(last).min() >= DATED else last


def show_times(axes: Axes, at: np.ndarray) -> None:
    """Label the axis of these positions."""
    axes.tick_params(labelsize=7)
    if at.dtype.kind == "M":
        locator = AutoDateLocator(minticks=3, maxticks=6)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        axes.xaxis.get_offset_text().set_fontsize(7)
    else:
        axes.set_xlabel("step", fontsize=7)
