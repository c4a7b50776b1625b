"""Pictures of tagged sequences: for those with most errors, a strip of the true classes above one of the predicted."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from tasks.plots import caption, save
from tasks.results.tagging import TaggingResult

#: How many sequences are shown, and beyond how many steps their words no longer fit.
SHOWN, WORDED = 12, 28
#: The colour of steps outside of all entities.
OUTSIDE = np.full(3, 0.85)


def draw_strips(path: Path, results: Sequence[TaggingResult], classes: Sequence[str]) -> Path:
    """Draw the sequences with most wrong steps: colours are classes, white steps are not labelled."""
    worst = sorted(results, key=lambda one: -one.wrong)[:SHOWN]
    figure = Figure(figsize=(14, 1.1 * len(worst) + 1), layout="constrained")
    for axes, one in zip(figure.subplots(len(worst), 1, squeeze=False)[:, 0], worst, strict=True):
        draw_strip(axes, one, classes)
    handles = [Patch(color=colour, label=name) for colour, name in zip(colours(classes), classes, strict=True)]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(classes), 10), fontsize=8)
    return save(figure, path)


def draw_strip(axes: Axes, one: TaggingResult, classes: Sequence[str]) -> None:
    """Draw one sequence, with its words when it is short enough."""
    both = np.stack([one.true.numpy(), one.said.numpy()])  # (2, T)
    painted = colours(classes)[both.clip(min=0)]
    painted[both < 0] = 1.0
    axes.imshow(painted, aspect="auto", interpolation="nearest")
    axes.set_yticks([0, 1], ["true", "said"], fontsize=7)
    title = f"{one.name}: {one.wrong} of {int((one.true >= 0).sum())} steps wrong"
    axes.set_title(caption(title, width=150), fontsize=8, loc="left")
    if one.words and len(one.words) <= WORDED:
        axes.set_xticks(range(len(one.words)), [shortened(word) for word in one.words], fontsize=7, rotation=20)
    else:
        axes.tick_params(axis="x", labelsize=7)


def shortened(word: str) -> str:
    """Return the beginning of a word, as there is room for it."""
    return word[:16]


def colours(classes: Sequence[str]) -> np.ndarray:
    """Return colours (K, 3) that are told apart; what is outside of all entities is grey."""
    table = colormaps["tab20" if len(classes) > 10 else "tab10"]
    return np.stack([OUTSIDE if name == "O" else np.array(table(i % table.N)[:3]) for i, name in enumerate(classes)])
