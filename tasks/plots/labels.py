"""Pictures of labelled images: how far probabilities come true, and where a classifier looked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor, nn

from tasks.metrics.calibration import BINS
from tasks.plots import FALSE_ALARM, HIT, LINES, caption, save
from tasks.results.classification import ClassificationResult
from zoo.classification.cam import grad_cam

#: Images of each row of the sheet of looks.
COLUMNS = 4


def draw_calibration(path: Path, said: Tensor, true: Tensor) -> Path:
    """Draw how often what was said with a probability (N,) was true (N,) bool, by bins, and how often each was said."""
    bins = (said.double() * BINS).long().clamp(max=BINS - 1)
    counts = torch.bincount(bins, minlength=BINS)
    rates = torch.bincount(bins, weights=true.double(), minlength=BINS) / counts.clamp(min=1)
    middles, kept = (np.arange(BINS) + 0.5) / BINS, (counts > 0).numpy()
    figure = Figure(figsize=(4.6, 5.2), layout="constrained")
    above, below = figure.subplots(2, height_ratios=(3, 1), sharex=True)
    above.plot([0, 1], [0, 1], color="grey", linewidth=1)
    above.plot(middles[kept], rates.numpy()[kept], "o-", color=LINES[0])
    above.set(ylabel="share that is true", xlim=(0, 1), ylim=(0, 1), title="calibration")
    below.bar(middles, counts.numpy(), width=1 / BINS, color=HIT)
    below.set(xlabel="probability that was said", ylabel="images")
    return save(figure, path)


def draw_looks(path: Path, model: nn.Module, result: ClassificationResult, classes: Sequence[str], data: Any) -> Path:
    """Draw where the model looked (Grad-CAM): above in its surest hits, below in its surest misses."""
    said = result.probabilities.argmax(dim=1)
    surest = result.probabilities.amax(dim=1).argsort(descending=True, stable=True).tolist()
    right = (said == result.labels).tolist()
    rows = [[i for i in surest if right[i] is hit][:COLUMNS] for hit in (True, False)]
    figure = Figure(figsize=(2.6 * COLUMNS, 5.6), layout="constrained")
    grid = figure.subplots(2, COLUMNS)
    for axes in grid.flatten():
        axes.set_axis_off()
    for line, chosen in zip(grid, rows, strict=True):
        for axes, index in zip(line, chosen, strict=False):
            name = result.names[index]
            axes.imshow(looked_at(model, data, name, int(said[index])))
            hit = right[index]
            answer = f"said {classes[int(said[index])]}, true {classes[int(result.labels[index])]}"
            title = caption(name, answer, width=34)
            axes.set_title(title, fontsize=8, color="black" if hit else FALSE_ALARM)
    return save(figure, path)


def looked_at(model: nn.Module, data: Any, name: str, label: int) -> np.ndarray:
    """Return a picture (H, W, 3) uint8 of an image with the places that speak for a class in warm colours."""
    from matplotlib import colormaps

    picture = data.picture(name)
    sample = data.read_sample(data.find(name))["image"].as_subclass(Tensor)
    heat = grad_cam(model, sample[None], torch.tensor([label]))[0].numpy()
    size = (picture.shape[1], picture.shape[0])
    wide = np.asarray(Image.fromarray((255 * heat).astype(np.uint8)).resize(size, Image.Resampling.BILINEAR)) / 255
    warm = 255 * colormaps["inferno"](wide)[..., :3]
    return (0.5 * picture + 0.5 * warm).astype(np.uint8)
