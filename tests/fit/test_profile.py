"""Profiles of annotated objects: held against slow, plain computations."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.ops import box_convert, box_iou

from zoo.errors import ZooError
from zoo.geometry import box_geometry
from zoo.geometry.tiles import grid
from zoo.profile import Profile, detection_profile


def scattered(seed: int, count: int = 60, columns: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    corner, size = rng.uniform(0, 200, (count, 2)), rng.uniform(5, 60, (count, 2))
    if columns == 4:
        return np.concatenate([corner, corner + size], axis=1)
    return np.concatenate([corner, size, rng.uniform(-180, 180, (count, 1))], axis=1)


@given(st.integers(0, 2**32 - 1))
def test_corners_are_torchvisions(seed: int) -> None:
    boxes = scattered(seed, columns=5)
    theirs = box_convert(torch.from_numpy(boxes), "cxcywhr", "xyxyxyxy").numpy().reshape(-1, 4, 2)
    assert np.allclose(box_geometry.corners(boxes), theirs, atol=1e-6)
    assert np.allclose(box_geometry.areas(theirs), boxes[:, 2] * boxes[:, 3])
    assert np.allclose(box_geometry.longer_sides(theirs), boxes[:, 2:4].max(axis=1))


@given(st.integers(0, 2**32 - 1))
def test_overlap_of_neighbours_is_the_largest_iou(seed: int) -> None:
    boxes, rng = scattered(seed), np.random.default_rng(seed)
    labels, images = rng.integers(0, 3, len(boxes)), rng.integers(0, 2, len(boxes))
    iou = box_iou(torch.from_numpy(boxes), torch.from_numpy(boxes)).numpy()
    same = (labels[:, None] == labels) & (images[:, None] == images) & ~np.eye(len(boxes), dtype=bool)
    found = box_geometry.neighbour_overlap(box_geometry.corners(boxes), labels, images)
    assert np.allclose(found, np.where(same, iou, 0).max(axis=1))


def test_rotated_neighbours_overlap_by_their_outlines() -> None:
    """Two bars at 45° side by side: their hulls overlap by 0.55, they themselves do not."""
    bars = np.array([[50, 50, 40, 8, 45], [57, 57, 40, 8, 45]], float)
    corners, zeros = box_geometry.corners(bars), np.zeros(2, int)
    assert box_geometry.neighbour_overlap(corners, zeros, zeros).max() == 0
    hulls = box_geometry.corners(box_geometry.hulls(corners))
    assert box_geometry.neighbour_overlap(hulls, zeros, zeros).max() > 0.4


@pytest.mark.parametrize(("degrees", "share"), [(0, 0.0), (90, 0.0), (3, 0.0), (45, 1.0), (-30, 1.0)])
def test_a_slanted_object_counts_as_rotated(degrees: float, share: float) -> None:
    boxes = np.array([[50, 50, 40, 8, degrees]], float)
    corners = box_geometry.corners(boxes)
    assert box_geometry.rotated_share(corners, box_geometry.hulls(corners)) == share


@given(st.integers(0, 2**32 - 1), st.integers(30, 400))
def test_objects_in_tiles_are_counted_as_the_grid_cuts(seed: int, tile: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(50, 300, (3, 2))[[0, 1, 2, 0]]
    boxes, images = scattered(seed), rng.integers(0, 4, 60)
    plain = []
    for i, (height, width) in enumerate(sizes):
        centres = (boxes[images == i, :2] + boxes[images == i, 2:]) / 2
        plain += [sum(cell.owns(*centre) for centre in centres) for cell in grid(int(width), int(height), tile, 0)]
    assert box_geometry.objects_per_tile(boxes, images, sizes, tile).tolist() == plain
    assert sum(plain) == len(boxes)


def test_a_profile_holds_what_was_annotated(tmp_path: Path) -> None:
    boxes = np.array([[0, 0, 20, 10], [0, 0, 20, 10], [90, 90, 100, 100]], float)
    sizes = np.array([[100, 100], [50, 80]])
    facts = detection_profile(boxes, np.array([0, 0, 1]), np.array([0, 0, 0]), sizes, ("a", "b", "c"), 64)
    assert facts["classes"] == {"a": 2, "b": 1, "c": 0}
    assert facts["objects_per_image"].largest == 3
    assert facts["object_size"].largest == 20
    assert facts["object_size_relative"].largest == pytest.approx(20 / 64)
    assert facts["neighbour_overlap"].largest == pytest.approx(1)
    assert facts["rotated"] is None
    assert facts["empty_tiles"] == pytest.approx(4 / 6)  # 2 × 2 tiles of the one image, 2 × 1 of the other
    profile = Profile(data="x", task="detection", samples=2, **facts)
    profile.save(tmp_path / "profile.json")
    assert Profile.load(tmp_path / "profile.json") == profile


def test_no_objects_are_a_profile_too() -> None:
    none = np.zeros(0, int)
    facts = detection_profile(np.zeros((0, 5)), none, none, np.array([[64, 64]]), ("a",), 64)
    assert (facts["objects"], facts["object_size"], facts["empty_tiles"], facts["rotated"]) == (0, None, 1.0, 0.0)


def test_wrong_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"shape \(3, 6\)"):
        box_geometry.corners(np.zeros((3, 6)))
    path = tmp_path / "profile.json"
    path.write_text('{"data": "x", "task": "detection", "classes": {}, "sampels": 3}', encoding="utf-8")
    with pytest.raises(ZooError) as raised:
        Profile.load(path)
    assert "field 'samples' is missing" in str(raised.value)
    assert "unknown key 'sampels'; did you mean samples" in str(raised.value)
