"""The picture of a compression: cost against metric for all candidates, and the samples that look least alike, side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tasks.plots import LINES, caption, save
from tools.compress.evidence import Evidence
from tools.compress.report import Report
from tools.compress.verdict import Pruned

if TYPE_CHECKING:
    from tasks.resampling import Answered

#: The rows in which names are written, and how far one is above the other, points.
ROWS, HIGHER = 4, 9
#: Inches of a line of the picture of sensitivities.
LINE = 0.13
ACCEPTED, REFUSED = LINES[2], LINES[1]


def draw(path: Path, report: Report, evidence: Evidence, answered: "Sequence[Answered] | None") -> Path:
    """Draw the candidates, what each layer is to a pruned one, and the truth, the original and what was kept for its worst
    samples.
    """
    worst = report.chosen.worst if report.chosen and answered else ()
    heights = [
        3.4,
        *([LINE * len(report.pruned.sensitivity) + 1.2] if report.pruned else []),
        *([2.9 * 3] if worst else []),
    ]
    figure = Figure(figsize=(3.2 * max(3, len(worst)), sum(heights)), layout="constrained")
    made: Any = figure.subfigures(len(heights), 1, height_ratios=heights)
    parts = [made] if len(heights) == 1 else list(made)
    costs(parts.pop(0).subplots(), report)
    if report.pruned:
        sensitivity(parts.pop(0).subplots(), report.pruned, report.metric)
    if parts and answered is not None:
        names = [name for name, _ in worst]
        rows = parts[0].subplots(3, len(worst), squeeze=False)
        for column, name in zip(rows.T, names, strict=True):
            beside(column, evidence, answered, name)
        for axes, title in zip(rows[:, 0], ("truth", "as trained", report.kept), strict=True):
            axes.annotate(
                caption(title, width=26), (-0.06, 0.5), xycoords="axes fraction", rotation=90, ha="right", va="center"
            )
    return save(figure, path)


def sensitivity(axes: Axes, pruned: Pruned, metric: str) -> None:
    """Draw by group of channels what the metric loses without some of them alone, beside how many were left."""
    pairs = sorted(pruned.sensitivity.items(), key=lambda pair: pair[1])
    axes.barh([name for name, _ in pairs], [loss for _, loss in pairs], color=LINES[0])
    for place, (name, loss) in enumerate(pairs):
        left = "{} of {}".format(*pruned.channels[name]) if name in pruned.channels else "all"
        axes.annotate(left, (max(loss, 0), place), (3, 0), textcoords="offset points", va="center", fontsize=6)
    axes.tick_params(axis="y", labelsize=6)
    axes.set(xlabel=f"loss of {metric} without {pruned.probed:.0%} of these channels alone; how many were left")
    axes.margins(x=0.15)


def costs(axes: Axes, report: Report) -> None:
    """Draw latency, or bytes where it was not measured, against the metric, with its interval."""
    timed = all(one.speed for one in report.candidates)
    for number, one in enumerate(report.candidates):
        x = one.speed.p50 * 1e3 if timed and one.speed else one.bytes / 1e6
        colour = LINES[-1] if one is report.original else ACCEPTED if one.accepted else REFUSED
        axes.plot([x, x], one.interval[1:], color=colour, linewidth=1)
        axes.plot(x, one.value, "o", color=colour, markerfacecolor=colour if one.name == report.kept else "white")
        above = 4 + HIGHER * (number % ROWS)  # forms that take the same time have names above one another
        axes.annotate(one.name, (x, one.value), (5, above), textcoords="offset points", fontsize=7)
    axes.set(xscale="log", xlabel="latency of one sample, ms" if timed else "MB", ylabel=report.metric)
    for formatted in (axes.xaxis.set_major_formatter, axes.xaxis.set_minor_formatter):
        formatted("{x:g}")  # the names of layers and samples are no mathematics, so powers of ten are not drawn as such
    axes.set_title(caption("filled: kept; orange: refused", width=60), fontsize=9)
    axes.grid(alpha=0.3)


def beside(column: Sequence[Axes], evidence: Evidence, answered: "Sequence[Answered]", name: str) -> None:
    """Draw one sample: with the truth, as the original answers it, and as the form that was kept."""
    place = next(i for i, one in enumerate(answered) if one.batch["names"][0] == name)
    batch = answered[place].batch
    for axes, answer in zip(column, (None, evidence.answers[place].answer, answered[place].answer), strict=True):
        evidence.task.sketch(axes, batch, answer)
    above = column[0].get_title()
    column[0].set_title(caption(name, *([above] if above else []), width=34), fontsize=8)
