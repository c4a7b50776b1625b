"""Means over a grid are those that PyTorch reckons, whatever the size of the map."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from zoo.backbone.grid_pool import GridPool, free_pools

SIDES, CELLS = st.integers(1, 40), st.integers(1, 7)


@settings(max_examples=30)
@given(SIDES, SIDES, CELLS, CELLS)
def test_means_are_those_of_pytorch(height: int, width: int, rows: int, columns: int) -> None:
    maps = torch.rand(2, 3, height, width)
    torch.testing.assert_close(GridPool(rows, columns)(maps), nn.AdaptiveAvgPool2d((rows, columns))(maps))


def test_means_over_all_stay() -> None:
    model = nn.Sequential(nn.AdaptiveAvgPool2d(6), nn.Sequential(nn.AdaptiveAvgPool2d(1)))
    maps = torch.rand(1, 2, 9, 11)
    want = model(maps)
    torch.testing.assert_close(free_pools(model)(maps), want)
    assert [type(layer) for layer in model.modules() if not list(layer.children())] == [GridPool, nn.AdaptiveAvgPool2d]
