"""Pictures of watched series: values over time, the labelled anomalies, the alarms."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from tasks.plots import FALSE_ALARM, HIT, LINES, caption, save
from tasks.plots.time_axis import positions, show_times
from tasks.results.anomalies import AnomalyResult

#: Series in a picture, and sensors of each.
SERIES, SENSORS = 8, 3


def draw(path: Path, results: Sequence[AnomalyResult], threshold: float, data: Any) -> Path:
    """Draw series with anomalies first. Blue shade: labelled; a point: an alarm, red outside of what is labelled.

    Of many sensors those are shown that were furthest from their middle when something was labelled or alarmed.
    """
    chosen = sorted(results, key=lambda one: not one.anomalous.any())[:SERIES]
    rows = [(one, sensor) for one in chosen for sensor in telling(one, threshold)]
    names = data.axis_names()
    figure = Figure(figsize=(11, 1.6 * len(rows) + 0.7), layout="constrained")
    for axes, (one, sensor) in zip(figure.subplots(len(rows), squeeze=False)[:, 0], rows, strict=True):
        draw_sensor(axes, one, sensor, threshold, data.axis_times(one.name))
        axes.set_title(caption(one.name, width=100), fontsize=8)
        axes.set_ylabel(caption(names[sensor], width=18), fontsize=8)
    figure.legend(handles=legend(), loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return save(figure, path)


def legend() -> list[Artist]:
    """Return what the shade and the points stand for."""
    alarms = ((LINES[0], "alarm in it"), (FALSE_ALARM, "false alarm"))
    points = [
        Line2D([], [], color=colour, marker="o", markersize=4, linestyle="", label=word) for colour, word in alarms
    ]
    return [Patch(color=HIT, alpha=0.4, linewidth=0, label="labelled as anomalous"), *points]


def telling(one: AnomalyResult, threshold: float) -> list[int]:
    """Return the sensors that are shown, in their order."""
    steps = one.anomalous | (one.scores >= threshold)
    if not steps.any():
        return list(range(one.values.shape[1]))[:SENSORS]
    middle, spread = np.median(one.values, axis=0), one.values.std(axis=0)
    apart = np.abs(one.values[steps] - middle).mean(axis=0) / np.where(spread > 0, spread, 1)
    return sorted(np.argsort(-apart, kind="stable")[:SENSORS].tolist())


def draw_sensor(axes: Axes, one: AnomalyResult, sensor: int, threshold: float, times: np.ndarray | None) -> None:
    """Draw one sensor of a series."""
    values, at = one.values[:, sensor], positions(times, len(one.values))
    axes.plot(at, values, color="black", linewidth=0.5)
    axes.fill_between(at, values.min(), values.max(), where=one.anomalous.tolist(), color=HIT, alpha=0.4, linewidth=0)
    alarms = np.flatnonzero(one.scores >= threshold)
    hit = one.anomalous[alarms]
    axes.scatter(at[alarms[hit]], values[alarms[hit]], s=10, color=LINES[0], zorder=3)
    axes.scatter(at[alarms[~hit]], values[alarms[~hit]], s=10, color=FALSE_ALARM, zorder=3)
    show_times(axes, at)
