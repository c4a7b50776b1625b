"""The pictures of a sweep: every trial as a line across its settings, and how much each setting explains."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.trial import FrozenTrial

from tasks.plots import save
from tools.experiments.sweep.study import Study
from tools.experiments.sweep.trial import merit_of

#: Ticks along the line of one setting, and the letters of a value beside it.
TICKS, LETTERS = 5, 18


def draw(study: Study, metric: str, path: Path) -> Path:
    """Draw the finished trials of a study, coloured by the metric; beside them what the settings explain."""
    figure = Figure(figsize=(3.2 + 1.8 * len(study.space.searched), 4.4), layout="constrained")
    important = study.importances()
    panels = figure.subplots(1, 2 if important else 1, squeeze=False, width_ratios=[3, 1] if important else [1])[0]
    lines(panels[0], study, metric)
    if important:
        bars(panels[1], important)
    figure.suptitle(f"{' '.join(study.space.fixed)}: {len(study.best_first())} trials trained to their end", fontsize=9)
    return save(figure, path)


def lines(axes: Axes, study: Study, metric: str) -> None:
    """Draw each trial as a line over the settings and the metric, the best ones last and on top."""
    trials = study.best_first()[::-1]
    values = np.array([merit_of(metric, trial.value or 0.0) for trial in trials])
    low, high = values.min(), values.max()
    colours = ScalarMappable(Normalize(low, high if high > low else low + 1), "viridis")
    columns = [*study.space.searched.items()]
    heights = np.array([[place(trial, *column) for column in columns] for trial in trials])
    last = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    for row, end, value in zip(heights, last, values, strict=True):
        axes.plot(range(len(columns) + 1), [*row, end], color=colours.to_rgba(value), linewidth=1.4, alpha=0.9)
    for x, column in enumerate(columns):
        scale(axes, x, ticks(*column))
    scale(axes, len(columns), [(share, f"{low + share * (high - low):.3g}") for share in np.linspace(0, 1, TICKS)])
    axes.set_xticks(range(len(columns) + 1), [*(name for name, _ in columns), metric], fontsize=8)
    axes.set_yticks([])
    axes.set_xlim(-0.1, len(columns) + 0.4)
    axes.spines[:].set_visible(False)


def place(trial: FrozenTrial, name: str, distribution: BaseDistribution) -> float:
    """Return where a trial lies along the line of a setting, 0 to 1."""
    return along(distribution, trial.params[name])


def along(distribution: Any, value: Any) -> float:
    """Return where a value lies in a distribution, 0 to 1."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices.index(value) / max(1, len(distribution.choices) - 1)
    low, high = distribution.low, distribution.high
    if isinstance(distribution, FloatDistribution) and distribution.log:
        low, high, value = np.log(low), np.log(high), np.log(value)
    return float((value - low) / (high - low)) if high > low else 0.5


def ticks(name: str, distribution: Any) -> list[tuple[float, str]]:
    """Return some values of a setting: where they lie, and how they are written."""
    if isinstance(distribution, CategoricalDistribution):
        return [(along(distribution, value), str(value)[:LETTERS]) for value in distribution.choices]
    log = isinstance(distribution, FloatDistribution) and distribution.log
    spread = np.geomspace if log else np.linspace
    return [
        (along(distribution, value), f"{value:.3g}") for value in spread(distribution.low, distribution.high, TICKS)
    ]


def scale(axes: Axes, x: float, marks: Sequence[tuple[float, str]]) -> None:
    """Draw a line at x with its marks."""
    axes.plot([x, x], [0, 1], color="0.6", linewidth=1, zorder=0)
    for height, text in marks:
        axes.annotate(text, (x, height), (3, 0), textcoords="offset points", fontsize=7, va="center")


def bars(axes: Axes, important: dict[str, float] | Any) -> None:
    """Draw how much of the differences each setting explains."""
    names = [*important][::-1]
    axes.barh(range(len(names)), [important[name] for name in names], color="C0")
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xlabel("share of the differences explained", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
