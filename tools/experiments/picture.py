"""The picture of a comparison: speed against accuracy, size against accuracy, the frontier marked."""

from pathlib import Path
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from tasks.plots import LINES, save
from tools.experiments.contest import Contest
from zoo import quantities
from zoo.errors import counted

#: Letters of a line of the title, so that it is no wider than what is drawn.
LETTERS = 120
#: Rounds in which the names are pushed apart.
ROUNDS = 500
#: What is drawn along x: the field of an entry, its title, and the factor from its unit.
COSTS = (("latency", "latency of one sample, ms", 1e3), ("size", "weights, MB", 1e-6))


def draw(contest: Contest, path: Path) -> Path:
    """Draw every finished model by latency (left) and by size (right); filled points are on the frontier."""
    figure = Figure(figsize=(12, 4.6), layout="constrained")
    for axes, cost in zip(figure.subplots(1, 2), COSTS, strict=True):
        panel(axes, contest, *cost)
    figure.suptitle(title(contest), fontsize=9)
    return save(figure, path)


def title(contest: Contest, letters: int = LETTERS) -> str:
    """Say what was asked, for how long each was trained, and on which machine, in lines of so many `letters`."""
    seeds = "one seed" if contest.seeds == 1 else f"median of {contest.seeds} seeds"
    machine = f"{counted(contest.hardware['threads'], 'thread')} of {contest.hardware['processor']}"
    time = f"{quantities.duration(contest.budget)} of training each" if contest.budget else "the same epochs"
    asked = f"{' '.join(contest.words)}: {time}, {seeds}"
    return f"{fill(asked, letters)}\n{machine}"


def panel(axes: Axes, contest: Contest, cost: str, label: str, factor: float) -> None:
    """Draw the models against one cost; the names keep clear of each other and of the points."""
    from adjustText import adjust_text

    leading = contest.best_by_cost(cost)
    points: list[Line2D] = []
    labels: list[Text] = []
    names = sorted(entry.model for entry in contest.finished())
    for entry in contest.finished():
        colour = LINES[names.index(entry.model) % len(LINES)]
        x = getattr(entry, cost) * factor
        axes.plot([x, x], [min(entry.values), max(entry.values)], color=colour, linewidth=1)
        points += axes.plot(x, entry.value, "o", color=colour, markerfacecolor=colour if entry in leading else "white")
        labels.append(axes.text(x, entry.value, entry.model, fontsize=8))
    if leading:
        line = [(getattr(e, cost) * factor, e.value) for e in leading]
        axes.plot(*zip(*line, strict=True), "--", color="#999999", linewidth=1, zorder=0)
    axes.set(xlabel=label, ylabel=contest.metric.removeprefix("test/"), xscale="log")
    axes.margins(x=0.2)
    axes.grid(alpha=0.3)
    if labels:
        axes.figure.canvas.draw()  # places are chosen in pixels, which are known once the layout is
        arrow = {"arrowstyle": "-", "color": "#999999", "linewidth": 0.5}
        adjust_text(labels, objects=points, ax=axes, expand=(1.1, 1.5), iter_lim=ROUNDS, arrowprops=arrow)
