"""Merging the detections of tiles: each object once, whatever the order of the tiles and how much is settled at a time."""

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
import shapely
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.ops import box_iou

from zoo.detection.fusion import spanning
from zoo.detection.matching import curve, match
from zoo.detection.scene import SceneMerger
from zoo.geometry.box_geometry import corners, shared_area
from zoo.geometry.tiles import Tile, grid

SIZE, TILE, OVERLAP = 400, 128, 48


def scattered(seed: int, low: float, high: float, count: int = 40, gap: float = 6) -> Tensor:
    """Boxes (N, 4) with sides of `low` to `high` pixels, at least `gap` pixels apart."""
    draw = torch.Generator().manual_seed(seed)
    sides = low + (high - low) * torch.rand(count, 2, generator=draw)
    corner = torch.rand(count, 2, generator=draw) * (SIZE - sides)
    boxes = torch.cat([corner, corner + sides], dim=1)
    wide = boxes + torch.tensor([-gap, -gap, gap, gap])
    kept: list[int] = []
    for i in range(count):
        if not kept or float(box_iou(wide[i : i + 1], boxes[kept]).max()) == 0:
            kept.append(i)
    return boxes[kept]


def detected(boxes: Tensor, tile: Tile, jitter: float = 0.0) -> dict[str, Tensor]:
    """What a detector reports of a tile: the visible part of everything of which enough is visible, a little off."""
    draw = torch.Generator().manual_seed(tile.x * 1009 + tile.y)
    moved = boxes - torch.tensor([tile.x, tile.y, tile.x, tile.y])
    moved = moved + jitter * (2 * torch.rand(moved.shape, generator=draw) - 1)
    cut = moved.clamp(0, TILE)
    visible = ((cut[:, 2:] - cut[:, :2]) > 4).all(1)
    scores = torch.linspace(0.1, 0.9, len(boxes))
    return {"boxes": cut[visible], "scores": scores[visible], "labels": torch.zeros(int(visible.sum())).long()}


def put_together(tiles: Sequence[Tile], boxes: Tensor, jitter: float = 0.0) -> dict[str, Tensor]:
    merger = SceneMerger()
    for tile in tiles:
        merger.add(tile, detected(boxes, tile, jitter))
    return merger.scenes()["scene"]


def streamed(tiles: Sequence[Tile], boxes: Tensor, jitter: float = 0.0) -> list[dict[str, Tensor]]:
    """Settle after every row of tiles, as the prediction of a large scene does."""
    merger, parts = SceneMerger(), []
    for tile in tiles:
        merger.add(tile, detected(boxes, tile, jitter))
        if tile.ends_row:
            parts.append(merger.settle("scene", float("inf") if tile.ends_scene else tile.next_y))
    assert not len(merger.scenes()["scene"]["boxes"])
    return parts


def in_order(found: dict[str, Tensor]) -> list[list[float]]:
    return sorted([*box, score] for box, score in zip(found["boxes"].tolist(), found["scores"].tolist(), strict=True))


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000), st.sampled_from([(8, 40, 0), (20, 120, 0), (90, 300, 0), (20, 120, 1.5), (90, 300, 1.5)])
)
def test_each_object_once_in_any_order_and_in_parts(seed: int, sides: tuple[float, float, float]) -> None:
    *sizes, jitter = sides
    boxes = scattered(seed, *sizes)
    tiles = list(grid(SIZE, SIZE, TILE, OVERLAP, "scene"))
    whole = put_together(tiles, boxes, jitter)
    shuffled = random.Random(seed).sample(tiles, len(tiles))
    other = put_together(shuffled, boxes, jitter)
    assert all(torch.equal(whole[key], other[key]) for key in whole)
    parts = streamed(tiles, boxes, jitter)
    assert in_order(whole) == in_order({key: torch.cat([part[key] for part in parts]) for key in whole})
    iou = box_iou(whole["boxes"], boxes)
    assert len(whole["boxes"]) == len(boxes)
    assert float(iou.amax(0).min()) > (0.999 if jitter == 0 else 0.4)


def turned(tile: Tile, boxes: np.ndarray) -> dict[str, Tensor]:
    """What a detector of rotated boxes reports of a tile: the smallest box around what is visible of each object."""
    outlines, frame = shapely.polygons(corners(boxes)), shapely.box(tile.x, tile.y, tile.x + TILE, tile.y + TILE)
    visible = shapely.intersection(outlines, frame)
    seen = [i for i, part in enumerate(visible) if part.area > 20]
    found = np.array([spanning(visible[[i]], boxes[i, 4]) for i in seen]).reshape(-1, 5)
    found[:, :2] -= tile.x, tile.y
    scores = torch.linspace(0.1, 0.9, len(boxes))[seen]
    return {"boxes": torch.from_numpy(found).float(), "scores": scores, "labels": torch.zeros(len(seen)).long()}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([(16, 40), (60, 200)]))
def test_rotated_objects_once_in_any_order_and_in_parts(seed: int, sides: tuple[float, float]) -> None:
    rng = np.random.default_rng(seed)
    hulls = scattered(seed, *sides, gap=4).double().numpy()
    centres, reach = (hulls[:, :2] + hulls[:, 2:]) / 2, (hulls[:, 2:] - hulls[:, :2]).min(axis=1)
    angles = rng.uniform(-90, 90, len(hulls))
    boxes = np.column_stack([centres, 0.9 * reach, rng.uniform(0.25, 0.4, len(hulls)) * reach, angles])
    tiles = list(grid(SIZE, SIZE, TILE, OVERLAP, "scene"))
    whole, other, parts = SceneMerger("rotated_box"), SceneMerger("rotated_box"), []
    merger = SceneMerger("rotated_box")
    for tile in tiles:
        whole.add(tile, turned(tile, boxes))
        merger.add(tile, turned(tile, boxes))
        if tile.ends_row:
            parts.append(merger.settle("scene", float("inf") if tile.ends_scene else tile.next_y))
    for tile in random.Random(seed).sample(tiles, len(tiles)):
        other.add(tile, turned(tile, boxes))
    found = whole.scenes()["scene"]
    assert all(torch.equal(found[key], other.scenes()["scene"][key]) for key in found)
    assert in_order(found) == in_order({key: torch.cat([part[key] for part in parts]) for key in found})
    assert len(found["boxes"]) == len(boxes)
    mine, true = (shapely.polygons(corners(some)) for some in (found["boxes"].double().numpy(), boxes))
    iou = [max(a.intersection(b).area / a.union(b).area for a in mine) for b in true]
    assert (
        min(iou) > 0.5
    )  # the parts of a large one, each in the smallest box around it, are a little more than the whole


def test_an_object_seen_whole_is_not_told_by_its_parts() -> None:
    left, right = list(grid(200, 128, 128, 56, "scene"))
    merger = SceneMerger()
    box = torch.tensor([[80.0, 40, 150, 60]])  # cut in the left tile, whole in the right one
    for tile, score in ((left, 0.9), (right, 0.4)):
        found = detected(box, tile)
        merger.add(tile, {**found, "scores": torch.tensor([score])})
    found = merger.scenes()["scene"]
    assert found["boxes"].tolist() == box.tolist()
    assert found["scores"].tolist() == pytest.approx([0.4])


def test_tiles_that_put_a_centre_on_either_side_of_the_seam_lose_nothing() -> None:
    left, right = list(grid(208, 128, 128, 48, "scene"))
    assert left.core[2] == right.core[0] == 104
    for shift in (-1.5, 1.5):  # both tiles claim the object, or neither does
        merger = SceneMerger()
        for tile, off in ((left, shift), (right, -shift)):
            box = torch.tensor([[98 + off - tile.x, 50, 110 + off - tile.x, 62]])
            merger.add(tile, {"boxes": box, "scores": torch.tensor([0.5]), "labels": torch.tensor([0])})
        assert len(merger.scenes()["scene"]["boxes"]) == 1


def test_objects_of_two_classes_at_one_place_both_stay() -> None:
    merger = SceneMerger()
    for tile in grid(208, 128, 128, 48, "scene"):
        box = torch.tensor([[98.0 - tile.x, 50, 110 - tile.x, 62]] * 2)
        merger.add(tile, {"boxes": box, "scores": torch.tensor([0.5, 0.6]), "labels": torch.tensor([0, 1])})
    assert sorted(merger.scenes()["scene"]["labels"].tolist()) == [0, 1]


def test_one_box_written_in_two_ways_is_found_once() -> None:
    box = torch.tensor(
        [[46.02671101811668, 2516.448021137514, 49.06090010046139, 38.67094749469843, 41.199658816955626]]
    )
    turned = box - torch.tensor([0.0, 0, 0, 0, 180])
    merger = SceneMerger("rotated_box")
    tiles = list(grid(128, 5000, 128, 100, "scene"))
    seeing = [t for t in tiles if t.y < 2480 and t.y + 128 > 2552][:2]
    for tile, one in zip(seeing, (box, turned), strict=True):
        there = one - torch.tensor([float(tile.x), float(tile.y), 0, 0, 0])
        merger.add(tile, {"boxes": there, "scores": torch.tensor([0.5]), "labels": torch.tensor([0])})
    assert len(merger.scenes()["scene"]["labels"]) == 1


def test_equal_rectangles_share_all_their_area() -> None:
    box = np.array([[46.02671101811668, 2516.448021137514, 49.06090010046139, 38.67094749469843, 41.199658816955626]])
    one, other = (shapely.polygons(corners(box - [0, 0, 0, 0, turn])) for turn in (0, 180))
    assert shared_area(one, other) == pytest.approx(box[:, 2] * box[:, 3], rel=1e-6)


@given(st.floats(0, 360), st.floats(5, 50), st.floats(5, 50), st.floats(-180, 180))
def test_a_rotated_box_spans_its_own_corners(degrees: float, width: float, height: float, wanted: float) -> None:
    outline = corners(np.array([[30.0, 20.0, width, height, degrees]]))
    box = spanning(shapely.polygons(outline), wanted)
    assert shapely.area(shapely.polygons(corners(box[None]))[0]) == pytest.approx(width * height, rel=1e-6)
    back = shared_area(shapely.polygons(corners(box[None])), shapely.polygons(outline))
    assert back[0] == pytest.approx(width * height, rel=1e-4)
    assert abs(box[4] - wanted) <= 45 + 1e-6
    exact = spanning(shapely.polygons(outline), degrees)
    assert exact[2:4] == pytest.approx([width, height], rel=1e-6)


def test_an_object_is_hit_once_and_by_its_own_class() -> None:
    truth = {"boxes": torch.tensor([[0.0, 0, 10, 10], [20, 20, 30, 30]]), "labels": torch.tensor([0, 1])}
    found = {
        "boxes": torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9], [20, 20, 30, 30]]),
        "scores": torch.tensor([0.9, 0.8, 0.7]),
        "labels": torch.tensor([0, 0, 0]),
    }
    matched = match(found, truth)
    assert matched.hits.tolist() == [0, -1, -1]
    points = curve([matched])
    assert points.precision.tolist() == [1.0, 0.5, 1 / 3]
    assert points.recall.tolist() == [0.5, 0.5, 0.5]
    f1, score = points.best()
    assert abs(f1 - 2 / 3) < 1e-9
    assert abs(score - 0.9) < 1e-6


def test_without_objects_or_detections() -> None:
    nothing = {"boxes": torch.zeros(0, 4), "scores": torch.zeros(0), "labels": torch.zeros(0, dtype=torch.long)}
    one = {"boxes": torch.tensor([[0.0, 0, 9, 9]]), "scores": torch.ones(1), "labels": torch.zeros(1, dtype=torch.long)}
    for found in (nothing, one):
        assert all(math.isnan(value) for value in curve([match(found, nothing)]).best())
    assert curve([match(nothing, one)]).best() == (0.0, 1.0)
