"""The pictures show what is there: each pixel in the colour of what became of it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from tasks.plots.segmentation import OPACITY, SceneView, difference, draw, paint, rate
from tasks.results.segmentation import SegmentationResult

TRUTH = np.array([[0, 0, 1, 1], [0, 0, 1, 255]], np.uint8)
FOUND = np.array([[0, 1, 1, 0], [0, 0, 1, 1]], np.uint8)


def view(truth: np.ndarray = TRUTH, found: np.ndarray = FOUND) -> SceneView:
    return SceneView("scene", np.full((*truth.shape, 3), 128, np.uint8), truth, found)


def test_difference_sorts_every_pixel() -> None:
    layers = {label: pixels.astype(int).tolist() for label, pixels, _ in difference(view(), [1])}
    assert layers == {
        "hit": [[0, 0, 1, 0], [0, 0, 1, 0]],
        "miss": [[0, 0, 0, 1], [0, 0, 0, 0]],
        "false alarm": [[0, 1, 0, 0], [0, 0, 0, 0]],
        "not known": [[0, 0, 0, 0], [0, 0, 0, 1]],
    }
    assert rate(view(), ("background", "building"), [1]) == pytest.approx(2 / 4)


def test_one_class_taken_for_another_has_a_colour_of_its_own() -> None:
    scene = view(np.array([[1, 2, 0]], np.uint8), np.array([[2, 2, 2]], np.uint8))
    layers = {label: pixels.astype(int).tolist() for label, pixels, _ in difference(scene, [1, 2])}
    assert layers == {"hit": [[0, 1, 0]], "miss": [[0, 0, 0]], "false alarm": [[0, 0, 1]], "other class": [[1, 0, 0]]}


def test_layers_are_painted_over_the_picture() -> None:
    axes = Figure().subplots()
    layers = difference(view(), [1])
    paint(axes, view().picture, layers)
    shown = np.asarray(axes.images[0].get_array())
    grey = 128 / 255
    np.testing.assert_allclose(shown[0, 0], grey, atol=1e-6)
    hit = (1 - OPACITY) * grey + OPACITY * np.array(to_rgb(layers[0][2]))
    np.testing.assert_allclose(shown[0, 2], hit, atol=1e-6)


class Pictures:
    """Stands in for the data module."""

    def picture(self, name: str) -> np.ndarray:
        return np.random.default_rng(0).integers(0, 255, (400, 300, 3), np.uint8)


def test_pictures_of_an_evaluation(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random((400, 300)) < 0.2).astype(np.uint8)
    result = SegmentationResult("town/north", torch.from_numpy(truth), torch.from_numpy(1 - truth))
    paths = draw(tmp_path, [result], ("background", "building"), Pictures())
    assert [path.name for path in paths] == ["scene_town_north.png", "worst_parts.png", "best_parts.png"]
    for path in paths:
        with Image.open(path) as image:
            assert min(image.size) > 200


def test_a_scene_without_foreground_is_drawn_without_parts(tmp_path: Path) -> None:
    empty = torch.zeros((400, 300), dtype=torch.uint8)
    paths = draw(tmp_path, [SegmentationResult("desert", empty, empty)], ("background", "building"), Pictures())
    assert [path.name for path in paths] == ["scene_desert.png"]
