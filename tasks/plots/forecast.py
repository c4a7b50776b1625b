"""Pictures of forecasts: the past, the true future, and the fan of quantiles around the median."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from tasks.plots import FALSE_ALARM, LINES, save
from tasks.results.forecast import ForecastResult

SHEET = (3, 3)


def draw(path: Path, results: Sequence[ForecastResult]) -> Path:
    """Draw nine windows, spread from the best foreseen to the worst; of several features the first."""
    ranked = sorted(results, key=lambda one: one.error)
    rows, columns = SHEET
    count = min(rows * columns, len(ranked))
    chosen = [ranked[round(i * (len(ranked) - 1) / max(count - 1, 1))] for i in range(count)]
    figure = Figure(figsize=(4.2 * columns, 2.6 * rows), layout="constrained")
    every = figure.subplots(rows, columns).flatten()
    for axes, one in zip(every, chosen, strict=False):
        T, H, Q = len(one.past), len(one.future), one.said.shape[-1]
        shown = min(T, 4 * H)
        axes.plot(range(T - shown, T), one.past[T - shown :, 0], color="black", linewidth=1)
        ahead = range(T, T + H)
        for low in range(Q // 2):
            axes.fill_between(
                ahead, one.said[:, 0, low], one.said[:, 0, Q - 1 - low], color=LINES[0], alpha=0.15, linewidth=0
            )
        axes.plot(ahead, one.said[:, 0, Q // 2], color=LINES[0])
        axes.plot(ahead, one.future[:, 0], color=FALSE_ALARM, linewidth=1)
        axes.set_title(f"{one.name}: error {one.error:.2f} of the naive one", fontsize=8)
    for axes in every[count:]:
        axes.set_axis_off()
    return save(figure, path)
