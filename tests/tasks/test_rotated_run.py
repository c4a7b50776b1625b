"""Rotated boxes from the configuration of a run to its metric and pictures."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

import zoo
from configuration.composition import compose, to_dict
from tasks.agreement import refuse_other_geometry, resolve_geometry
from tasks.detection import Detection
from tests.detection.conftest import TinyBackbone
from zoo.detection import kestrel
from zoo.detection.rotated_box import RotatedBox
from zoo.errors import ZooError
from zoo.geometry.tiles import Tile

SIZE, BOX, IMAGES, STEPS = 96, RotatedBox(), 4, 100
Target = dict[str, Tensor]


def painted(boxes: Tensor, labels: Tensor) -> Tensor:
    """An image (3, SIZE, SIZE) with these rectangles, each class in its colour, soft at the edge."""
    middle = torch.arange(SIZE) + 0.5
    y, x = torch.meshgrid(middle, middle, indexing="ij")
    inside = BOX.depth(torch.stack((x, y), -1).view(-1, 2), boxes).clamp(-0.5, 0.5).add(0.5).view(-1, 1, SIZE, SIZE)
    image, colours = torch.full((3, SIZE, SIZE), 0.2), torch.tensor([[0.9, 0.5, 0.4], [0.4, 0.6, 0.9]])
    for mask, label in zip(inside, labels.tolist(), strict=True):
        image = image * (1 - mask) + mask * colours[label].view(3, 1, 1)
    return image


def scene(seed: int) -> tuple[Tensor, Target]:
    """Long rectangles and squares of any angle, one in each quarter."""
    draw = torch.Generator().manual_seed(seed)
    corner = torch.tensor([[0.0, 0], [48, 0], [0, 48], [48, 48]]) + 20 + 8 * torch.rand(4, 2, generator=draw)
    labels = torch.tensor([0, 1, 0, 1])
    sides = torch.where(labels[:, None] == 0, torch.tensor([34.0, 12]), torch.tensor([22.0, 22]))
    boxes = torch.cat((corner, sides, 360 * torch.rand(4, 1, generator=draw)), 1)
    return painted(boxes, labels), {"boxes": boxes, "labels": labels}


@pytest.fixture(scope="module")
def learnt() -> torch.nn.Module:
    """A small detector that has seen a few scenes again and again."""
    torch.manual_seed(0)
    model = kestrel.build(2, 3, TinyBackbone(3, [2, 4, 8]), geometry="rotated_box", strides=(8,), channels=32)
    images, targets = zip(*map(scene, range(IMAGES)), strict=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=6e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=STEPS)
    for _ in range(STEPS):
        loss = sum(model(torch.stack(images), targets).values())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10)
        optimizer.step()
        schedule.step()
    return model.eval()


def batch(count: int) -> dict[str, object]:
    images, targets = zip(*map(scene, range(count)), strict=True)
    tiles = [Tile(0, 0, SIZE, SIZE, (0, 0, SIZE, SIZE), f"scene {i}") for i in range(count)]
    return {"images": torch.stack(images), "targets": list(targets), "tiles": tiles, "names": ["x"] * count}


def test_it_learns_rectangles_and_squares_and_draws_them(learnt: torch.nn.Module, tmp_path: Path) -> None:
    task = Detection(learnt, ["ship", "tank"], "rotated_box", optimizer=None, scheduler=None)
    with torch.no_grad():
        task.update(batch(IMAGES), "test")
    metrics = task.compute("test")
    assert metrics["map_50"] > 0.95
    assert metrics["map_75"] > 0.7
    assert metrics["f1"] > 0.9
    assert {"map/ship", "map/tank", "map_50/tank"} <= set(metrics)
    black = SimpleNamespace(classes=("rectangle", "square"), picture=lambda name: np.zeros((SIZE, SIZE, 3), np.uint8))
    names = {path.name for path in task.draw(tmp_path, black)}
    assert {"precision_recall.png", "scene_scene 0.png", "best_parts.png"} <= names


def test_a_run_takes_the_geometry_of_its_data() -> None:
    config = to_dict(compose(["task=detection", "data=satellite"]))
    assert config["task"]["geometry"] == config["model"]["geometry"] == "auto"
    for geometry in ("box", "rotated_box"):
        settled = resolve_geometry(config, SimpleNamespace(geometry=geometry))
        assert settled["task"]["geometry"] == settled["model"]["geometry"] == geometry
        refuse_other_geometry(zoo.card("kestrel_nano"), settled)
    said = to_dict(compose(["task=detection", "data=satellite", "task.geometry=rotated_box"]))
    assert resolve_geometry(said, SimpleNamespace(geometry="box"))["model"]["geometry"] == "rotated_box"


def test_a_model_of_other_boxes_is_refused() -> None:
    config = resolve_geometry(to_dict(compose(["task=detection", "data=satellite", "model=ssdlite320"])),
                      SimpleNamespace(geometry="rotated_box"))  # fmt: skip
    with pytest.raises(ZooError, match=r"ssdlite320 finds boxes of geometry=box, .* rotated_box; .*data.geometry=box"):
        refuse_other_geometry(zoo.card("ssdlite320"), config)


def test_boxes_of_other_data_are_refused(learnt: torch.nn.Module) -> None:
    task = Detection(learnt, ["ship", "tank"], "box", optimizer=None, scheduler=None)
    with pytest.raises(ZooError, match="boxes of 5 numbers, but task.geometry=box has 4"):
        task.losses(batch(1))
