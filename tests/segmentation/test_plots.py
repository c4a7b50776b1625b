"""The pictures show what is there: each pixel in the colour of what became of it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from tasks.plots import caption
from tasks.plots.parts import Part, best_and_worst
from tasks.plots.segmentation import OPACITY, SceneView, difference, draw, judged, paint, rate
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


def test_the_worst_parts_are_of_different_scenes_and_empty_ground_is_among_them() -> None:
    parts = [Part(f"scene {n // 4}", n / 40, 9, False, 8 * n, 0, 8, 8) for n in range(20)]
    parts += [Part("desert", 0.0, wrong, True, 0, wrong, 8, 8) for wrong in (0, 3, 50)]
    chosen = best_and_worst(parts)
    assert [part.place for part in chosen["worst"]] == [
        "scene 0 at 0, 0",
        "scene 1 at 32, 0",
        "scene 2 at 64, 0",
        "desert at 0, 50",
    ]
    assert [part.place for part in chosen["best"]] == [f"scene {n // 4} at {8 * n}, 0" for n in (19, 15, 11, 7)]
    two = best_and_worst(parts[:5])
    assert [part.x for part in two["worst"]] == [0, 8, 16, 32], "of two scenes as many as there are, in their order"
    assert best_and_worst(parts[-3:-2]) == {}, "empty ground on which nothing is found tells nothing"


def test_titles_are_wrapped_and_hold_no_formula() -> None:
    title = caption("IoU 0.20", "a/very/long/path of a picture that has no end $1 and $2.png at 100, 200", width=30)
    assert max(map(len, title.splitlines())) <= 33
    figure = Figure()
    figure.subplots().set_title(title)
    figure.draw_without_rendering()


def test_a_part_says_which_class_is_worst() -> None:
    truth, found = np.array([[1, 2, 2, 0]], np.uint8), np.array([[1, 2, 0, 0]], np.uint8)
    part = Part("s", 0.5, 1, False, 0, 0, 4, 1)
    classes = ("background", "road", "roof")
    assert judged(part, view(truth, found), classes, [1, 2]) == "IoU roof 0.50, road 1.00"
    empty = part._replace(empty=True, wrong=2)
    said = judged(empty, view(np.zeros((1, 4), np.uint8), np.array([[2, 2, 0, 0]], np.uint8)), classes, [1, 2])
    assert said == "nothing there, and 50% called roof"


def test_a_scene_without_foreground_is_drawn_without_parts(tmp_path: Path) -> None:
    empty = torch.zeros((400, 300), dtype=torch.uint8)
    paths = draw(tmp_path, [SegmentationResult("desert", empty, empty)], ("background", "building"), Pictures())
    assert [path.name for path in paths] == ["scene_desert.png"]


def test_no_part_shows_another_again() -> None:
    parts = [Part("a", number / 10, 9 - number, False, x, 0, 100, 100) for number, x in enumerate((0, 60, 80, 200))]
    shown = best_and_worst(parts)
    assert [part.x for part in shown["worst"]] == [0, 80, 200]
    assert [part.x for part in shown["best"]] == [200, 80, 0]
