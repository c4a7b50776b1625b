"""Channels go with all that hangs on them: what is left answers as if nothing read them, and is rebuilt from a table."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import zoo
from zoo.compression.channels import ROUND, Channels
from zoo.compression.widths import difference, narrow
from zoo.detection.fixed_graph import dense
from zoo.errors import ZooError

pytest.importorskip("torch_pruning", reason="pip install 'task-zoo[compress]' brings structured pruning")

IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
SOUND = torch.randn(2, 4000, 1, generator=torch.Generator().manual_seed(0))


def images(model: nn.Module) -> Any:
    return model(IMAGES)


def places(model: Any) -> Any:
    return dense(model, IMAGES)


def sound(model: nn.Module) -> Any:
    return model(SOUND, torch.tensor([4000, 4000]))


def pictures(model: nn.Module) -> Any:
    return model(nn.functional.interpolate(IMAGES, 224))


NETWORKS: dict[str, tuple[Callable[[nn.Module], Any], dict[str, Any]]] = {
    "kestrel_nano": (places, {"views": 1}),
    "unet": (images, {}),
    "ds_cnn_s": (sound, {}),
    "efficientnet_lite0": (images, {}),
    "squeezenet1_1": (images, {}),
    "googlenet": (images, {}),
    "alexnet": (pictures, {}),
}


def built(name: str) -> nn.Module:
    """Return a network with statistics of norms that are no 0 and 1, so that a channel that is forgotten is seen."""
    torch.manual_seed(0)
    bands = ("waveform",) if name == "ds_cnn_s" else ("red", "green", "blue")
    model = zoo.create(name, classes=3, bands=bands, **NETWORKS[name][1]).eval()
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.uniform_(-0.5, 0.5)  # type: ignore[union-attr]
            layer.running_var.uniform_(0.5, 2)  # type: ignore[union-attr]
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.5, 0.5)
    return model


def tensors(answer: Any) -> list[Tensor]:
    return [answer] if isinstance(answer, Tensor) else list(answer)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_pruned_network_answers_as_the_network_that_does_not_read_what_went(name: str) -> None:
    model, answer = built(name), NETWORKS[name][0]
    channels = Channels(model, answer)
    going = channels.plan(0.4)
    with torch.no_grad():
        whole = tensors(answer(model))
        with channels.silenced(going):
            silent = tensors(answer(model))
        assert all(torch.equal(one, other) for one, other in zip(whole, tensors(answer(model)), strict=True))
    assert any(not torch.allclose(one, other) for one, other in zip(whole, silent, strict=True))
    expected = channels.multiply_adds(going)
    channels.remove(going)
    again = built(name)
    narrow(again, difference(built(name), model))
    again.load_state_dict(model.state_dict())
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        pruned = tensors(answer(again.eval()))
    for one, other in zip(pruned, silent, strict=True):
        torch.testing.assert_close(one, other, atol=2e-3, rtol=2e-3)
    before = channels.multiply_adds({})
    front = counter.get_total_flops() / 2 - expected  # of a spectrum, which no layer computes
    assert 0 <= front < 0.1 * before
    assert 0.4 <= 1 - expected / before < 0.55


def test_widths_are_whole_multiples_and_no_group_loses_all() -> None:
    channels = Channels(built("squeezenet1_1"), images)
    going = channels.plan(0.6)
    left = {name: channels.groups[name].size - count for name, count in going.items()}
    assert all(width >= ROUND and width % ROUND == 0 for width in left.values())
    readily = channels.plan(0.3, dict.fromkeys(list(channels.groups)[:5], 0.25))
    assert sum(readily.get(name, 0) for name in list(channels.groups)[:5]) < sum(
        channels.plan(0.3).get(name, 0) for name in list(channels.groups)[:5]
    )


def test_pruning_to_nothing_is_refused() -> None:
    channels = Channels(built("squeezenet1_1"), images)
    with pytest.raises(ZooError, match=r"at most \d+% of the multiply-adds of \w+ can go, not 99%"):
        channels.plan(0.99)
    for share in (0.0, 1.0, -1.0):
        with pytest.raises(ZooError, match="lies between 0 and 1"):
            channels.plan(share)


class Sliced(nn.Module):
    """Asks after the first twelve channels by their number, which no graph of dependencies shows."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 24, 1), nn.Linear(24, 2)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.first(images).mean(dim=(2, 3))  # (B, 24)
        return self.last(maps.view(len(maps), 2, 12).flatten(1))


def test_what_cannot_be_pruned_is_refused_with_the_layer() -> None:
    channels = Channels(Sliced(), images)
    with pytest.raises(ZooError, match="channels of first Sliced"):
        channels.remove(channels.plan(0.3))
    with pytest.raises(ZooError, match="no channels that could go.*it is what the network says"):
        Channels(nn.Sequential(nn.Conv2d(3, 16, 1)), images)
    grouped = nn.Sequential(nn.Conv2d(3, 16, 1), nn.Conv2d(16, 16, 1, groups=2))
    with pytest.raises(ZooError, match="'1' has 2 groups"):
        Channels(grouped, images)
    with pytest.raises(ZooError, match="has no channels that could go"):
        Channels(nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 64, 2)), images)


def test_without_gradients_it_is_not_known_how_much_a_channel_matters() -> None:
    channels = Channels(built("squeezenet1_1"), images, "taylor")
    with pytest.raises(ZooError, match="has no gradients"):
        channels.remove(channels.plan(0.3))
    images(channels.model).square().sum().backward()
    channels.remove(channels.plan(0.3))
