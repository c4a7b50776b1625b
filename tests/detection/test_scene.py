"""Merging the detections of tiles: each object once, whatever the order of the tiles."""

import random

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.ops import box_iou

from zoo.detection.matching import curve, match
from zoo.detection.scene import SceneMerger
from zoo.tiles import grid


def scattered(seed: int, count: int = 40, size: int = 400) -> torch.Tensor:
    """Boxes (N, 4) of 10 to 40 pixels that do not overlap much."""
    draw = torch.Generator().manual_seed(seed)
    corner = torch.rand(count, 2, generator=draw) * (size - 40)
    boxes = torch.cat([corner, corner + 10 + 30 * torch.rand(count, 2, generator=draw)], dim=1)
    kept: list[int] = []
    for i in range(count):
        if not kept or float(box_iou(boxes[i : i + 1], boxes[kept]).max()) < 0.3:
            kept.append(i)
    return boxes[kept]


def seen_by(boxes: torch.Tensor, seed: int, order: random.Random) -> dict[str, torch.Tensor]:
    """What a perfect detector reports, tile after tile in any order: everything that is whole inside the tile."""
    tiles = list(grid(400, 400, 128, 48, "scene"))
    order.shuffle(tiles)
    merger = SceneMerger()
    scores = torch.linspace(0.1, 0.9, len(boxes))
    for tile in tiles:
        moved = boxes - torch.tensor([tile.x, tile.y, tile.x, tile.y])
        inside = ((moved[:, :2] >= 0).all(1)) & ((moved[:, 2:] <= 128).all(1))
        labels = torch.zeros(int(inside.sum()), dtype=torch.long)
        merger.add(tile, {"boxes": moved[inside], "scores": scores[inside], "labels": labels})
    return merger.scenes()["scene"]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_each_object_once_and_the_same_in_any_order(seed: int) -> None:
    boxes = scattered(seed)
    first = seen_by(boxes, seed, random.Random(1))
    second = seen_by(boxes, seed, random.Random(2))
    assert len(first["boxes"]) == len(boxes)
    for key in first:
        assert torch.equal(first[key], second[key])
    assert torch.allclose(box_iou(first["boxes"], boxes).amax(0), torch.ones(len(boxes)), atol=1e-4)


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
    assert curve([match(nothing, nothing)]).best() == (0.0, 1.0)
