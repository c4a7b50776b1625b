"""Every detector of the package keeps the contract of `zoo.detection`."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import zoo
from tests.detection.conftest import TinyBackbone, same
from zoo.detection import kestrel
from zoo.errors import ZooError
from zoo.registry.cards import Card
from zoo.registry.models import builder

#: What keeps the models quick; a card that has the option is built with it. A threshold of 0 leaves all detections.
SMALL = {
    "channels": 64,
    "strides": [8, 16],
    "queries": 100,
    "layers": 2,
    "width": 64,
    "reduced": 32,
    "regions": 32,
    "proposals": 50,
    "patch": 64,
    "sizes": [40.0],
    "patches": 8,
    "masks": False,
    "size": 300,
    "frozen_stride": 0,
    "score_threshold": 0.0,
}
#: Beginnings of the names of layers whose scores a fresh model has all alike.
CLASS_LAYERS = (
    "network.enc_score_head.",
    "network.decoder.class_embed.",
    "head.logits.",
    "head.classification_head.cls_logits.",
)


def options_of(card: Card) -> dict[str, Any]:
    return {key: SMALL.get(key, value) for key, value in card.options.items() if key != "backbone"}


def build_small(card: Card, classes: int, bands: int) -> nn.Module:
    backbone = {"backbone": TinyBackbone(bands, [4, 8, 16, 32])} if "backbone" in card.options else {}
    model = builder(card)(classes, bands, **backbone, **options_of(card))
    for name, parameter in model.named_parameters():
        if name.startswith(CLASS_LAYERS) and parameter.ndim > 1:
            nn.init.normal_(parameter, std=1.0)  # scores that differ by more than rounding, as after training
    return model


def distinct() -> dict[str, Callable[[int, int], nn.Module]]:
    """Every registered detector of boxes; of cards that differ in their size alone, one."""
    cards = [card for card in zoo.cards().values() if card.task == "detection" and card.designed_for.geometry == "box"]
    found = {(card.build, repr(options_of(card))): card for card in reversed(cards)}
    return {card.name: partial(build_small, card) for card in reversed(found.values())}


DETECTORS = distinct()
Build = Callable[[int, int], nn.Module]


def objects(count: int, classes: int, size: int = 90) -> dict[str, Tensor]:
    corner = torch.rand(count, 2) * (size - 40)
    extent = 15 + torch.rand(count, 2) * 25
    return {"boxes": torch.cat((corner, corner + extent), 1), "labels": torch.randint(classes, (count,))}


@pytest.fixture(params=DETECTORS)
def build(request: pytest.FixtureRequest) -> Build:
    return DETECTORS[request.param]


def test_training_gives_losses_and_every_parameter_a_gradient(build: Build) -> None:
    model = build(3, 3).train()
    losses = model(torch.rand(3, 3, 90, 90), [objects(5, 3), objects(0, 3), objects(2, 3)])
    assert all(loss.ndim == 0 and loss.isfinite() for loss in losses.values())
    sum(losses.values()).backward()
    trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    without = [n for n, p in trained if p.grad is None or not p.grad.isfinite().all()]
    assert without == []
    if isinstance(model, kestrel.Kestrel):  # SSD's coarse maps hold no object of this size
        assert [n for n, p in model.named_parameters() if p.grad.abs().sum() == 0] == []


def test_one_image_without_objects_trains(build: Build) -> None:
    model = build(2, 3).train()
    losses = model(torch.rand(1, 3, 64, 75), [objects(0, 2)])
    total = sum(losses.values())
    assert total.isfinite()
    total.backward()


def test_an_image_alone_is_the_image_in_a_batch(build: Build) -> None:
    model = build(3, 3).eval()
    images = torch.rand(2, 3, 70, 101)
    with torch.no_grad():
        batch, alone = model(images), model(images[:1])
    assert len(batch) == 2
    assert same(alone[0], batch[0])


@pytest.mark.parametrize(("height", "width"), [(33, 95), (64, 64), (101, 47)])
def test_detections_lie_in_the_image_best_first(build: Build, height: int, width: int) -> None:
    model = build(4, 3).eval()
    with torch.no_grad():
        found = model(torch.rand(1, 3, height, width))[0]
    boxes, scores, labels = found["boxes"], found["scores"], found["labels"]
    assert len(boxes) == len(scores) == len(labels) > 0
    assert (boxes >= 0).all()
    assert (boxes <= torch.tensor([width, height, width, height])).all()
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (scores[:-1] >= scores[1:]).all()
    assert ((labels >= 0) & (labels < 4)).all()


def test_a_box_without_area_teaches_nothing(build: Build) -> None:
    model, images = build(2, 3).train(), torch.rand(1, 3, 90, 90)
    target, flat = objects(2, 2), torch.tensor([[20.0, 30, 20, 60]])
    more = {"boxes": torch.cat((flat, target["boxes"])), "labels": torch.cat((torch.tensor([1]), target["labels"]))}
    losses = []
    for one in (target, more):
        torch.manual_seed(1)  # of sampling and dropout
        losses.append({key: float(value.detach()) for key, value in model(images, [one]).items()})
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.parametrize("bands", [1, 8])
def test_other_bands(build: Build, bands: int) -> None:
    model = build(2, bands).train()
    losses = model(torch.rand(2, bands, 90, 90), [objects(3, 2), objects(3, 2)])
    assert sum(losses.values()).isfinite()


def test_wrong_bands_and_missing_targets_are_told(build: Build) -> None:
    model = build(2, 3).train()
    with pytest.raises(ZooError, match=r"5 bands.*bands=3"):
        model(torch.rand(1, 5, 64, 64), [objects(1, 2)])
    with pytest.raises(ZooError, match="targets=None"):
        model(torch.rand(1, 3, 64, 64))


def test_saved_and_loaded_it_detects_the_same(build: Build, tmp_path) -> None:
    model, other = build(2, 3).eval(), build(2, 3).eval()
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        mine, theirs = model(image)[0], other(image)[0]
    assert all(torch.equal(mine[key], theirs[key]) for key in ("boxes", "scores", "labels"))


def test_labels_that_go_in_come_out(build: Build) -> None:
    """Class K - 1 can be learnt: in a few steps it is what the best detection says."""
    if "classes" not in build.args[0].adapts:  # proposals have none
        return
    model = build(2, 3)
    images, targets = (
        torch.rand(2, 3, 90, 90),
        [{"boxes": torch.tensor([[20.0, 20, 60, 60]]), "labels": torch.tensor([1])}] * 2,
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(1, 31):
        loss = sum(model.train()(images, targets).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 6 == 0:
            with torch.no_grad():
                found = model.eval()(images)[0]
            if found["labels"][0] == 1:
                return
    pytest.fail(f"class 1 was trained alone, and the best detection says {found['labels'][0]}")
