"""Pictures of detections: scenes with hits, misses and false alarms, the precision-recall curve, best and worst parts."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from torch import Tensor

from tasks.plots import FALSE_ALARM, HIT, LINES, MISS, caption, save, scene_path
from tasks.plots.parts import Part, best_and_worst
from tasks.plots.sample import draw_input
from tasks.results.detection import DetectionResult
from zoo.detection.matching import Curve, Matched, curve, difficult_of, match
from zoo.errors import counted
from zoo.geometry import box_geometry
from zoo.geometry.tiles import Tile, grid

#: The most scenes that are drawn whole, and the most boxes of a picture that have their class written beside them.
SCENES, NAMED = 6, 40
#: Parts with fewer objects say little about a detector, where there are such with as many.
OBJECTS_IN_PART = 3


def draw(folder: Path, results: Sequence[DetectionResult], data: Any, geometry: str, score: float) -> list[Path]:
    """Draw all pictures of an evaluation, with detections from `score` on; `data.picture(name)` is uint8 (H, W, 3)."""
    matched = [match(result.found, result.truth, geometry=geometry) for result in results]
    points = curve(matched)
    classes = data.classes if len(data.classes) > 1 else ()
    outcomes = [outcome_of(result, m, score, classes) for result, m in zip(results, matched, strict=True)]
    paths = [draw_curve(folder / "precision_recall.png", points)]
    for parts in outcomes[:SCENES]:
        picture = data.picture(parts.name)
        paths.append(draw_scene(scene_path(folder, parts.name), picture, parts, score))
    paths += draw_parts(folder, outcomes, data)
    return paths


class Layer(NamedTuple):
    """What became of boxes (N, 4) or (N, 5), their colour, and the names of their classes, none where there is one alone."""

    label: str
    boxes: Tensor
    colour: str
    names: tuple[str, ...]


class Outcome(NamedTuple):
    """The boxes of a scene by what became of them, at one score threshold: hits, misses, false alarms."""

    name: str
    layers: tuple[Layer, Layer, Layer]

    def inside(self, tile: Tile) -> tuple[int, int, int]:
        """Count hits, misses and false alarms whose centre is in the core of a tile."""
        x0, y0, x1, y1 = tile.core
        counts = []
        for layer in self.layers:
            x, y = box_geometry.corners(layer.boxes.numpy()).mean(axis=1).T
            counts.append(int(((x >= x0) & (x < x1) & (y >= y0) & (y < y1)).sum()))
        return counts[0], counts[1], counts[2]


def outcome_of(result: DetectionResult, matched: Matched, score: float, classes: Sequence[str] = ()) -> Outcome:
    """Sort what is found at `score` or better into hits and false alarms, and the rest of the truth into misses.

    Difficult objects are no misses, and what is found of them is not shown.
    """
    order = torch.argsort(result.found["scores"], descending=True, stable=True)
    found, shown = {key: result.found[key][order] for key in ("boxes", "labels")}, matched.scores >= score
    hit, wrong = matched.hits >= 0, (matched.hits < 0) & ~matched.ignored
    missed = ~difficult_of(result.truth)
    missed[matched.hits[shown & hit]] = False

    def layer(label: str, those: Mapping[str, Tensor], kept: Tensor, colour: str) -> Layer:
        names = tuple(classes[index] for index in those["labels"][kept].tolist()) if classes else ()
        return Layer(label, those["boxes"][kept], colour, names)

    hits, alarms = layer("hit", found, shown & hit, HIT), layer("false alarm", found, shown & wrong, FALSE_ALARM)
    return Outcome(result.name, (hits, layer("miss", result.truth, missed, MISS), alarms))


def draw_scene(path: Path, picture: np.ndarray, outcome: Outcome, score: float) -> Path:
    """Draw one scene whole."""
    height, width = picture.shape[:2]
    figure = Figure(figsize=(9, min(24.0, 9 * height / width) + 0.8), layout="constrained")
    axes = figure.subplots()
    paint(axes, picture, outcome, (0, 0, width, height))
    counts = ", ".join(
        counted(len(layer.boxes), layer.label, "es" if layer.label == "miss" else "s") for layer in outcome.layers
    )
    axes.set_title(caption(f"{outcome.name}: {counts} (score ≥ {score:.2f}, IoU ≥ 0.5)", width=90), fontsize=10)
    legend(figure, outcome)
    return save(figure, path)


def legend(figure: Figure, outcome: Outcome) -> None:
    """Explain the colours below the pictures."""
    handles = [Line2D([], [], color=layer.colour, lw=2, label=layer.label) for layer in outcome.layers]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)


def paint(axes: Axes, picture: np.ndarray, outcome: Outcome, window: tuple[int, int, int, int]) -> None:
    """Show a `window` of a picture, x, y, width and height, with its boxes, and their classes where they are few."""
    x, y, width, height = window
    axes.imshow(picture)
    axes.set_axis_off()
    axes.set(xlim=(x, x + width), ylim=(y + height, y))
    placed = []
    for layer in outcome.layers:
        outlines = box_geometry.corners(layer.boxes.numpy())
        patches = [Polygon(outline) for outline in outlines]
        axes.add_collection(PatchCollection(patches, facecolor="none", edgecolor=layer.colour, linewidth=1.4))
        placed += [(*outline.min(axis=0), name, layer) for outline, name in zip(outlines, layer.names, strict=False)]
    inside = [one for one in placed if x <= one[0] < x + width and y <= one[1] < y + height]
    for left, top, name, layer in inside if len(inside) <= NAMED else ():
        above = layer.label != "miss"  # a miss and what was found in its place are written apart
        axes.annotate(caption(name), (left, top), (0, 1 if above else -1), textcoords="offset points", fontsize=7,
                      va="bottom" if above else "top", color=layer.colour, clip_on=True)  # fmt: skip


def draw_tile(axes: Axes, batch: Mapping[str, Any], boxes: Tensor) -> None:
    """Draw the first tile of a batch with boxes (N, 4) or (N, 5), and say how many there are."""
    draw_input(axes, batch)
    outlines = [Polygon(outline) for outline in box_geometry.corners(boxes.numpy())]
    axes.add_collection(PatchCollection(outlines, facecolor="none", edgecolor=FALSE_ALARM, linewidth=1.2))
    axes.set_title(counted(len(boxes), "box", "es"), fontsize=8)


def draw_curve(path: Path, points: Curve) -> Path:
    """Draw precision against recall at IoU 0.5, with the best F1 marked."""
    figure = Figure(figsize=(5, 4.2))
    axes = figure.subplots()
    axes.plot(points.recall, points.precision, color=LINES[0])
    f1, score = points.best()
    if f1 > 0:
        at = int((points.scores >= score).sum()) - 1
        axes.plot(points.recall[at], points.precision[at], "o", color=LINES[1])
        axes.annotate(f"best F1 {f1:.2f} at score {score:.2f}", (float(points.recall[at]), float(points.precision[at])),
                      textcoords="offset points", xytext=(-8, 8), ha="right")  # fmt: skip
    axes.set(
        xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.01), title="Precision and recall, IoU ≥ 0.5"
    )
    axes.grid(alpha=0.3)
    return save(figure, path)


def draw_parts(folder: Path, outcomes: Sequence[Outcome], data: Any, size: int = 256) -> list[Path]:
    """Draw the parts of the scenes with the best and the worst F1."""
    rated = [part for scene in outcomes for part in rated_parts(scene, data.picture(scene.name).shape[:2], size)]
    telling = [part for objects, part in rated if objects >= OBJECTS_IN_PART or part.empty]
    if all(part.empty for part in telling):
        telling = [part for _, part in rated]
    by_name = {scene.name: scene for scene in outcomes}
    chosen = best_and_worst(telling)
    return [draw_row(folder / f"{name}_parts.png", name, those, by_name, data) for name, those in chosen.items()]


def rated_parts(scene: Outcome, size: tuple[int, int], side: int) -> Iterator[tuple[int, Part]]:
    """Yield the parts of a scene of this height and width, each with the number of objects that are on it."""
    height, width = size
    for tile in grid(width, height, side, 0, scene.name):
        hits, misses, false_alarms = scene.inside(tile)
        wrong = misses + false_alarms
        f1 = 2 * hits / max(1, 2 * hits + wrong)
        empty = hits + misses == 0
        yield hits + misses, Part(scene.name, f1, wrong, empty, tile.x, tile.y, tile.width, tile.height)


def draw_row(path: Path, title: str, parts: Sequence[Part], scenes: Mapping[str, Outcome], data: Any) -> Path:
    """Draw parts side by side."""
    figure = Figure(figsize=(3.6 * len(parts), 4.6), layout="constrained")
    for axes, part in zip(np.atleast_1d(figure.subplots(1, len(parts))), parts, strict=True):
        paint(axes, data.picture(part.scene), scenes[part.scene], part[-4:])
        said = f"no object, {counted(part.wrong, 'false alarm')}" if part.empty else f"F1 {part.rate:.2f}"
        axes.set_title(caption(said, part.place), fontsize=8)
    figure.suptitle(f"{title} parts of the test scenes", fontsize=11)
    legend(figure, scenes[parts[0].scene])
    return save(figure, path)
