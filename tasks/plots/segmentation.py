"""Pictures of segmentations: input, truth, prediction and difference of scenes, and the best and worst parts."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from tasks.plots import FALSE_ALARM, HIT, LINES, MISS, save, scene_path
from tasks.results.segmentation import SegmentationResult
from zoo.segmentation import IGNORED, foreground_of
from zoo.segmentation.confusion import Confusion, mean_of_present

#: The most scenes that are drawn whole, the parts shown as best and worst, and the side of a part in pixels.
SCENES, PARTS, SIDE = 6, 4, 192
#: Parts with a smaller share of foreground in the truth say little about a model.
FOREGROUND_IN_PART = 0.005
WRONG_CLASS, UNKNOWN = "#CC79A7", "#999999"
#: How much of the picture is seen through a colour.
OPACITY = 0.65
Layer = tuple[str, np.ndarray, str]  # label, pixels (H, W) bool, colour


class SceneView(NamedTuple):
    """A scene as a picture (H, W, 3) uint8, with truth and prediction (H, W) uint8."""

    name: str
    picture: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray

    def parts(self, side: int) -> Iterator["SceneView"]:
        """Yield the scene in equal parts whose sides are about `side` pixels long."""
        height, width = self.truth.shape
        for rows, columns in product(pieces(height, side), pieces(width, side)):
            name = f"{self.name} at {columns.start}, {rows.start}"
            yield SceneView(name, *(pixels[rows, columns] for pixels in (self.picture, self.truth, self.predicted)))


def pieces(length: int, side: int) -> list[slice]:
    """Cut `length` into equal pieces of about `side`."""
    edges = np.linspace(0, length, max(1, round(length / side)) + 1).astype(int).tolist()
    return [slice(*ends) for ends in pairwise(edges)]


def draw(folder: Path, results: Sequence[SegmentationResult], classes: Sequence[str], data: Any) -> list[Path]:
    """Draw all pictures of an evaluation; `data.picture(name)` gives a scene as uint8 (H, W, 3)."""
    foreground = foreground_of(classes)
    scenes = [SceneView(r.name, data.picture(r.name), r.truth.numpy(), r.predicted.numpy()) for r in results[:SCENES]]
    paths = [draw_scene(scene_path(folder, scene.name), scene, classes, foreground) for scene in scenes]
    return paths + draw_parts(folder, scenes, classes, foreground)


def draw_scene(path: Path, scene: SceneView, classes: Sequence[str], foreground: Sequence[int]) -> Path:
    """Draw one scene four times: as it is, with the truth, with the prediction, and with their difference."""
    height, width = scene.truth.shape
    across = 4 if height >= width else 2
    tall = min(24.0, 4 * height / width * 4 / across + 0.9)
    figure = Figure(figsize=(4 * across, tall), layout="constrained")
    panels = figure.subplots(4 // across, across).ravel()
    layers: list[tuple[str, list[Layer]]] = [
        ("input", []),
        ("truth", class_layers(scene.truth, classes, foreground)),
        ("prediction", class_layers(scene.predicted, classes, foreground)),
        (f"difference, IoU {rate(scene, classes, foreground):.2f}", difference(scene, foreground)),
    ]
    for axes, (title, shown) in zip(panels, layers, strict=True):
        paint(axes, scene.picture, shown)
        axes.set_title(title, fontsize=10)
    figure.suptitle(scene.name, fontsize=11)
    legend(figure, [*layers[1][1], *layers[3][1]])
    return save(figure, path)


def class_layers(mask: np.ndarray, classes: Sequence[str], foreground: Sequence[int]) -> list[Layer]:
    """Return a layer for each class of the foreground, and one for what is not known."""
    layers = [(classes[i], mask == i, LINES[n % len(LINES)]) for n, i in enumerate(foreground)]
    return with_unknown(layers, mask)


def difference(scene: SceneView, foreground: Sequence[int]) -> list[Layer]:
    """Return hits, misses and false alarms of the foreground, and one class taken for another where there are several."""
    known = scene.truth != IGNORED
    there, found = (np.isin(mask, foreground) & known for mask in (scene.truth, scene.predicted))
    same = scene.truth == scene.predicted
    layers: list[Layer] = [
        ("hit", there & found & same, HIT),
        ("miss", there & ~found, MISS),
        ("false alarm", found & ~there, FALSE_ALARM),
    ]
    if len(foreground) > 1:
        layers.append(("other class", there & found & ~same, WRONG_CLASS))
    return with_unknown(layers, scene.truth)


def with_unknown(layers: list[Layer], mask: np.ndarray) -> list[Layer]:
    """Add the layer of pixels that are not known, if there are any."""
    unknown = mask == IGNORED
    return [*layers, ("not known", unknown, UNKNOWN)] if unknown.any() else layers


def paint(axes: Axes, picture: np.ndarray, layers: Sequence[Layer]) -> None:
    """Show a picture under coloured layers."""
    shown = picture.astype(np.float32) / 255
    for _, pixels, colour in layers:
        shown[pixels] = (1 - OPACITY) * shown[pixels] + OPACITY * np.array(to_rgb(colour))
    axes.imshow(shown)
    axes.set_axis_off()


def legend(figure: Figure, layers: Sequence[Layer]) -> None:
    """Explain the colours below the pictures, each once."""
    handles = [Patch(color=colour, label=label) for label, colour in {label: c for label, _, c in layers}.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 8), frameon=False)


def rate(scene: SceneView, classes: Sequence[str], foreground: Sequence[int]) -> float:
    """Return the mean IoU of the foreground in a scene or a part; NaN when it has none."""
    import torch

    confusion = Confusion(len(classes))
    confusion.add(torch.from_numpy(scene.truth), torch.from_numpy(scene.predicted))
    return mean_of_present(confusion.iou(), foreground)


def draw_parts(
    folder: Path, scenes: Sequence[SceneView], classes: Sequence[str], foreground: Sequence[int]
) -> list[Path]:
    """Draw the parts of the scenes with the best and the worst IoU, among those that hold some foreground."""
    rated = []
    for scene in scenes:
        for part in scene.parts(SIDE):
            if np.isin(part.truth, foreground).mean() >= FOREGROUND_IN_PART:
                rated.append((rate(part, classes, foreground), part))
    rated.sort(key=lambda entry: entry[0])
    chosen = {"worst": rated[:PARTS], "best": rated[::-1][:PARTS]}
    return [draw_row(folder / f"{name}_parts.png", name, parts, foreground) for name, parts in chosen.items() if parts]


def draw_row(path: Path, title: str, parts: Sequence[tuple[float, SceneView]], foreground: Sequence[int]) -> Path:
    """Draw parts side by side, the input above the difference."""
    figure = Figure(figsize=(3.6 * len(parts), 8.2), layout="constrained")
    panels = figure.subplots(2, len(parts), squeeze=False)
    for (above, below), (iou, part) in zip(panels.T, parts, strict=True):
        paint(above, part.picture, [])
        paint(below, part.picture, difference(part, foreground))
        above.set_title(f"IoU {iou:.2f}  ({part.name})", fontsize=8)
    figure.suptitle(f"{title} parts of the test scenes", fontsize=11)
    legend(figure, [layer for _, part in parts for layer in difference(part, foreground)])
    return save(figure, path)
