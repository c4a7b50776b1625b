"""Crops near what is rare: where classes lie in masks and boxes, and what of it training sees."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recipes.imagery.crops import Drawing, RandomCrops, Sampling
from recipes.imagery.places import KEPT, ROWS, find_places, rare
from recipes.imagery.scene import Scene
from recipes.kit.pipeline import Pipeline
from zoo.segmentation import IGNORED

HEIGHT, WIDTH = ROWS + 76, 200


def masked(folder: Path, mask: np.ndarray, name: str = "scene") -> Scene:
    path = folder / f"{name}.png"
    Image.fromarray(np.zeros((*mask.shape, 3), np.uint8)).save(path)
    return Scene(name, path, (0, 0, mask.shape[1], mask.shape[0]), mask=mask)


@pytest.fixture
def mask() -> np.ndarray:
    """Background, a class of 40 × 30 pixels over the seam of two stretches, one of four pixels, and a border of nobody's."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[ROWS - 20 : ROWS + 20, 100:130] = 1
    mask[10:12, 20:22] = 2
    mask[:, -9:] = IGNORED
    return mask


def test_a_place_lies_in_its_class_and_counts_its_pixels(tmp_path: Path, mask: np.ndarray) -> None:
    places = find_places([masked(tmp_path, mask)])
    assert [round(one.amount) for one in places] == [np.sum(mask == label) for label in range(3)]
    for label, one in enumerate(places):
        x, y = one.centres.astype(int).T
        assert (mask[y, x] == label).all()
        assert len(one.centres) <= 2 * KEPT  # two stretches


def test_all_of_a_class_is_drawn_alike_wherever_it_lies(tmp_path: Path, mask: np.ndarray) -> None:
    small = np.zeros((64, 64), np.uint8)
    small[8:28, 8:28] = 1  # 400 pixels beside 1,200 of the first
    places = find_places([masked(tmp_path, mask), masked(tmp_path, small, "small")])
    drawn = np.array([places[1].at((i + 0.5) / 2000)[0] for i in range(2000)])
    assert drawn.mean() == pytest.approx(400 / 1600, abs=0.01)


def test_what_is_rare_is_less_than_the_mean_class(tmp_path: Path, mask: np.ndarray) -> None:
    places = find_places([masked(tmp_path, mask)])
    assert rare(places) == places[1:]
    assert rare(places[:1]) == places[:1]
    assert rare([]) == []


@pytest.mark.parametrize(
    ("sampling", "least", "most"), [("uniform", 0.0, 0.15), ("balanced", 0.1, 0.35), ("rare", 0.2, 0.45)]
)
def test_crops_show_what_is_rare_as_often_as_is_asked(
    tmp_path: Path, mask: np.ndarray, sampling: Sampling, least: float, most: float
) -> None:
    crops = RandomCrops([masked(tmp_path, mask)], 64, 200, 1, Pipeline(), drawing=Drawing(sampling=sampling))
    shown = [bool((crops[(0, index)]["mask"] == 2).any()) for index in range(200)]
    assert least <= np.mean(shown) <= most


def test_objects_of_rare_classes_are_drawn_around(tmp_path: Path) -> None:
    path = tmp_path / "scene.png"
    Image.fromarray(np.zeros((400, 400, 3), np.uint8)).save(path)
    corners = np.array([[x, 10] for x in range(10, 110, 10)] + [[370, 370]], np.float32)
    boxes = np.concatenate((corners, corners + 8), axis=1)
    labels = np.array([0] * 10 + [1])
    scene = Scene("scene", path, (0, 0, 400, 400), boxes, labels)
    crops = RandomCrops([scene], 64, 100, 1, Pipeline(), drawing=Drawing(sampling="rare"))
    shown = [bool((crops[(0, index)]["labels"] == 1).any()) for index in range(100)]
    assert 0.35 < np.mean(shown) < 0.65
