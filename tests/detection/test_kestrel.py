"""What is Kestrel's own: its strides, and that it learns."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.detection.conftest import TinyBackbone
from zoo.detection import kestrel
from zoo.detection.box import Box
from zoo.detection.heads import flatten
from zoo.detection.postprocess import Postprocess
from zoo.detection.views import SQUARE, View
from zoo.errors import ZooError


@pytest.mark.parametrize("strides", [(8,), (8, 16), (4, 8, 16), (16, 32, 64, 128)])
def test_strides_also_coarser_than_the_backbones(backbone: TinyBackbone, strides: tuple[int, ...]) -> None:
    model = kestrel.build(2, 3, backbone, strides=strides, channels=8).eval()
    points, sizes, logits, codes = model.predict(torch.rand(1, 3, 128, 128))
    assert sizes.unique().tolist() == list(strides)
    assert logits.shape == (1, len(points), 2)
    assert codes.shape == (1, len(points), 4)


@pytest.mark.parametrize("strides", [(), (2, 4), (8, 32), (16, 8)])
def test_strides_that_do_not_fit_are_told(backbone: TinyBackbone, strides: tuple[int, ...]) -> None:
    with pytest.raises(ZooError, match="strides="):
        kestrel.build(2, 3, backbone, strides=strides)


def test_it_learns_one_scene_by_heart(backbone: TinyBackbone) -> None:
    model = kestrel.build(2, 3, backbone, channels=24)
    image = torch.full((1, 3, 96, 96), 0.2)
    boxes = torch.tensor([[10.0, 12, 40, 44], [50, 48, 84, 80]])
    for (x1, y1, x2, y2), value in zip(boxes.int().tolist(), (0.9, 0.6), strict=True):
        image[..., y1:y2, x1:x2] = value
    target = [{"boxes": boxes, "labels": torch.tensor([1, 0])}]
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(120):
        loss = sum(model(image, target).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for norm in model.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.momentum = 1.0
    model(image, target)
    with torch.no_grad():
        found = model.eval()(image)[0]
    order = found["labels"][:2].argsort(descending=True)
    assert found["labels"][:2][order].tolist() == [1, 0]
    assert Box().iou(found["boxes"][:2][order], boxes).diagonal().min() > 0.7


def test_postprocess_keeps_at_most_and_over_the_threshold() -> None:
    corner = torch.arange(50.0)[:, None] * 20
    boxes, scores = torch.cat((corner, corner, corner + 10, corner + 10), 1), torch.rand(50, 3)
    kept = Postprocess(score_threshold=0.5, max_detections=7)(Box(), boxes, scores, (2000, 2000))
    assert kept["scores"].tolist() == scores.flatten().sort(descending=True).values[:7].tolist()
    every = Postprocess(score_threshold=0.5)(Box(), boxes, scores, (2000, 2000))
    assert len(every["scores"]) == int((scores > 0.5).sum())


TURNS: dict[str, tuple[Callable[[Tensor], Tensor], list[int], list[float], list[float]]] = {
    "mirrored": (lambda x: x.flip(3), [2, 1, 0, 3], [-1, 1, -1, 1], [96, 0, 96, 0]),
    "upside down": (lambda x: x.flip(2), [0, 3, 2, 1], [1, -1, 1, -1], [0, 64, 0, 64]),
    "transposed": (lambda x: x.transpose(2, 3), [1, 0, 3, 2], [1, 1, 1, 1], [0, 0, 0, 0]),
}


@pytest.mark.parametrize("name", TURNS)
def test_eight_views_see_the_same_in_a_turned_image(backbone: TinyBackbone, name: str) -> None:
    model = kestrel.build(2, 3, backbone, channels=16, views=8, score_threshold=0.0, nms_threshold=1.0).eval()
    image = torch.rand(1, 3, 64, 96)
    turn, order, sign, shift = TURNS[name]
    with torch.no_grad():
        here, there = model(image)[0], model(turn(image))[0]
    turned = here["boxes"][:, order] * torch.tensor(sign) + torch.tensor(shift)
    torch.testing.assert_close(here["scores"], there["scores"])
    assert Box().iou(turned, there["boxes"]).amax(1).min() > 0.999  # equal scores may change places
    model.postprocess = replace(model.postprocess, views=1)
    with torch.no_grad():
        alone = model(image)[0]
    assert len(alone["scores"]) != len(here["scores"]) or not torch.allclose(alone["scores"], here["scores"], rtol=1e-6)


@pytest.mark.parametrize("view", SQUARE)
def test_a_view_and_back(view: View) -> None:
    maps = [torch.rand(2, 5, 6, 4), torch.rand(2, 5, 3, 2)]
    seen = flatten([view.show(m) for m in maps])
    assert torch.equal(view.undo(seen, [(6, 4), (3, 2)]), flatten(maps))


def test_another_number_of_views_is_told(backbone: TinyBackbone) -> None:
    with pytest.raises(ZooError, match="views=3 is none of 1, 2, 4, 8"):
        kestrel.build(2, 3, backbone, views=3)
