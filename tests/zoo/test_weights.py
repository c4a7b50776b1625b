"""Pretrained stems in other bands: filters by name, the scale of the response, the normalisation of each band."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import conv2d

from zoo.backbone.normalise import Normalise
from zoo.errors import ZooError
from zoo.registry.cards import Preprocessing
from zoo.weights.pretrained import set_normalisation, widen_stem

RGB = ("red", "green", "blue")
FILTERS = torch.arange(2 * 3 * 4.0).view(2, 3, 2, 2)
STATE = {"norm.weight": torch.ones(2), "stem.weight": FILTERS, "next.weight": torch.ones(4, 2, 1, 1)}
orders = st.lists(st.sampled_from([*RGB, "nir", "swir", "coastal"]), min_size=1, max_size=8)


def widened(bands: tuple[str, ...]) -> torch.Tensor:
    state, _ = widen_stem(STATE, RGB, bands)
    assert state.keys() == STATE.keys()
    assert all(torch.equal(state[name], STATE[name]) for name in STATE if name != "stem.weight")
    return state["stem.weight"]


@given(orders)
@settings(max_examples=40, deadline=None)
def test_known_bands_keep_their_filters_wherever_they_stand(bands: list[str]) -> None:
    wide = widened(tuple(bands)) * len(bands) / 3
    assert wide.shape == (2, len(bands), 2, 2)
    for i, band in enumerate(bands):
        kept = FILTERS[:, RGB.index(band)] if band in RGB else FILTERS.mean(dim=1)
        torch.testing.assert_close(wide[:, i], kept)


@pytest.mark.parametrize("others", [("nir",), ("coastal", "nir", "swir", "tir", "pan")])
def test_the_response_to_bands_that_are_alike_is_that_of_rgb(others: tuple[str, ...]) -> None:
    grey = torch.rand(1, 1, 6, 6)
    bands = ("nir2", *RGB[::-1], *others)
    before = conv2d(grey.expand(1, 3, 6, 6), FILTERS)
    torch.testing.assert_close(conv2d(grey.expand(1, len(bands), 6, 6), widened(bands)), before)


def test_the_same_bands_change_nothing_and_what_was_done_is_said() -> None:
    assert widen_stem(STATE, RGB, RGB) == (STATE, "unchanged")
    assert torch.equal(widened(("blue", "green", "red")), FILTERS.flip(1))
    _, said = widen_stem(STATE, RGB, ("red", "nir"))
    assert said == "3 → 2 bands; kept red; the mean filter for the rest"
    with pytest.raises(ZooError, match="no first convolution over 3 bands"):
        widen_stem({"x": torch.ones(3)}, RGB, ("nir",))


def test_each_band_is_normalised_by_its_name() -> None:
    normalise = Normalise(3)
    known = Preprocessing(mean=(0.1, 0.2, 0.6), std=(1.0, 2.0, 3.0), bands=RGB)
    set_normalisation(normalise, known, ("blue", "nir", "red"))
    torch.testing.assert_close(normalise.mean, torch.tensor([0.6, 0.3, 0.1]))
    torch.testing.assert_close(normalise.std, torch.tensor([3.0, 2.0, 1.0]))
