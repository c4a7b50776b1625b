"""Tiles cover a scene, and their cores cover it exactly once."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import ZooError
from zoo.geometry.tiles import grid, starts

SIZES = st.tuples(st.integers(1, 900), st.integers(1, 900), st.integers(8, 300)).flatmap(
    lambda s: st.tuples(*map(st.just, s), st.integers(0, s[2] - 1))
)


@given(SIZES, st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_every_point_is_in_one_core_and_inside_that_tile(sizes: tuple[int, int, int, int], u: float, v: float) -> None:
    width, height, size, overlap = sizes
    x, y = u * width, v * height
    owners = [tile for tile in grid(width, height, size, overlap) if tile.owns(x, y)]
    assert len(owners) == 1
    tile = owners[0]
    assert tile.x <= x < tile.x + tile.width
    assert tile.y <= y < tile.y + tile.height


@given(SIZES)
def test_tiles_lie_inside_the_scene_and_overlap_enough(sizes: tuple[int, int, int, int]) -> None:
    width, height, size, overlap = sizes
    for tile in grid(width, height, size, overlap):
        assert tile.x >= 0
        assert tile.x + tile.width <= width
        assert tile.y + tile.height <= height
    begin = starts(width, size, overlap)
    assert all(b - a <= size - overlap for a, b in itertools.pairwise(begin))
    assert len(set(begin)) == len(begin)


def test_an_overlap_as_large_as_the_tile_is_refused() -> None:
    with pytest.raises(ZooError, match="overlap=64 .* tile, 64"):
        starts(100, 64, 64)
