"""Pictures of classified sequences: the confusion matrix, and the samples that were scored worst."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from torch import Tensor

from tasks.plots import FALSE_ALARM, HIT, caption, save
from tasks.results.classification import ClassificationResult

#: Rows and columns of the sheet of worst-scored samples.
SHEET = (3, 4)
#: Beyond so many classes the cells are too small for numbers.
NUMBERED = 20


def draw(folder: Path, result: ClassificationResult, classes: Sequence[str], data: Any) -> list[Path]:
    """Draw both pictures; `data.picture(name)` gives a sample as uint8 (H, W, 3)."""
    return [
        draw_confusion(folder / "confusion.png", result.confusion(), classes),
        draw_worst(folder / "worst.png", result, classes, data),
    ]


def draw_confusion(path: Path, counts: Tensor, classes: Sequence[str]) -> Path:
    """Draw the confusion matrix of counts (K, K): colours are shares of the true class, numbers are counts."""
    shares = counts / counts.sum(dim=1, keepdim=True).clamp(min=1)
    side = 2.5 + 0.4 * min(len(classes), 40)
    figure = Figure(figsize=(side + 1, side))
    axes = figure.subplots()
    image = axes.imshow(shares.numpy(), cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, label="share of the true class", fraction=0.046)
    axes.set(xlabel="predicted", ylabel="true", title=f"{int(counts.diagonal().sum())} of {int(counts.sum())} right")
    axes.set_xticks(range(len(classes)), classes, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(classes)), classes)
    for row, column in counts.nonzero().tolist() if len(classes) <= NUMBERED else ():
        colour = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(int(counts[row, column])), ha="center", va="center", color=colour, fontsize=9)
    return save(figure, path)


def draw_worst(path: Path, result: ClassificationResult, classes: Sequence[str], data: Any) -> Path:
    """Draw the samples whose true class got the least probability, with what was said instead."""
    rows, columns = SHEET
    chosen = result.worst_first()[: rows * columns]
    figure = Figure(figsize=(3.1 * columns, 2.6 * rows), layout="constrained")
    every = figure.subplots(rows, columns).flatten()
    for axes, index in zip(every, chosen, strict=False):
        chances, label = result.probabilities[index], int(result.labels[index])
        said = int(chances.argmax())
        axes.imshow(data.picture(result.names[index]), aspect="auto", interpolation="nearest")
        answer = f"true {classes[label]} {chances[label]:.2f}, said {classes[said]} {chances[said]:.2f}"
        colour = "black" if said == label else FALSE_ALARM
        axes.set_title(caption(result.names[index], answer), fontsize=8, color=colour)
        for spine in axes.spines.values():
            spine.set(color=HIT if said == label else FALSE_ALARM, linewidth=2)
    for axes in every:
        axes.set(xticks=[], yticks=[])
    for axes in every[len(chosen) :]:
        axes.set_axis_off()
    return save(figure, path)
