"""Pictures of detections: scenes with hits, misses and false alarms, the precision-recall curve, best and worst parts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from torch import Tensor

from tasks.plots import FALSE_ALARM, HIT, LINES, MISS, save, scene_path
from tasks.results.detection import DetectionResult
from zoo.detection.matching import Curve, Matched, curve, difficult_of, match
from zoo.geometry import box_geometry
from zoo.geometry.tiles import Tile, grid

#: The most scenes that are drawn whole, and the parts shown as best and worst.
SCENES, PARTS = 6, 4
#: Parts with fewer objects say little about a detector.
OBJECTS_IN_PART = 3


def draw(folder: Path, results: Sequence[DetectionResult], data: Any, geometry: str) -> list[Path]:
    """Draw all pictures of an evaluation; `data.picture(name)` gives a scene as uint8 (H, W, 3)."""
    matched = [match(result.found, result.truth, geometry=geometry) for result in results]
    points = curve(matched)
    _, score = points.best()
    outcomes = [outcome_of(result, m, score) for result, m in zip(results, matched, strict=True)]
    paths = [draw_curve(folder / "precision_recall.png", points)]
    for parts in outcomes[:SCENES]:
        picture = data.picture(parts.name)
        paths.append(draw_scene(scene_path(folder, parts.name), picture, parts, score))
    paths += draw_parts(folder, outcomes, data)
    return paths


class Outcome:
    """The boxes of a scene (N, 4) or (N, 5) by what became of them, at one score threshold."""

    def __init__(self, name: str, hits: Tensor, misses: Tensor, false_alarms: Tensor) -> None:
        self.name, self.hits, self.misses, self.false_alarms = name, hits, misses, false_alarms

    def layers(self) -> list[tuple[str, Tensor, str]]:
        """Return label, boxes and colour of each kind."""
        return [("hit", self.hits, HIT), ("miss", self.misses, MISS), ("false alarm", self.false_alarms, FALSE_ALARM)]

    def inside(self, tile: Tile) -> tuple[int, int, int]:
        """Count hits, misses and false alarms whose centre is in the core of a tile."""
        x0, y0, x1, y1 = tile.core
        counts = []
        for _, boxes, _ in self.layers():
            x, y = box_geometry.corners(boxes.numpy()).mean(axis=1).T
            counts.append(int(((x >= x0) & (x < x1) & (y >= y0) & (y < y1)).sum()))
        return counts[0], counts[1], counts[2]


def outcome_of(result: DetectionResult, matched: Matched, score: float) -> Outcome:
    """Sort what is found at `score` or better into hits and false alarms, and the rest of the truth into misses.

    Difficult objects are no misses, and what is found of them is not shown.
    """
    order = torch.argsort(result.found["scores"], descending=True, stable=True)
    boxes, shown = result.found["boxes"][order], matched.scores >= score
    hit, wrong = matched.hits >= 0, (matched.hits < 0) & ~matched.ignored
    missed = ~difficult_of(result.truth)
    missed[matched.hits[shown & hit]] = False
    return Outcome(result.name, boxes[shown & hit], result.truth["boxes"][missed], boxes[shown & wrong])


def draw_scene(path: Path, picture: np.ndarray, outcome: Outcome, score: float) -> Path:
    """Draw one scene whole."""
    height, width = picture.shape[:2]
    figure = Figure(figsize=(9, 9 * height / width + 0.6))
    axes = figure.subplots()
    paint(axes, picture, outcome)
    counts = ", ".join(f"{len(boxes)} {label}{'' if len(boxes) == 1 else 's' if label != 'miss' else 'es'}"
                       for label, boxes, _ in outcome.layers())  # fmt: skip
    axes.set_title(f"{outcome.name}: {counts} (score ≥ {score:.2f}, IoU ≥ 0.5)", fontsize=10)
    legend(axes, outcome)
    return save(figure, path)


def legend(axes: Axes, outcome: Outcome) -> None:
    """Explain the colours below the picture."""
    handles = [Line2D([], [], color=colour, lw=2, label=label) for label, _, colour in outcome.layers()]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=3, frameon=False)


def paint(axes: Axes, picture: np.ndarray, outcome: Outcome) -> None:
    """Show a picture with its boxes."""
    axes.imshow(picture)
    axes.set_axis_off()
    for _, boxes, colour in outcome.layers():
        patches = [Polygon(outline) for outline in box_geometry.corners(boxes.numpy())]
        axes.add_collection(PatchCollection(patches, facecolor="none", edgecolor=colour, linewidth=1.4))


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
    rated = []
    for scene in outcomes:
        height, width = data.picture(scene.name).shape[:2]
        for tile in grid(width, height, size, 0, scene.name):
            hits, misses, false_alarms = scene.inside(tile)
            if hits + misses >= OBJECTS_IN_PART:
                rated.append((2 * hits / (2 * hits + misses + false_alarms), scene, tile))
    rated.sort(key=lambda part: part[0])
    chosen = {"worst": rated[:PARTS], "best": rated[::-1][:PARTS]}
    return [draw_row(folder / f"{name}_parts.png", name, parts, data) for name, parts in chosen.items() if parts]


def draw_row(path: Path, title: str, parts: Sequence[tuple[float, Outcome, Tile]], data: Any) -> Path:
    """Draw parts side by side."""
    figure = Figure(figsize=(3.6 * len(parts), 4))
    panels = np.atleast_1d(figure.subplots(1, len(parts)))
    for axes, (f1, scene, tile) in zip(panels, parts, strict=True):
        paint(axes, data.picture(scene.name), scene)
        axes.set(xlim=(tile.x, tile.x + tile.width), ylim=(tile.y + tile.height, tile.y))
        axes.set_title(f"F1 {f1:.2f}  ({scene.name} at {tile.x}, {tile.y})", fontsize=8)
    figure.suptitle(f"{title} parts of the test scenes", fontsize=11)
    legend(panels[len(parts) // 2], parts[0][1])
    return save(figure, path)
