"""Context: how far from its edge a tile's probabilities are what they would be if it saw more; from that, the overlap.

A network that halves its maps looks far, and how much of what it sees there matters depends on its weights and on the
scene. So it is measured: strips of the scene are answered as they are cut by a tile's edge, and with half a tile more.
"""

from collections.abc import Iterator

import numpy as np
import torch

from recipes.inference.scenes import ScenePredictor
from recipes.inference.source import Source, pieces
from recipes.inference.work import Tiling
from zoo.geometry.tiles import Tile
from zoo.inference.engine import relieve
from zoo.segmentation import STRIDE
from zoo.segmentation.scene import WIDEST

#: What a seam may change of a probability.
LIMIT = 1e-3
#: Strips that are looked at, the rows of one, and how many are tried where there is no data.
STRIPS, ROWS, TRIES = 3, 512, 12


def measured(predictor: ScenePredictor, source: Source, size: int) -> Tiling:
    """Return the tiling that the network needs on this scene, or with half a tile shared what it gets."""
    errors = errors_by_depth(predictor, source, size)
    overlap = overlap_for(errors)
    if 2 * overlap <= size:
        said = (
            f"seams change probabilities by less than {LIMIT}: overlap {overlap}, {predictor.engine.hardware.precision}"
        )
        return Tiling(size, overlap, said)
    half = size // 2 // STRIDE * STRIDE
    left = float(errors[(half - WIDEST) // 2 :].max(initial=0.0))
    said = (
        f"seams may change probabilities by up to {left:.2g}: the network looks further than half a tile of {size} px; "
        "a larger --tile takes more memory"
    )
    return Tiling(size, half, said, seamless=False)


def ask(predictor: ScenePredictor, image: np.ndarray) -> np.ndarray:
    """Return the probabilities (K, H, W) of one image (C, H, W)."""
    images = torch.from_numpy(image[None])
    found = np.asarray(predictor.answer({"images": images})[0])
    relieve(images)
    return found


def overlap_for(errors: np.ndarray) -> int:
    """Return the overlap at which tiles pass over where errors by depth (D,) stay below `LIMIT`, and a stride further in.

    The stride is for what the strips did not show.
    """
    above = np.flatnonzero(errors >= LIMIT)
    depth = int(above[-1]) + 1 if len(above) else 0
    return 2 * (-(-depth // STRIDE) + 1) * STRIDE + WIDEST


def errors_by_depth(predictor: ScenePredictor, source: Source, size: int) -> np.ndarray:
    """Return the largest difference in probability (D,) at each depth from a tile's edge, up to half a tile.

    Beyond the depth at which it was looked for, half a tile, nothing is known.
    """
    half = size // 2
    worst = np.zeros(half)
    for cut, more in strips(source, size):
        short, long = (ask(predictor, image) for image in (cut, more))
        difference = np.abs(short - long[:, :, :size]).max(axis=(0, 1))  # (S,)
        worst = np.maximum(worst, difference[::-1][:half])
    return worst


def strips(source: Source, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield strips of the scene, a tile wide, and the same with half a tile more at the right; turned for tall scenes."""
    scene = source.scene
    long = size + size // 2 // STRIDE * STRIDE
    tall = scene.height > scene.width
    along, across = (scene.height, scene.width) if tall else (scene.width, scene.height)
    rows = min(ROWS, size)
    rng, found = np.random.default_rng(0), 0
    for _ in range(TRIES):
        x, y = (int(rng.integers(0, max(1, room + 1))) // STRIDE * STRIDE for room in (along - long, across - rows))
        cut, more = (read(source, x, y, length, rows, tall) for length in (size, long))
        if cut is not None and more is not None:
            yield cut, more
            found += 1
        if found == STRIPS:
            return


def read(source: Source, x: int, y: int, length: int, rows: int, tall: bool) -> np.ndarray | None:
    """Read a strip (C, rows, length) along the longer side of the scene, None without data; a tall one is turned."""
    scene = source.scene
    x, y, width, height = (y, x, rows, length) if tall else (x, y, length, rows)
    tile = Tile(x, y, min(width, scene.width - x), min(height, scene.height - y), (0, 0, 0, 0))
    image = next(pieces(source, [tile], (width, height), 0, mirrored=True)).image
    return np.ascontiguousarray(image.transpose(0, 2, 1)) if tall and image is not None else image
