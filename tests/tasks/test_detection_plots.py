"""Pictures of detections: what became of every box, its class beside it, and parts of several scenes."""

from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from tasks.plots.detection import draw, outcome_of, paint
from tasks.results.detection import DetectionResult
from zoo.detection.matching import match


class Pictures:
    """Stands in for the data module."""

    classes = ("car", "big truck")

    def picture(self, name: str) -> np.ndarray:
        return np.random.default_rng(len(name)).integers(60, 120, (200, 300, 3), np.uint8)


def boxes(*corners: tuple[int, int]) -> Tensor:
    return torch.tensor([[x, y, x + 20, y + 16] for x, y in corners], dtype=torch.float32).reshape(-1, 4)


def result(name: str, found: list[tuple[int, int]], true: list[tuple[int, int]]) -> DetectionResult:
    labels, scores = torch.arange(len(found)) % 2, torch.linspace(0.9, 0.5, len(found))
    truth = {"boxes": boxes(*true), "labels": torch.arange(len(true)) % 2}
    return DetectionResult(name, {"boxes": boxes(*found), "labels": labels, "scores": scores}, truth)


def test_every_box_has_an_outcome_and_its_class() -> None:
    one = result("s", [(10, 10), (50, 60), (200, 150)], [(10, 10), (50, 60), (100, 100)])
    outcome = outcome_of(one, match(one.found, one.truth, geometry="box"), 0.1, Pictures.classes)
    assert {layer.label: layer.names for layer in outcome.layers} == {
        "hit": ("car", "big truck"),
        "miss": ("car",),
        "false alarm": ("car",),
    }
    axes = Figure().subplots()
    paint(axes, Pictures().picture("s"), outcome, (0, 0, 120, 200))
    assert sorted(text.get_text() for text in axes.texts) == ["big truck", "car", "car"], "those in the window alone"


def test_pictures_of_an_evaluation(tmp_path: Path) -> None:
    grid = [(x, y) for x in (10, 80, 150) for y in (10, 80)]
    name = "a/folder/with a name that is longer than any panel is wide, number"
    results = [result(f"{name} {number}.png", [*grid[number:], (200, 150)], grid) for number in range(3)]
    results.append(result("empty ground.png", grid[:2], []))
    paths = draw(tmp_path, results, Pictures(), "box", 0.5)
    assert [path.stem for path in paths][-2:] == ["worst_parts", "best_parts"]
    for path in paths:
        with Image.open(path) as image:
            assert min(image.size) > 200


def test_parts_with_few_objects_are_shown_where_there_are_no_others(tmp_path: Path) -> None:
    results = [result(f"{number}.png", [(30, 30)], [(30, 30), (90, 90)]) for number in range(3)]
    assert {"worst_parts", "best_parts"} <= {path.stem for path in draw(tmp_path, results, Pictures(), "box", 0.5)}
