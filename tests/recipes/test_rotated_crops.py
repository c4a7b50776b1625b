"""Rotated boxes in crops: exact areas, whole objects, and transforms that move image and boxes together."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torchvision.transforms import v2

from recipes.imagery import boxes
from recipes.imagery.augment import Symmetries
from recipes.imagery.boxes import VISIBLE, areas_inside, visible
from recipes.imagery.crops import Drawing, RandomCrops
from recipes.imagery.module import DetectionScenes, uniform
from recipes.imagery.scene import Scene
from recipes.imagery.tiled import Tiles
from recipes.kit.pipeline import Pipeline
from recipes.kit.split import Split
from zoo.errors import ZooError
from zoo.geometry import box_geometry
from zoo.sources import Source

side = st.floats(1, 120, width=32)
place = st.floats(-80, 180, width=32)
turn = st.one_of(st.floats(-400, 400, width=32), st.sampled_from([0.0, 90.0, -90.0, 180.0, 45.0, 1e-6]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(place, place, side, side, turn), max_size=12))
@example([(31.0, 86.0, 60.8828125, 25.0, 1e-6)])  # edges that are just not level
def test_the_area_inside_is_that_of_the_clipped_polygon(rows: list[tuple[float, ...]]) -> None:
    corners = box_geometry.corners(np.array(rows, np.float64).reshape(-1, 5))
    clipped = shapely.intersection(shapely.polygons(corners), shapely.box(0, 0, 100, 60))
    np.testing.assert_allclose(areas_inside(corners, 100, 60), shapely.area(clipped), atol=1e-4)
    np.testing.assert_allclose(areas_inside(corners[:, ::-1], 100, 60), shapely.area(clipped), atol=1e-4)


@pytest.mark.parametrize("columns", [4, 5])
def test_what_is_far_from_a_window_is_left_out_unseen(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(columns)
    centres, sides = random.uniform(-100, 400, (3000, 2)), random.uniform(0, 90, (3000, 2))
    turned = [centres, sides, random.uniform(-180, 180, (3000, 1))]
    rows = np.concatenate(turned if columns == 5 else [centres, centres + sides], axis=1).astype(np.float32)
    window = (60, 120, 100, 40)
    found, kept = visible(rows, window)
    assert boxes.reaching(rows, window).mean() < 0.4
    monkeypatch.setattr(boxes, "reaching", lambda rows, window: np.ones(len(rows), bool))
    every, all_kept = visible(rows, window)
    np.testing.assert_array_equal(kept, all_kept)
    np.testing.assert_array_equal(found, every)
    assert 20 < kept.sum() < 2000


def test_a_rotated_box_stays_whole_or_goes() -> None:
    boxes = np.array([[50, 50, 30, 10, 45], [1, 50, 30, 10, 90], [-2, 50, 30, 10, 0], [200, 50, 9, 9, 0]], np.float32)
    inside, kept = visible(boxes, (0, 0, 100, 100))
    assert kept.tolist() == [True, True, True, False]
    np.testing.assert_array_equal(inside, boxes[:3])
    assert not visible(boxes[2:3] - np.float32([VISIBLE * 10, 0, 0, 0, 0]), (0, 0, 100, 100))[1].any()
    np.testing.assert_array_equal(visible(boxes[:1], (10, 20, 80, 80))[0], [[40, 30, 30, 10, 45]])


def draw(boxes: np.ndarray, height: int, width: int) -> np.ndarray:
    """Which pixels' centres are in one of the boxes (N, 5)."""
    y, x = np.mgrid[:height, :width] + 0.5
    shown = np.zeros((height, width), bool)
    for cx, cy, along, across, degrees in boxes:
        cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        u, v = (x - cx) * cos - (y - cy) * sin, (x - cx) * sin + (y - cy) * cos
        shown |= (np.abs(u) <= along / 2) & (np.abs(v) <= across / 2)
    return shown


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A dark scene of 300 × 200 with white rotated rectangles, which are the objects; the first is difficult."""
    random = np.random.default_rng(1)
    x, y = np.meshgrid([40, 110, 180, 250], [45, 140])
    boxes = np.stack([x.ravel(), y.ravel(), random.uniform(30, 50, 8), random.uniform(8, 20, 8)], axis=1)
    boxes = np.concatenate([boxes, random.uniform(-180, 180, (8, 1))], axis=1).astype(np.float32)
    path = tmp_path / "scene.tif"
    profile = {"driver": "GTiff", "width": 300, "height": 200, "count": 3, "dtype": "uint8"}
    profile["transform"] = rasterio.Affine(1, 0, 9, 0, -1, 9)
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(np.repeat(draw(boxes, 200, 300)[None] * np.uint8(255), 3, axis=0))
    difficult = np.arange(8) == 0
    return Scene("scene", path, (0, 0, 300, 200), boxes, np.arange(8), difficult=difficult)


@pytest.mark.parametrize("scale", [0.0, 0.4])
def test_a_crop_shows_what_its_rotated_boxes_say(scene: Scene, scale: float) -> None:
    crops = RandomCrops([scene], 96, 40, seed=3, augment=Pipeline([Symmetries()]), drawing=Drawing(scale=scale))
    agreed = []
    for index in range(40):
        sample = crops[(0, index)]
        assert sample["boxes"].dtype == torch.float32
        assert len(sample["boxes"]) == len(sample["labels"]) == len(sample["difficult"])
        assert sample["difficult"].tolist() == (sample["labels"] == 0).tolist()
        boxes = sample["boxes"].numpy()
        for box in boxes:
            agreed.append(float(sample["image"][0].numpy()[draw(box[None], 96, 96)].mean()))
        sizes = {tuple(np.round(row, 3)) for row in boxes[:, 2:4]}
        if not scale:  # a box at the edge is whole: its sides are those of the scene
            assert sizes <= {tuple(np.round(row, 3)) for row in scene.boxes[:, 2:4]}
    assert len(agreed) > 40
    assert min(agreed) > (0.85 if scale else 0.99)


@pytest.mark.parametrize("transform", [v2.RandomRotation((90, 90)), v2.RandomHorizontalFlip(1.0), v2.Resize((96, 96))])
def test_boxes_over_the_edge_are_never_clamped(scene: Scene, transform: torch.nn.Module) -> None:
    crops = RandomCrops([scene], 48, 30, seed=5, augment=Pipeline([transform]))
    plain = RandomCrops([scene], 48, 30, seed=5, augment=Pipeline())
    for index in range(30):
        moved, still = crops[(0, index)]["boxes"], plain[(0, index)]["boxes"]
        grown = 2 if isinstance(transform, v2.Resize) else 1
        np.testing.assert_allclose(moved.numpy()[:, 2:4], still.numpy()[:, 2:4] * grown, rtol=1e-3)


def test_over_all_tiles_each_rotated_object_is_true_once(scene: Scene) -> None:
    tiles = Tiles([scene], 80, 20)
    found = np.zeros((0, 5))
    for index in range(len(tiles)):
        sample = tiles[index]
        assert sample["difficult"].tolist() == (sample["labels"] == 0).tolist()
        shift = (sample["tile"].x, sample["tile"].y, 0, 0, 0)
        found = np.concatenate([found, sample["boxes"].numpy() + np.array(shift)])
    assert sorted(found.round(2).tolist()) == sorted(scene.boxes.astype(float).round(2).tolist())


def test_a_region_keeps_rotated_boxes_whole(scene: Scene) -> None:
    left = scene.region("left", (0, 0, 150, 200))
    right = scene.region("right", (150, 0, 150, 200))
    assert (len(left.boxes), len(right.boxes)) == (4, 4)
    assert left.difficult is not None
    assert left.difficult.tolist() == [True, False, False, False]
    np.testing.assert_allclose(right.boxes[:, 1:], scene.boxes[[2, 3, 6, 7]][:, 1:])
    np.testing.assert_allclose(right.boxes[:, 0], scene.boxes[[2, 3, 6, 7]][:, 0] - 150)


class Given(DetectionScenes):
    """Scenes that are handed in."""

    def __init__(self, split: Split[Scene], **loading: object) -> None:
        super().__init__("given", lambda sample: sample, **loading)
        self.given = split

    def sources(self) -> list[Source]:
        return []

    def read_split(self) -> Split[Scene]:
        return self.given


def test_batches_and_profile_of_rotated_scenes(scene: Scene) -> None:
    bare = Scene("bare", scene.path, (0, 0, 90, 90))
    split = Split({"train": [scene, bare], "val": [scene], "test": [bare]}, tuple("abcdefgh"), ("red", "green", "blue"))
    data = Given(split, batch_size=2, crop=64, tile=64, overlap=16)
    assert data.geometry == "rotated_box"
    batch = next(iter(data.train_dataloader()))
    assert {target["boxes"].shape[1] for target in batch["targets"]} == {5}
    assert all(type(value) is torch.Tensor for target in batch["targets"] for value in target.values())
    assert next(iter(data.test_dataloader()))["targets"][0]["boxes"].shape == (0, 5)
    profile = data.profile()
    assert (profile.objects, profile.classes["a"]) == (8, 1)
    assert profile.rotated is not None
    assert profile.rotated > 0.5
    assert Given(Split({part: [bare] for part in ("train", "val", "test")}, ("a",), ("x",))).geometry == "box"
    square = Scene("square", scene.path, (0, 0, 90, 90), np.ones((1, 4), np.float32), np.zeros(1, np.int64))
    with pytest.raises(ZooError, match="scene square has axis-aligned boxes"):
        uniform({"train": [scene, square]})
