"""Tiles become a scene: every pixel once, seams without an edge, the same bits in any order."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import ZooError
from zoo.geometry.tiles import Tile, grid
from zoo.segmentation.scene import Blender, Masks, weights
from zoo.segmentation.views import probabilities

SCENES = {
    "width": st.integers(1, 90),
    "height": st.integers(1, 90),
    "size": st.integers(1, 40),
    "share": st.floats(0, 0.95),
    "multiple": st.sampled_from([1, 4, 8]),
}


def tiles_of(width: int, height: int, size: int, share: float, multiple: int) -> list[Tile]:
    return list(grid(width, height, size, int(share * size), "scene", multiple))


@settings(deadline=None)
@given(**SCENES)
def test_the_weights_of_all_tiles_sum_to_one(width: int, height: int, size: int, share: float, multiple: int) -> None:
    total = np.zeros((height, width))
    for tile in tiles_of(width, height, size, share, multiple):
        rows, columns = weights(tile)
        total[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width] += rows[:, None] * columns
    np.testing.assert_allclose(total, 1, atol=1e-6)


@settings(deadline=None, max_examples=60)
@given(**SCENES, seed=st.integers(0, 99))
def test_a_scene_comes_back_from_its_tiles_in_any_order(
    width: int, height: int, size: int, share: float, multiple: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    scene = rng.random((3, height, width), np.float32)
    tiles = tiles_of(width, height, size, share, multiple)
    wholes = []
    for order in (range(len(tiles)), rng.permutation(len(tiles))):
        blender, times = Blender[int](), np.zeros((height, width), int)
        whole = np.zeros_like(scene)
        for i in order:
            tile = tiles[i]
            seen = np.full((3, size, size), 77, np.float32)  # what a tile that reaches over the scene is filled with
            part = scene[:, tile.y : tile.y + tile.height, tile.x : tile.x + tile.width]
            seen[:, : tile.height, : tile.width] = part
            for region in blender.add(tile, seen, i):
                assert tiles[region.beside] is region.tile
                y, x = region.tile.y, region.tile.x
                times[y : y + region.height, x : x + region.width] += 1
                whole[:, y : y + region.height, x : x + region.width] = region.probabilities
        blender.finish()
        assert (times == 1).all()
        np.testing.assert_allclose(whole, scene, atol=1e-6)
        wholes.append(whole)
    assert np.array_equal(*wholes)


def test_one_tile_passes_over_into_the_next_without_a_step() -> None:
    blender = Blender[None]()
    row = []
    for i, tile in enumerate(grid(224, 64, 96, 32, "scene", 32)):
        seen = np.full((1, 96, 96), float(i), np.float32)
        row += [region.probabilities[0, 0] for region in blender.add(tile, seen, None)]
    line = np.concatenate(row)
    assert line[0] == 0
    assert line[-1] == 2
    assert np.abs(np.diff(line)).max() < 0.1
    assert (line[:72] == 0).all()  # at its edge a tile counts nothing


def test_a_missing_tile_is_named() -> None:
    blender = Blender[None]()
    tiles = list(grid(80, 20, 40, 0, "street"))
    assert not list(blender.add(tiles[1], np.zeros((1, 40, 40), np.float32), None))
    with pytest.raises(ZooError, match="scene 'street' lacks the tile at 0, 0, for which 1 others wait"):
        blender.finish()


def test_masks_of_regions_are_put_in_their_places() -> None:
    masks = Masks()
    for tile in reversed(list(grid(5, 4, 2, 0, "scene"))):
        masks.add(tile, torch.full((tile.height, tile.width), tile.x + 10 * tile.y))
    whole = masks.scenes()["scene"]
    assert whole.shape == (4, 5)
    assert whole[3, 2] == 22


@pytest.mark.parametrize("views", [2, 4, 8])
def test_views_of_a_network_that_knows_no_direction_change_nothing(views: int) -> None:
    images = torch.rand(2, 3, 8, 12)
    one, many = (probabilities(lambda seen: 3 * seen, images, count) for count in (1, views))
    assert torch.allclose(one, many, atol=1e-6)
    lopsided = probabilities(lambda seen: seen * torch.arange(seen.shape[3]), images, views)
    assert not torch.allclose(one, lopsided)
