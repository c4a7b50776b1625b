"""Pictures of poses: skeletons over the truth, the error of each keypoint, and the frames that went worst."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tasks.plots import FALSE_ALARM, HIT, LINES, caption, save
from tasks.results.pose import PoseResult
from zoo.pose.skeleton import Skeleton

#: Rows and columns of a sheet.
SHEET = (2, 3)
#: How much of its own side is shown around an individual.
MARGIN = 0.15


def draw(folder: Path, result: PoseResult, skeleton: Skeleton, data: Any) -> list[Path]:
    """Draw all pictures; `data.picture(name)` gives the image of an individual as uint8 (H, W, 3)."""
    worst = result.worst_first()
    count = SHEET[0] * SHEET[1]
    spread = [worst[i] for i in sorted({round(i) for i in np.linspace(0, len(worst) - 1, min(count, len(worst)))})]
    return [
        draw_sheet(folder / "poses.png", result, spread[::-1], skeleton, data),
        draw_errors(folder / "errors.png", result, skeleton),
        draw_sheet(folder / "worst.png", result, worst[:count], skeleton, data),
    ]


def draw_sheet(path: Path, result: PoseResult, chosen: Sequence[int], skeleton: Skeleton, data: Any) -> Path:
    """Draw some individuals: lines of the skeleton as predicted, and from each keypoint to where it truly is."""
    rows, columns = SHEET
    figure = Figure(figsize=(4.2 * columns, 4.0 * rows), layout="constrained")
    every = figure.subplots(rows, columns).flatten()
    for axes, index in zip(every, chosen, strict=False):
        draw_one(axes, result, index, skeleton, data.picture(result.names[index]))
    for axes in every:
        axes.set_axis_off()
    entries = [Line2D([], [], color=colour, marker="o", markersize=4, label=said) for colour, said in (
        (HIT, "predicted"), (FALSE_ALARM, "truth, and how far it is")
    )]  # fmt: skip
    figure.legend(handles=entries, loc="outside lower center", ncols=2, frameon=False)
    return save(figure, path)


def draw_one(axes: Axes, result: PoseResult, index: int, skeleton: Skeleton, picture: np.ndarray) -> None:
    """Draw one individual over its picture."""
    points, truth = result.predicted[index, :, :2].numpy(), result.truth[index].numpy()
    visible = result.visible[index].numpy()
    axes.imshow(picture, interpolation="nearest", extent=(0, picture.shape[1], picture.shape[0], 0))
    for a, b in skeleton.numbered_edges:
        if visible[a] and visible[b]:
            axes.plot(*points[[a, b]].T, color=HIT, linewidth=1.5)
    for there, here in zip(truth[visible], points[visible], strict=True):
        axes.plot([here[0], there[0]], [here[1], there[1]], color=FALSE_ALARM, linewidth=1.2)
    axes.scatter(truth[visible, 0], truth[visible, 1], s=9, color=FALSE_ALARM, zorder=3)
    axes.scatter(points[visible, 0], points[visible, 1], s=9, color=HIT, zorder=4)
    low, high = around(np.concatenate((points[visible], truth[visible])), picture.shape)
    axes.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]))
    error = float(result.rmse_each()[index])
    axes.set_title(caption(result.names[index], f"{error:.1f} px"), fontsize=9)


def around(points: np.ndarray, shape: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of what is shown around points (N, 2), within an image of a shape (H, W, …)."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = MARGIN * (high - low).max() + 8
    return (low - margin).clip(0), np.minimum(high + margin, (shape[1], shape[0]))


def draw_errors(path: Path, result: PoseResult, skeleton: Skeleton) -> Path:
    """Draw how the distances of each keypoint are spread, the worst below; a box holds half of them."""
    distances = result.distances.numpy()
    known = [(name, one[np.isfinite(one)]) for name, one in zip(skeleton.names, distances.T, strict=True)]
    known = sorted((one for one in known if len(one[1])), key=lambda one: -float(np.sqrt(np.mean(one[1] ** 2))))
    figure = Figure(figsize=(7, 1.5 + 0.28 * len(known)), layout="constrained")
    axes = figure.subplots()
    axes.boxplot(
        [one for _, one in known], orientation="horizontal", tick_labels=[name for name, _ in known], whis=(5, 95),
        medianprops={"color": LINES[1]}, flierprops={"markersize": 2},
    )  # fmt: skip
    axes.scatter(
        [np.sqrt(np.mean(one**2)) for _, one in known], range(1, len(known) + 1), color=LINES[0], zorder=3, s=16
    )
    axes.set(xlabel="distance to the truth, pixels (dot: root mean square)", xlim=(0, None))
    return save(figure, path)
