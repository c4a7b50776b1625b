"""Curves of training: the losses by step and the validation metrics by epoch, from the log of the run."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tasks.plots import LINES, save

Series = dict[str, list[tuple[float, float]]]


def read(log: Path) -> Series:
    """Read the CSV log of a run: by name, the points (step, value); a run of a few steps logs nothing."""
    series: Series = defaultdict(list)
    if log.exists():
        with log.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for name, value in row.items():
                    if value and name not in ("step", "epoch"):
                        series[name].append((float(row["step"]), float(value)))
    return series


def draw(path: Path, log: Path, metrics: Sequence[str], seconds: float) -> Path | None:
    """Draw the losses (left) and validation metrics (right) from the log of a run that trained for so many seconds.

    Nothing is drawn where nothing was logged.
    """
    series = read(log)
    if not series:
        return None
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    curves(left, {name: points for name, points in series.items() if name.startswith("train/")}, "loss")
    validation = {f"val/{metric}" for metric in metrics}
    curves(right, {name: points for name, points in series.items() if name in validation}, "validation")
    steps = 1 + max(step for points in series.values() for step, _ in points)
    minutes = seconds / 60 / steps
    if minutes > 0:
        above = right.secondary_xaxis("top", functions=(lambda x: x * minutes, lambda x: x / minutes))
        above.set_xlabel("minutes of training")
    return save(figure, path)


def curves(axes: Axes, series: Series, label: str) -> None:
    """Draw named series against the step."""
    for (name, points), colour in zip(series.items(), LINES, strict=False):
        axes.plot(
            *zip(*points, strict=True),
            label=name.split("/", 1)[1],
            color=colour,
            marker="." if len(points) < 60 else "",
        )
    axes.set(xlabel="step", ylabel=label)
    axes.grid(alpha=0.3)
    if series:
        axes.set_xlim(left=0)
        axes.legend(frameon=False)
