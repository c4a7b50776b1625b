"""Kestrel with rotated boxes: the contract of the package, turned images, and export of what is computed densely."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tests.detection.conftest import TinyBackbone
from zoo.detection import kestrel
from zoo.detection.assigner import Candidates, TaskAlignedAssigner
from zoo.detection.points import grid
from zoo.detection.rotated_box import RotatedBox
from zoo.detection.rotated_iou import aligned_rotated_iou


def build(**options: int | float) -> kestrel.Kestrel:
    model = kestrel.build(
        3, 3, TinyBackbone(3, [4, 8, 16]), geometry="rotated_box", strides=(8, 16), channels=16, **options
    )
    nn.init.normal_(model.head.logits.weight, std=1.0)  # scores and boxes that differ, as after training
    nn.init.normal_(model.head.code.weight, std=0.3)
    return model


def objects(count: int) -> dict[str, Tensor]:
    boxes = torch.rand(count, 5) * torch.tensor([90.0, 90, 40, 20, 360]) + torch.tensor([0, 0, 10, 6, 0])
    return {"boxes": boxes, "labels": torch.randint(3, (count,))}


def test_every_parameter_learns_also_beside_empty_images() -> None:
    model = build().train()
    losses = model(torch.rand(3, 3, 90, 96), [objects(5), objects(0), objects(2)])
    assert all(loss.isfinite() and loss > 0 for loss in losses.values())
    sum(losses.values()).backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_detections_are_the_same_alone_and_in_a_batch() -> None:
    model = build().eval()
    images = torch.rand(2, 3, 70, 101)
    with torch.no_grad():
        batch, alone = model(images)[0], model(images[:1])[0]
    assert len(alone["boxes"]) == len(batch["boxes"]) > 0
    torch.testing.assert_close(alone["scores"], batch["scores"], atol=1e-5, rtol=1e-4)
    assert batch["boxes"].shape[1] == 5
    assert (batch["boxes"][:, 2] >= batch["boxes"][:, 3]).all()
    assert ((batch["boxes"][:, 4] >= -90) & (batch["boxes"][:, 4] < 90)).all()


TURNS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "mirrored": (lambda x: x.flip(3), lambda b: torch.stack((96 - b[:, 0], b[:, 1], b[:, 2], b[:, 3], -b[:, 4]), 1)),
    "upside down": (lambda x: x.flip(2), lambda b: torch.stack((b[:, 0], 64 - b[:, 1], b[:, 2], b[:, 3], -b[:, 4]), 1)),
    "a quarter on": (
        lambda x: torch.rot90(x, 1, (2, 3)),
        lambda b: torch.stack((b[:, 1], 96 - b[:, 0], b[:, 2], b[:, 3], b[:, 4] + 90), 1),
    ),
}


@pytest.mark.parametrize("name", TURNS)
def test_eight_views_find_the_same_in_a_turned_image(name: str) -> None:
    model = build(views=8, score_threshold=0.0, nms_threshold=1.0).eval()
    turn, turned = TURNS[name]
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        here, there = model(image)[0], model(turn(image))[0]
    torch.testing.assert_close(here["scores"], there["scores"])
    assert RotatedBox().iou(turned(here["boxes"]), there["boxes"]).amax(1).min() > 0.999


def test_a_slanted_thin_object_between_the_points_is_given_its_nearest_ones() -> None:
    points, thin = grid(8, 8, 8), torch.tensor([[32.0, 32, 40, 2, 0], [20, 20, 30, 30, 20]])
    boxes = RotatedBox().decode(points, torch.full((64,), 8.0), torch.tensor([[0, 0, 1.4, 0, 0, 1, 0]]).repeat(64, 1))
    assert (RotatedBox().depth(points, thin)[0] < 0).all()
    found = TaskAlignedAssigner()(
        RotatedBox(), Candidates(points, boxes, torch.rand(64, 2)), thin, torch.tensor([0, 1])
    )
    mine = points[found.objects == 0]
    assert 0 < len(mine) <= 13
    assert (mine[:, 1] - 32).abs().max() == 4  # the rows above and below
    assert (found.objects == 1).any()


class Dense(nn.Module):
    """What an exported model computes."""

    def __init__(self, model: kestrel.Kestrel) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        _, boxes, logits = self.model.dense(self.model.pad(images))
        return boxes, logits.sigmoid()


@pytest.mark.parametrize("geometry", ["box", "rotated_box"])
def test_what_is_computed_densely_can_be_exported(geometry: str) -> None:
    model = kestrel.build(3, 3, TinyBackbone(3, [4, 8, 16]), geometry=geometry, strides=(8, 16), channels=8).eval()
    network, images = Dense(model).eval(), torch.rand(2, 3, 50, 64)
    exported = torch.export.export(network, (images,)).module()
    with torch.no_grad():
        for mine, theirs in zip(network(images), exported(images), strict=True):
            torch.testing.assert_close(mine, theirs)
        boxes, scores = network(images)
        found = model(images)[0]
    best = scores[0].amax(1).argmax()
    if geometry == "rotated_box":
        assert float(aligned_rotated_iou(found["boxes"][:1], boxes[0, best][None])) > 0.999
