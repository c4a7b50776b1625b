"""Every registered model of the package keeps the contract of `zoo.classification`, and its card's claims."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import zoo
from zoo.classification.cam import grad_cam
from zoo.errors import ZooError

MODELS = [name for name, card in zoo.cards().items() if card.task == "classification"]
BANDS = {1: ("pan",), 5: tuple("abcde")}


@pytest.fixture(scope="module", params=MODELS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def model(name: str) -> nn.Module:
    """A model for three classes whose logits depend on the image, as those of a last layer that begins near 0 hardly do."""
    torch.manual_seed(0)
    return zoo.create(name, classes=3).eval()


def logits(model: nn.Module, images: Tensor) -> Tensor:
    with torch.no_grad():
        return model(images)


@pytest.mark.parametrize(("height", "width"), [(64, 96), (65, 33), (1, 1), (31, 200)])
def test_logits_are_one_a_class_at_any_size(model: nn.Module, height: int, width: int) -> None:
    found = logits(model, torch.rand(2, 3, height, width))
    assert (found.shape, found.dtype) == ((2, 3), torch.float32)
    assert found.isfinite().all()


@pytest.mark.parametrize("count", BANDS)
def test_any_number_of_bands_and_classes(name: str, count: int) -> None:
    model = zoo.create(name, classes=count, bands=BANDS[count]).eval()
    assert logits(model, torch.rand(1, count, 64, 64)).shape == (1, count)


def test_every_parameter_has_a_gradient(name: str) -> None:
    torch.manual_seed(0)
    model = zoo.create(name, classes=3).train()
    every = model.all_logits(torch.rand(4, 3, 70, 64))
    torch.stack([nn.functional.cross_entropy(one, torch.tensor([0, 1, 2, 0])) for one in every]).sum().backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()] == []


def test_auxiliary_heads_are_of_training_alone(model: nn.Module) -> None:
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(*model.all_logits(images), model(images))


def test_an_image_alone_is_the_image_in_a_batch(model: nn.Module) -> None:
    images = torch.rand(3, 3, 70, 101)
    torch.testing.assert_close(logits(model, images[1:2])[0], logits(model, images)[1], atol=1e-4, rtol=1e-4)


def test_features_are_what_a_linear_head_sees(model: nn.Module) -> None:
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        features = model.features(images)
        assert features.shape[0] == 2
        if isinstance(model.head, nn.Linear):
            torch.testing.assert_close(model.head(features), model(images))


def test_saved_and_loaded_it_is_the_same(name: str, model: nn.Module, tmp_path: Path) -> None:
    save_file({n: t.contiguous().clone() for n, t in model.state_dict().items()}, tmp_path / "weights.safetensors")
    other = zoo.create(name, classes=3).eval()
    other.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    images = torch.rand(1, 3, 64, 64)
    assert torch.equal(logits(other, images), logits(model, images))


def test_published_names_load_whole_and_leave_out_other_classes(name: str, model: nn.Module) -> None:
    """What the source calls a parameter is its own name for it here, one to one."""
    backwards = {model.own_name(published(model, n)): n for n, _ in model.named_parameters()}
    assert backwards == {n: n for n, _ in model.named_parameters()}
    state = {
        published(model, n): p.detach() + 1 for n, p in model.state_dict().items() if not n.startswith("normalise")
    }
    other = zoo.create(name, classes=4)
    before = other.state_dict()
    other.load_backbone(state)
    after = other.state_dict()
    kept = {n for n in after if n.startswith(model.class_layers) and model.state_dict()[n].shape != after[n].shape}
    assert kept, "the last layer is of other classes"
    for n in after:
        if n in kept:
            assert torch.equal(after[n], before[n]), n
        elif not n.startswith("normalise"):
            assert torch.equal(after[n], state[published(model, n)]), n


def published(model: nn.Module, own: str) -> str:
    """What the source of the weights calls one of our parameters."""
    if type(model).__name__ == "SqueezeNet":
        return own.replace("backbone.", "features.", 1).replace("head.0.", "classifier.1.", 1)
    if own.startswith("head."):
        return f"{model.last}.{own.removeprefix('head.')}"
    return own.removeprefix("backbone.")


def test_normalisation_is_part_of_what_is_saved(model: nn.Module) -> None:
    assert {"normalise.mean", "normalise.std"} <= model.state_dict().keys()


def test_the_card_counts_the_parameters(name: str) -> None:
    card = zoo.card(name)
    with torch.device("meta"):
        designed = zoo.create(name, classes=card.designed_for.classes, bands=card.designed_for.bands)
    assert card.parameters == sum(p.numel() for p in designed.parameters())


def test_where_it_looks_is_a_map_of_the_image(model: nn.Module) -> None:
    seen = grad_cam(model, torch.rand(2, 3, 128, 128), torch.tensor([0, 2]))
    assert seen.shape[0] == 2
    assert min(seen.shape[1:]) > 1
    assert 0 <= float(seen.min()) <= float(seen.max()) <= 1


@pytest.mark.parametrize("timm_name", ["timm/resnet10t", "timm/vit_tiny_patch16_224", "timm/mobilenetv4_conv_small"])
def test_any_network_of_timm_is_a_classifier_and_a_backbone(timm_name: str) -> None:
    card = zoo.card(timm_name, "classification")
    assert (card.task, zoo.card(timm_name).task, "classes" in card.adapts) == ("classification", "backbone", True)
    model = zoo.create(timm_name, classes=2, bands=("pan",)).eval()
    assert logits(model, torch.rand(1, 1, 50, 70)).shape == (1, 2)
    with pytest.raises(ZooError, match="is for task backbone, not segmentation"):
        zoo.card(timm_name, "segmentation")


@pytest.mark.real
@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"])
def test_weights_of_a_package_registry_load_whole(name: str) -> None:
    whole = zoo.create(name, classes=1000, pretrained=True)
    other = zoo.create(name, classes=2, bands=("grey",), pretrained=True)
    assert whole.provenance
    assert not torch.equal(whole.head.weight.mean(), zoo.create(name, classes=1000).head.weight.mean())
    grey = torch.rand(1, 1, 64, 64)
    with torch.no_grad():  # the widened stem answers to grey as the one that is known does to grey in all bands
        torch.testing.assert_close(
            other.eval().features(grey), whole.eval().features(grey.expand(-1, 3, -1, -1)), atol=1e-4, rtol=1e-3
        )
