"""Tilings: in which tiles a scene is segmented, chosen by what seams between them change."""

from recipes.inference import context, seams
from recipes.inference.scenes import ScenePredictor
from recipes.inference.source import Source
from recipes.inference.work import Tiling
from zoo.errors import ZooError
from zoo.segmentation import STRIDE

#: About the side of a tile, pixels: larger ones share less with each other, but their maps leave the cache.
SIDE = 1024
#: The largest side of a tile where masks are exact: beyond it the overlap is a small part already.
LARGEST = 4096


def tiling(
    predictor: ScenePredictor,
    source: Source,
    tile: int | None = None,
    overlap: int | None = None,
    exact: bool = False,
) -> Tiling:
    """Choose the tiles of a scene, and an overlap at which seams change no more than a thousandth of its pixels.

    `exact`: tiles as large as there is room for, and no probability changed by a thousandth; where half a tile is not
    enough for that, in float32, and where that is not enough either, it is said. The engine is left in the precision that
    was chosen.
    """
    if not exact:
        size = tile or side_of(predictor, source)
        return settled(source, overlap, size) or seams.sampled(predictor, source, size)
    engine, tilings = predictor.engine, []
    for precision in dict.fromkeys((engine.own_precision, "32-true")):
        engine.compute_in(precision)
        size = tile or largest(predictor, source)
        found = settled(source, overlap, size) or context.measured(predictor, source, size)
        if found.seamless:
            return found
        tilings.append(found)
    engine.compute_in(engine.own_precision)
    return tilings[0]


def settled(source: Source, overlap: int | None, size: int) -> Tiling | None:
    """Return the tiling where nothing needs to be measured: the overlap is given, or there is one tile alone."""
    if overlap is None:
        return Tiling(size, 0) if max(source.scene.width, source.scene.height) <= size else None
    if 2 * overlap > size:
        raise ZooError(f"--overlap {overlap} is more than half of a tile of {size} px; take --tile {4 * overlap}")
    return Tiling(size, overlap)


def side_of(predictor: ScenePredictor, source: Source) -> int:
    """Return the side of a tile: that of the run's evaluation, or about `SIDE`, so that whole tiles cover a larger scene."""
    long = max(source.scene.width, source.scene.height)
    count = -(-long // SIDE)
    side = -(-long // count) + (2 * STRIDE if count > 1 else 0)
    return max(predictor.tile, min(room_of(predictor), -(-side // STRIDE) * STRIDE))


def room_of(predictor: ScenePredictor) -> int:
    """Return the side of the largest tile that there is room for."""
    return int(predictor.engine.room() ** 0.5) // STRIDE * STRIDE


def largest(predictor: ScenePredictor, source: Source) -> int:
    """Return the side of a tile: that of the run's evaluation, or larger for a larger scene, as far as there is room."""
    scene = -(-max(source.scene.width, source.scene.height) // STRIDE) * STRIDE
    return max(predictor.tile, min(room_of(predictor), scene, LARGEST))
