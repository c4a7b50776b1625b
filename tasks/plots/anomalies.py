"""Pictures of watched series: values, the labelled anomalies, the alarms."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from tasks.plots import FALSE_ALARM, HIT, LINES, save
from tasks.results.anomalies import AnomalyResult

SERIES = 8


def draw(path: Path, results: Sequence[AnomalyResult], threshold: float) -> Path:
    """Draw series with anomalies first; of several features the first. Blue shade: labelled; red: an alarm outside of it."""
    chosen = sorted(results, key=lambda one: not one.anomalous.any())[:SERIES]
    figure = Figure(figsize=(11, 1.8 * len(chosen)), layout="constrained")
    for axes, one in zip(figure.subplots(len(chosen), squeeze=False)[:, 0], chosen, strict=True):
        low, high = float(one.values[:, 0].min()), float(one.values[:, 0].max())
        axes.plot(one.values[:, 0], color="black", linewidth=0.5)
        axes.fill_between(np.arange(len(one.values)), low, high, where=one.anomalous, color=HIT, alpha=0.4, linewidth=0)
        alarms = np.flatnonzero(one.scores >= threshold)
        hit = one.anomalous[alarms]
        axes.scatter(alarms[hit], one.values[alarms[hit], 0], s=10, color=LINES[0], zorder=3)
        axes.scatter(alarms[~hit], one.values[alarms[~hit], 0], s=10, color=FALSE_ALARM, zorder=3)
        axes.set_title(one.name, fontsize=8)
    return save(figure, path)
