"""Seams: the share of a scene's pixels that get another class for the edges of tiles; from that, the overlap.

A network that halves its maps looks far, and how much of what it sees there matters depends on its weights and on the
scene. So it is measured: tiles are answered beside neighbours that are half a tile further, as all tiles are.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing

import numpy as np

from recipes.inference.scenes import ScenePredictor
from recipes.inference.source import Source, pieces
from recipes.inference.work import Tiling, Work
from zoo.geometry.tiles import Tile
from zoo.segmentation import STRIDE
from zoo.segmentation.scene import PASSING, WIDEST

#: The share of a scene's pixels that seams may give another class.
SHARE = 1e-3
#: Tiles of a scene for each place at which neighbours are compared, at most so many, and how many are tried where there is
#: no data: three tiles are answered at each, which is to cost little beside the scene.
EACH, PLACES, TRIES = 24, 3, 12


def sampled(predictor: ScenePredictor, source: Source, size: int) -> Tiling:
    """Return the tiling with the least overlap at which few pixels change; with half a tile shared, how many do."""
    rates = changed_by_depth(predictor, source, size)
    if rates is None:
        quarter = max(STRIDE, size // 4 // STRIDE * STRIDE)
        return Tiling(size, quarter, f"no data at {TRIES} places, so seams are not measured: tiles share a quarter")
    share = 0.0
    for overlap in range(STRIDE, size // 2 + 1, STRIDE):
        share = changed_share(rates, size, overlap)
        if share <= SHARE:
            return Tiling(size, overlap, f"seams change about {share:.2%} of the classes: --exact lets none be seen")
    half = size // 2 // STRIDE * STRIDE
    said = f"seams change about {share:.2%} of the classes: the network looks further than half a tile of {size} px"
    return Tiling(size, half, f"{said}; a larger --tile takes more memory", seamless=False)


def changed_share(rates: np.ndarray, size: int, overlap: int) -> float:
    """Return the share of a scene's pixels that seams change, of the `rates` (D,) at each depth from one edge of a tile.

    A tile has two edges in each direction, and counts from where its neighbour begins to pass over to it.
    """
    begins = int((overlap - min(PASSING * overlap, WIDEST)) / 2)
    return float(4 * rates[begins:].sum() / (size - overlap))


def changed_by_depth(predictor: ScenePredictor, source: Source, size: int) -> np.ndarray | None:
    """Return the share of pixels (D,) whose class is another for the edge of a tile, by their depth from it.

    Two tiles that share a half are cut at its two ends, one each; what they say of it differs by both edges, and is
    counted at the depth from the nearer one, up to a quarter of a tile. None where no place with data was found.
    """
    quarter = size // 4
    counts, pixels = np.zeros(quarter), np.zeros(quarter)
    for first, second, across in neighbours(predictor, source, size):
        differ = first != second
        profile = differ.mean(axis=0 if across else 1)  # along the direction in which they are apart
        for side in (profile, profile[::-1]):
            part = side[: min(quarter, len(side) // 2)]
            counts[: len(part)] += part
            pixels[: len(part)] += 1
    return counts / np.maximum(pixels, 1) if pixels.any() else None


def neighbours(predictor: ScenePredictor, source: Source, size: int) -> Iterator[tuple[np.ndarray, np.ndarray, bool]]:
    """Yield the classes (h, w) that two tiles give to what they share, and whether they lie side by side.

    They are answered as the tiles of a scene are: the same shapes, so that nothing is made ready for this alone.
    """
    tiles = list(places(source, size))
    if not tiles:
        return
    work = Work(source, tiles, size, 0, predictor.engine.batch(size), predictor.mirrored, whole=predictor.whole)
    answers: defaultdict[str, dict[Tile, np.ndarray]] = defaultdict(dict)
    with closing(predictor.answers(work)) as answered:
        for piece, answer in answered:
            if answer is not None:
                answers[piece.tile.scene][piece.tile] = np.asarray(answer)[:, : piece.tile.height, : piece.tile.width]
    for group in answers.values():
        (middle, said), *others = group.items()
        for tile, other in others:
            x, y = tile.x - middle.x, tile.y - middle.y
            height, width = middle.height - y, middle.width - x
            yield said[:, y:, x:].argmax(0), other[:, :height, :width].argmax(0), x > 0


def places(source: Source, size: int) -> Iterator[Tile]:
    """Yield tiles of places in the scene, each with one that is half a tile further right and one further down.

    The name of a place is that of its tiles' scene; places without data, and directions without a seam, are left out.
    """
    scene, half = source.scene, size // 2 // STRIDE * STRIDE
    rooms = [side - size - half for side in (scene.width, scene.height)]
    wanted = min(PLACES, 1 + scene.width * scene.height // (EACH * size * size))
    rng, found = np.random.default_rng(0), 0
    for number in range(TRIES):
        if found == wanted:
            return
        x, y = (int(rng.integers(0, max(0, room) + 1)) // STRIDE * STRIDE for room in rooms)
        group = [(x, y)]
        group += [(x + half, y)] if rooms[0] >= -half + STRIDE else []
        group += [(x, y + half)] if rooms[1] >= -half + STRIDE else []
        if has_data(source, x, y, size):
            found += 1
            for left, top in group:
                width, height = min(size, scene.width - left), min(size, scene.height - top)
                yield Tile(left, top, width, height, (0, 0, 0, 0), str(number))


def has_data(source: Source, x: int, y: int, size: int) -> bool:
    """Tell whether there is data in the middle of a tile."""
    width, height = min(size, source.scene.width - x), min(size, source.scene.height - y)
    part = Tile(x + width // 4, y + height // 4, -(-width // 2), -(-height // 2), (0, 0, 0, 0))
    return next(pieces(source, [part], (part.width, part.height), 0, mirrored=True)).image is not None
