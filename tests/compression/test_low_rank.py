import copy

import pytest
import torch
from torch import nn

from zoo.compression.low_rank import factorise, ranks_of, shape_as
from zoo.errors import ZooError


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1),
        nn.Conv2d(16, 16, 3, groups=16, padding="same"),
        nn.Conv2d(16, 32, 3, dilation=2, bias=False),
        nn.Flatten(),
        nn.Linear(32 * 9, 40),
    ).eval()


def test_full_rank_says_the_same_and_less_says_almost() -> None:
    model, images = network(), torch.randn(2, 3, 14, 14)
    full = {"0": 16, "2": 32, "4": 40}
    exact = copy.deepcopy(model)
    factorise(exact, full)
    torch.testing.assert_close(exact(images), model(images), atol=1e-5, rtol=1e-4)
    errors = []
    for share in (0.25, 0.5, 0.75, 1.0):
        less = copy.deepcopy(model)
        factorise(less, {name: max(1, int(share * rank)) for name, rank in full.items()})
        errors.append(float((less(images) - model(images)).detach().norm()))
    assert errors == sorted(errors, reverse=True)


def test_a_layer_of_low_rank_is_found_and_loses_nothing() -> None:
    model = nn.Sequential(nn.Linear(60, 50))
    with torch.no_grad():
        model[0].weight.copy_(torch.randn(50, 4) @ torch.randn(4, 60))
    inputs = torch.randn(7, 60)
    before = model(inputs)
    ranks = ranks_of(model, 0.9999999)
    assert ranks == {"0": 4}
    factorise(model, ranks)
    torch.testing.assert_close(model(inputs), before, atol=1e-3, rtol=1e-3)
    assert sum(p.numel() for p in model.parameters()) == 4 * 110 + 50


def test_more_energy_takes_more_ranks_and_only_where_it_saves() -> None:
    model = network()
    few, many = ranks_of(model, 0.3), ranks_of(model, 0.9)
    assert all(few[name] <= many[name] for name in many)
    assert "1" not in few  # a depthwise convolution has no form as a matrix
    for name, rank in many.items():
        weight = model.get_submodule(name).weight
        assert rank * (weight.shape[0] + weight[0].numel()) < weight.numel()


def test_the_shape_alone_takes_the_weights() -> None:
    model, images = network(), torch.randn(1, 3, 14, 14)
    again = network()
    ranks = {"0": 5, "2": 7, "4": 9}
    factorise(model, ranks)
    shape_as(again, ranks)
    again.load_state_dict(model.state_dict())
    assert torch.equal(again(images), model(images))


def test_what_has_no_such_layer_is_refused() -> None:
    with pytest.raises(ZooError, match="no dense layer"):
        factorise(network(), {"3": 2})
    with pytest.raises(ZooError, match="ranks from 1 to 16, not 17"):
        factorise(network(), {"0": 17})
    with pytest.raises(ZooError, match="energy"):
        ranks_of(network(), 0)
