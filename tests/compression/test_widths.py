"""A table of widths makes a network as narrow as it says, and one that is not of the network is refused by name."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from zoo.compression.widths import difference, narrow, widths_of
from zoo.errors import ZooError


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.Conv2d(16, 16, 3, groups=16, padding=1),
        nn.ConvTranspose2d(16, 24, 2, stride=2),
        nn.Conv2d(24, 24, 3, groups=2),
        nn.Flatten(),
        nn.Linear(24 * 36, 5),
    ).eval()


@given(st.integers(1, 16), st.integers(1, 24))
def test_a_narrowed_network_is_as_wide_as_its_table_and_answers(first: int, second: int) -> None:
    table = {
        "0": [None, first],
        "1": [first, first],
        "2": [first, first],
        "3": [first, second],
        "4": [None, None],
        "6": [24 * 36, None],
    }
    model = network()
    narrow(model, table)
    assert widths_of(model)["2"] == [first, first]
    assert model[3](model[2](model[1](model[0](torch.zeros(2, 3, 4, 4))))).shape == (2, second, 8, 8)
    again = network()
    narrow(again, difference(network(), model))
    assert widths_of(again) == widths_of(model)
    again.load_state_dict(model.state_dict())


def test_the_first_channels_stay_and_what_was_not_to_learn_still_is_not() -> None:
    model, before = network(), network()
    model[0].requires_grad_(False)
    narrow(model, {"0": [None, 8], "1": [8, 8]})
    assert torch.equal(model[0].weight, before[0].weight[:8])
    assert torch.equal(model[1].running_var, before[1].running_var[:8])
    assert not model[0].weight.requires_grad
    assert model[1].weight.requires_grad


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"9": [3, 8]}, "no layer '9'"),
        ({"5": [3, 8]}, "a Flatten, which has no width, '5'"),
        ({"0": [3, 0]}, "layer '0' can have out_channels from 1 to 16, not 0"),
        ({"0": [3, -4]}, "not -4"),
        ({"0": [3, 17]}, "from 1 to 16, not 17"),
        ({"0": [4, 16]}, "in_channels from 1 to 3, not 4"),
        ({"1": [8, 9]}, "layer '1' gives as many channels as it takes, not 9 of 8"),
        ({"2": [8, 4]}, "layer '2' gives as many channels as it takes"),
        ({"4": [12, 24]}, "layer '4' has 2 groups"),
        ({"0": [3, True]}, "two whole numbers or null"),
        ({"0": [3, 8.0]}, "two whole numbers or null"),
        ({"0": [8]}, "two whole numbers or null"),
        ({"0": "38"}, "two whole numbers or null"),
        ([["0", 3, 8]], "two whole numbers or null"),
    ],
)
def test_a_table_of_another_network_is_refused_with_the_layer(table: object, said: str) -> None:
    with pytest.raises(ZooError, match=said):
        narrow(network(), table)  # type: ignore[arg-type]
