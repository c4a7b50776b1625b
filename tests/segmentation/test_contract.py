"""Every registered model of the package keeps the contract of `zoo.segmentation`, and its card's claims."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import zoo
from zoo.errors import ZooError
from zoo.segmentation import losses

MODELS = [name for name, card in zoo.cards().items() if card.task == "segmentation"]
BANDS = {1: ("pan",), 3: ("red", "green", "blue"), 4: ("blue", "green", "red", "nir"), 8: tuple("abcdefgh")}


@pytest.fixture(scope="module", params=MODELS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def model(name: str) -> nn.Module:
    torch.manual_seed(0)
    return zoo.create(name, classes=3).eval()


@pytest.mark.parametrize(("height", "width"), [(64, 96), (65, 33), (1, 1), (31, 200)])
def test_logits_have_the_size_of_the_image(model: nn.Module, height: int, width: int) -> None:
    with torch.no_grad():
        logits = model(torch.rand(2, 3, height, width))
    assert logits.shape == (2, 3, height, width)
    assert logits.dtype == torch.float32
    assert logits.isfinite().all()


@pytest.mark.parametrize("count", BANDS)
def test_any_number_of_bands_and_classes(name: str, count: int) -> None:
    model = zoo.create(name, classes=count + 1, bands=BANDS[count]).eval()
    with torch.no_grad():
        assert model(torch.rand(1, count, 40, 40)).shape == (1, count + 1, 40, 40)


def test_every_parameter_has_a_gradient(name: str) -> None:
    torch.manual_seed(0)
    model = zoo.create(name, classes=3).train()
    images, masks = torch.rand(2, 3, 64, 70), torch.randint(0, 3, (2, 64, 70))
    logits = model(images)
    weighing = losses.Weighing([1, 2])
    (losses.cross_entropy(logits, masks, weighing) + losses.dice(logits, masks, weighing)).backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()] == []
    assert [n for n, p in model.named_parameters() if p.grad.abs().sum() == 0] == []


def test_an_image_alone_is_the_image_in_a_batch(model: nn.Module) -> None:
    images = torch.rand(3, 3, 70, 101)
    with torch.no_grad():
        batch, alone = model(images), model(images[1:2])
    torch.testing.assert_close(alone[0], batch[1], atol=1e-4, rtol=1e-4)


def test_an_image_does_not_bear_on_its_neighbour_in_the_batch(model: nn.Module) -> None:
    images = torch.rand(2, 3, 64, 64)
    changed = images.clone()
    changed[1] = 0
    with torch.no_grad():
        torch.testing.assert_close(model(images)[0], model(changed)[0], atol=1e-4, rtol=1e-4)
        assert not torch.allclose(model(images)[1], model(changed)[1])


def test_saved_and_loaded_it_is_the_same(name: str, model: nn.Module, tmp_path: Path) -> None:
    save_file({n: t.contiguous().clone() for n, t in model.state_dict().items()}, tmp_path / "weights.safetensors")
    torch.manual_seed(1)
    other = zoo.create(name, classes=3).eval()
    images = torch.rand(1, 3, 48, 48)
    with torch.no_grad():
        assert not torch.equal(other(images), model(images))
        other.load_state_dict(load_file(tmp_path / "weights.safetensors"))
        assert torch.equal(other(images), model(images))


def test_normalisation_is_part_of_what_is_saved(model: nn.Module) -> None:
    assert {"backbone.normalise.mean", "backbone.normalise.std"} <= model.state_dict().keys()


def test_the_card_counts_the_parameters(name: str) -> None:
    card = zoo.card(name)
    designed = zoo.create(name, classes=card.designed_for.classes, bands=card.designed_for.bands)
    assert card.parameters == sum(p.numel() for p in designed.parameters())


def test_one_class_is_refused(name: str) -> None:
    with pytest.raises(ZooError, match="classes=1, but a segmentation model needs at least 2"):
        zoo.create(name, classes=1)


def denormalised(model: nn.Module, grey: Tensor) -> Tensor:
    """Return images that are `grey` (B, 1, H, W) in each band, once the model has normalised them."""
    return grey * model.normalise.std.view(1, -1, 1, 1) + model.normalise.mean.view(1, -1, 1, 1)


@pytest.mark.real
@pytest.mark.parametrize("name", [name for name in MODELS if "backbone" in zoo.card(name).options])
def test_pretrained_on_one_band(name: str) -> None:
    model = zoo.create(name, classes=2, bands=("pan",), pretrained=True)
    assert model.provenance
    random = zoo.create(name, classes=2, bands=("pan",))
    assert model.backbone.state_dict().keys() == random.backbone.state_dict().keys()
    known = zoo.card(zoo.card(name).options["backbone"]).weights_named().preprocessing.bands
    colour = zoo.create(name, classes=2, bands=known, pretrained=True)
    grey = torch.randn(1, 1, 64, 64)  # as normalised: bands whose mean and std differ are the same to the stem
    with torch.no_grad():  # the widened stem answers to grey as the stem that is known does to grey in all bands
        coarse = [one.backbone.eval()(denormalised(one, grey))[0] for one in (model, colour)]
    torch.testing.assert_close(*coarse, atol=1e-4, rtol=1e-3)
