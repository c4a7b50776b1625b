"""A sample of a batch as a model gets it, with an answer: pictures to be laid side by side."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor

from tasks.plots import LINES, caption

#: Features that are drawn as lines; more are a picture.
FEATURES = 8


def picture(image: Tensor) -> np.ndarray:
    """Return an image (C, H, W) in [0, 1] as uint8 (H, W, 3): three bands, or one; brighter where it is dark."""
    bands = image[:3] if len(image) >= 3 else image[:1].expand(3, -1, -1)
    values = bands.float().numpy().transpose(1, 2, 0)
    top = max(float(np.quantile(values, 0.995)), 1e-6)
    return np.asarray((255 * values / top).clip(0, 255)).astype(np.uint8)


def draw_input(axes: Axes, batch: Mapping[str, Any]) -> None:
    """Draw what the first sample of a batch is: an image, or a sequence."""
    if "images" in batch:
        axes.imshow(picture(batch["images"][0]))
        axes.set_axis_off()
        return
    steps = batch["inputs"][0, : int(batch["lengths"][0])].float().numpy()
    if steps.shape[1] > FEATURES:
        axes.imshow(steps.T, aspect="auto", origin="lower")
    for number in range(steps.shape[1] if steps.shape[1] <= FEATURES else 0):
        axes.plot(steps[:, number], color=LINES[number % len(LINES)], linewidth=0.7)
    axes.set(xticks=[], yticks=[])


def draw_words(axes: Axes, words: str) -> None:
    """Write what is said of a sample below it."""
    axes.set_xlabel(caption(words, width=34), fontsize=8)
