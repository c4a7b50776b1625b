"""Every registered model of the package keeps the contract of `zoo.pose`."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

import zoo
from zoo.errors import ZooError
from zoo.fit import check
from zoo.profile import Profile, Quantiles

CARDS = {name: card for name, card in zoo.cards().items() if card.task == "pose"}
TRAINED = [name for name, card in CARDS.items() if not card.weights]
SIDE = 64


def build(name: str, classes: int = 3, bands: tuple[str, ...] = ("red", "green", "blue")) -> Any:
    torch.manual_seed(0)
    sized = {"size": SIDE} if "size" in CARDS[name].options else {}
    return zoo.create(
        name, classes=CARDS[name].designed_for.classes if CARDS[name].weights else classes, bands=bands, **sized
    )


def answer(model: Any, images: Tensor) -> Tensor:
    with torch.no_grad():
        return model.eval()(images)


@pytest.mark.parametrize("name", CARDS)
def test_keypoints_are_where_they_can_be(name: str) -> None:
    model = build(name)
    images = torch.rand(3, 3, SIDE, SIDE)
    found = answer(model, images)
    J = 17 if CARDS[name].weights else 3
    N = CARDS[name].designed_for.objects_per_image[1] if CARDS[name].weights else 1
    assert (found.shape, found.dtype) == ((3, N, J, 3), torch.float32)
    assert found.isfinite().all()
    torch.testing.assert_close(answer(model, images[1:2])[0, ..., 2], found[1, ..., 2], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", TRAINED)
def test_every_parameter_has_a_gradient(name: str) -> None:
    model = build(name).train()
    keypoints, visible = torch.rand(4, 3, 2) * SIDE, torch.ones(4, 3, dtype=torch.bool)
    sum(model.losses(torch.rand(4, 3, SIDE, SIDE), keypoints, visible).values()).backward()  # type: ignore[union-attr]
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()] == []


@pytest.mark.parametrize("name", TRAINED)
def test_a_few_steps_learn_one_image(name: str) -> None:
    model = build(name).train()
    images, keypoints = torch.rand(2, 3, SIDE, SIDE), torch.tensor([[[20.0, 9], [40, 50], [10, 44]]]).repeat(2, 1, 1)
    visible, optimizer = torch.ones(2, 3, dtype=torch.bool), torch.optim.AdamW(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(12):
        loss = sum(model.losses(images, keypoints, visible).values())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[union-attr]
        optimizer.step()
        losses.append(float(loss.detach()))  # type: ignore[union-attr]
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("name", TRAINED)
def test_any_bands_and_what_is_saved(name: str, tmp_path: Path) -> None:
    model, other = build(name, 2, ("grey",)), build(name, 2, ("grey",))
    images = torch.rand(1, 1, SIDE, SIDE)
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    other.load_state_dict(load_file(tmp_path / "w.safetensors"))
    assert torch.equal(answer(model, images), answer(other, images))


def test_sizes_that_do_not_fit_are_told() -> None:
    assert answer(build("simple_baseline"), torch.rand(1, 3, 50, 71)).shape == (1, 1, 3, 3)
    with pytest.raises(ZooError, match=r"say data.size=64, or build it with size=96$"):
        build("simcc")(torch.rand(1, 3, 96, 96))


def test_movenet_is_not_trained_nor_changed() -> None:
    with pytest.raises(ZooError, match="train model=simple_baseline"):
        build("movenet_lightning").losses(torch.rand(1, 3, SIDE, SIDE), torch.rand(1, 17, 2), torch.ones(1, 17))
    with pytest.raises(ZooError, match="17 keypoints of COCO"):
        zoo.create("movenet_lightning", classes=3)


def test_keypoints_of_other_names_do_not_fit_movenet() -> None:
    facts = {"data": "d", "task": "pose", "classes": {f"k{i}": 99 for i in range(17)}, "samples": 99}
    one = Quantiles(smallest=1, low=1, median=1, high=1, largest=1)
    rows = {row.aspect: row for row in check(CARDS["movenet_thunder"], Profile(**facts, individuals=one), {}).rows}
    assert rows["keypoints"].verdict == "mismatch"
    assert "simple_baseline" in rows["keypoints"].action
    assert rows["individuals"].verdict == "fits"
