"""Each pixel of a scene belongs to one tile."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.segmentation.scene import MaskMerger, core
from zoo.tiles import grid

SCENES = {
    "width": st.integers(1, 90),
    "height": st.integers(1, 90),
    "size": st.integers(1, 40),
    "share": st.floats(0, 0.95),
}


@settings(deadline=None)
@given(**SCENES)
def test_cores_cover_every_pixel_once(width: int, height: int, size: int, share: float) -> None:
    times = np.zeros((height, width), int)
    for tile in grid(width, height, size, int(share * size)):
        rows, columns = core(tile)
        times[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width][rows, columns] += 1
    assert (times == 1).all()


@settings(deadline=None, max_examples=50)
@given(**SCENES, seed=st.integers(0, 99))
def test_a_scene_comes_back_from_its_tiles_in_any_order(
    width: int, height: int, size: int, share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    scene = torch.from_numpy(rng.integers(0, 256, (height, width)))
    tiles = list(grid(width, height, size, int(share * size), "scene"))
    merger = MaskMerger()
    for i in rng.permutation(len(tiles)):
        tile = tiles[i]
        padded = torch.full((size, size), 77)  # what a tile that reaches over the scene is filled with
        padded[: tile.height, : tile.width] = scene[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width]
        merger.add(tile, padded)
    assert torch.equal(merger.scenes()["scene"].long(), scene)
