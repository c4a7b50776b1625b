"""Pictures of forecasts: the past, the true future, and the fan of quantiles around the median."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tasks.plots import FALSE_ALARM, LINES, caption, save
from tasks.plots.time_axis import positions, show_times
from tasks.results.forecast import ForecastResult

SHEET = (3, 3)


def draw(path: Path, results: Sequence[ForecastResult], data: Any) -> Path:
    """Draw nine windows, spread from the best foreseen to the worst; of several columns that which was foreseen worst."""
    ranked = sorted(results, key=lambda one: one.error)
    rows, columns = SHEET
    count = min(rows * columns, len(ranked))
    chosen = [ranked[round(i * (len(ranked) - 1) / max(count - 1, 1))] for i in range(count)]
    figure = Figure(figsize=(4.2 * columns, 2.9 * rows), layout="constrained")
    every, names = figure.subplots(rows, columns).flatten(), data.axis_names()
    for axes, one in zip(every, chosen, strict=False):
        errors = one.errors
        column = int(errors.argmax())
        draw_window(axes, one, column, data.axis_times(one.name))
        said = f"error {float(errors[column]):.2f} of the naive one"
        axes.set_title(caption(one.name, said), fontsize=8)
        axes.set_ylabel(caption(names[column], width=26), fontsize=8)
    for axes in every[count:]:
        axes.set_axis_off()
    lines = (("known", "black"), ("true", FALSE_ALARM), ("foreseen: median and quantiles", LINES[0]))
    handles = [Line2D([], [], color=colour, label=label) for label, colour in lines]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return save(figure, path)


def draw_window(axes: Axes, one: ForecastResult, column: int, times: np.ndarray | None) -> None:
    """Draw one column of a window."""
    T, H, Q = len(one.past), len(one.future), one.said.shape[-1]
    shown = min(T, 4 * H)
    at = positions(times, T + H)
    axes.plot(at[T - shown : T], one.past[T - shown :, column], color="black", linewidth=1)
    ahead, said = at[T:], one.said[:, column]
    for low in range(Q // 2):
        axes.fill_between(ahead, said[:, low], said[:, Q - 1 - low], color=LINES[0], alpha=0.15, linewidth=0)
    axes.plot(ahead, said[:, Q // 2], color=LINES[0])
    axes.plot(ahead, one.future[:, column], color=FALSE_ALARM, linewidth=1)
    show_times(axes, at)
