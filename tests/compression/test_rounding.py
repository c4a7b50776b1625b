"""Layers that round in training see what 8 bits leave, learn through it, and are afterwards as they were."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tasks.callbacks.compression import Rounding
from zoo.compression.rounding import RoundedInput, RoundedWeight
from zoo.errors import ZooError


@given(st.integers(0, 1000))
def test_weights_are_rounded_on_their_own_grid_and_have_their_own_gradient(seed: int) -> None:
    weight = torch.randn(4, 3, 3, 3, generator=torch.Generator().manual_seed(seed)).requires_grad_(True)
    rounded = RoundedWeight()(weight)
    steps = weight.detach().abs().flatten(1).amax(1) / 127
    assert ((rounded - weight).abs().flatten(1) <= 0.501 * steps[:, None]).all()
    assert max(channel.unique().numel() for channel in rounded) <= 255
    torch.testing.assert_close(RoundedWeight()(2 * weight), 2 * rounded)  # so to fold a norm changes nothing
    rounded.sum().backward()
    assert torch.equal(weight.grad, torch.ones_like(weight))  # type: ignore[arg-type]


def test_a_channel_of_zeros_stays_so() -> None:
    assert not RoundedWeight()(torch.zeros(2, 3)).any()


def test_inputs_have_256_values_and_their_range_follows_in_training_alone() -> None:
    layer, hook = nn.Linear(8, 2), RoundedInput()
    (first,) = hook(layer, (torch.linspace(0, 1, 1000),))
    assert first.unique().numel() == 256
    assert hook.largest == 1
    hook(layer.eval(), (torch.tensor([5.0]),))
    assert hook.largest == 1
    hook(layer.train(), (torch.tensor([-5.0]),))
    assert 1 < hook.largest < 5
    assert hook.signed


def test_after_training_the_layers_are_as_they_were() -> None:
    class Holder:
        model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))

    torch.manual_seed(0)
    names, images = list(Holder.model.state_dict()), torch.randn(2, 3, 2, 2)
    before = Holder.model.eval()(images)
    rounding = Rounding(floats=["3"])
    rounding.setup(None, Holder, "fit")  # type: ignore[arg-type]
    assert not torch.equal(Holder.model(images), before)
    assert "weight" in dict(Holder.model[3].named_parameters())  # a layer in float is left alone
    rounding.on_train_end(None, Holder)  # type: ignore[arg-type]
    assert torch.equal(Holder.model(images), before)
    assert {*Holder.model.state_dict()} == {*names}
    Holder.model = nn.Sequential(nn.Flatten())
    with pytest.raises(ZooError, match="no layer that can be trained to bear 8 bits"):
        rounding.setup(None, Holder, "fit")  # type: ignore[arg-type]
