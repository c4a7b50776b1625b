"""Pictures of segmentations: input, truth, prediction and difference of scenes, and the best and worst parts."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from torch import Tensor

from tasks.plots import FALSE_ALARM, HIT, LINES, MISS, caption, save, scene_path
from tasks.plots.parts import Part, best_and_worst
from tasks.plots.sample import picture
from tasks.results.segmentation import SegmentationResult
from zoo.segmentation import IGNORED, foreground_of
from zoo.segmentation.confusion import Confusion, mean_of_present

#: The most scenes that are drawn whole, the side of a part in pixels, and the most classes whose IoU is written above one.
SCENES, SIDE, NAMED = 6, 192, 4
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

    def cut(self, part: Part) -> "SceneView":
        """Return a part of the scene."""
        rows, columns = slice(part.y, part.y + part.height), slice(part.x, part.x + part.width)
        return SceneView(part.place, *(pixels[rows, columns] for pixels in (self.picture, self.truth, self.predicted)))


def pieces(length: int, side: int) -> list[slice]:
    """Cut `length` into equal pieces of about `side`."""
    edges = np.linspace(0, length, max(1, round(length / side)) + 1).astype(int).tolist()
    return [slice(*ends) for ends in pairwise(edges)]


def draw(folder: Path, results: Sequence[SegmentationResult], classes: Sequence[str], data: Any) -> list[Path]:
    """Draw all pictures of an evaluation; `data.picture(name)` gives a scene as uint8 (H, W, 3)."""
    foreground = foreground_of(classes)
    paths = [
        draw_scene(scene_path(folder, one.name), view_of(one, data), classes, foreground) for one in results[:SCENES]
    ]
    return paths + draw_parts(folder, results, classes, data)


def view_of(result: SegmentationResult, data: Any) -> SceneView:
    """Return a scene with its picture."""
    return SceneView(result.name, data.picture(result.name), result.truth.numpy(), result.predicted.numpy())


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
    figure.suptitle(caption(scene.name, width=24 * across), fontsize=11)
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


def draw_tile(
    axes: Axes, batch: Mapping[str, Any], mask: np.ndarray, classes: Sequence[str], foreground: Sequence[int]
) -> None:
    """Draw the first tile of a batch under the colours of a mask (H, W), where both are of one size."""
    shown = picture(batch["images"][0])
    same = shown.shape[:2] == mask.shape
    paint(axes, shown, class_layers(mask, classes, foreground) if same else [])


def legend(figure: Figure, layers: Sequence[Layer]) -> None:
    """Explain the colours below the pictures, each once."""
    handles = [Patch(color=colour, label=label) for label, colour in {label: c for label, _, c in layers}.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 8), frameon=False)


def rate(scene: SceneView, classes: Sequence[str], foreground: Sequence[int]) -> float:
    """Return the mean IoU of the foreground in a scene or a part; NaN when it has none."""
    return mean_of_present(iou_of(scene.truth, scene.predicted, len(classes)), foreground)


def iou_of(truth: np.ndarray, predicted: np.ndarray, classes: int) -> Tensor:
    """Return the IoU (K,) of each class in masks (H, W), NaN where it is in neither."""
    confusion = Confusion(classes)
    confusion.add(torch.from_numpy(truth), torch.from_numpy(predicted))
    return confusion.iou()


def draw_parts(folder: Path, results: Sequence[SegmentationResult], classes: Sequence[str], data: Any) -> list[Path]:
    """Draw the parts of the scenes with the best and the worst IoU, among those that hold some foreground."""
    rated = [part for one in results for part in rated_parts(one, classes)]
    by_name = {one.name: one for one in results}
    drawn = []
    for title, parts in best_and_worst(rated).items():
        views = {part: view_of(by_name[part.scene], data).cut(part) for part in parts}
        drawn.append(draw_row(folder / f"{title}_parts.png", title, views, classes))
    return drawn


def rated_parts(result: SegmentationResult, classes: Sequence[str]) -> Iterator[Part]:
    """Yield the equal parts of a scene, about `SIDE` pixels long, that say something: of foreground, or of false alarms."""
    truth, predicted = result.truth.numpy(), result.predicted.numpy()
    foreground = foreground_of(classes)
    for rows, columns in product(*(pieces(length, SIDE) for length in truth.shape)):
        true, said = truth[rows, columns], predicted[rows, columns]
        there, found = (np.isin(mask, foreground) & (true != IGNORED) for mask in (true, said))
        enough, wrong = FOREGROUND_IN_PART * true.size, int(((true != said) & (there | found)).sum())
        place = (columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
        if there.sum() >= enough:
            iou = mean_of_present(iou_of(true, said, len(classes)), foreground)
            yield Part(result.name, iou, wrong, False, *place)
        elif not there.any() and found.sum() >= enough:
            yield Part(result.name, 0.0, wrong, True, *place)


def draw_row(path: Path, title: str, parts: Mapping[Part, SceneView], classes: Sequence[str]) -> Path:
    """Draw parts side by side, the input above the difference."""
    foreground = foreground_of(classes)
    figure = Figure(figsize=(3.6 * len(parts), 8.6), layout="constrained")
    panels = figure.subplots(2, len(parts), squeeze=False)
    for (above, below), (part, view) in zip(panels.T, parts.items(), strict=True):
        paint(above, view.picture, [])
        paint(below, view.picture, difference(view, foreground))
        above.set_title(caption(judged(part, view, classes, foreground), part.place), fontsize=8)
    figure.suptitle(f"{title} parts of the test scenes", fontsize=11)
    legend(figure, [layer for view in parts.values() for layer in difference(view, foreground)])
    return save(figure, path)


def judged(part: Part, view: SceneView, classes: Sequence[str], foreground: Sequence[int]) -> str:
    """Say how well a part is seen: the IoU of each class that is there, the worst first."""
    if part.empty:
        found = ", ".join(classes[i] for i in foreground if (view.predicted == i).any())
        return f"nothing there, and {part.wrong / view.truth.size:.0%} called {found}"
    iou = iou_of(view.truth, view.predicted, len(classes))
    worst = sorted((float(iou[i]), classes[i]) for i in foreground if not torch.isnan(iou[i]))[:NAMED]
    return "IoU " + ", ".join(f"{name} {value:.2f}" for value, name in worst)
