"""Seams: whether objects that a tile's edge cuts are found as often as others, and whether masks show where tiles meet."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from recipes.imagery.images import Values
from recipes.imagery.scene import Scene
from recipes.inference.context import ask
from recipes.inference.detection import DetectionPredictor, Found
from recipes.inference.segmentation import SegmentationPredictor
from recipes.inference.source import Place, Source, pieces
from zoo.errors import ZooError
from zoo.geometry.tiles import Tile, grid
from zoo.runs.run import Run

#: How much larger the tiles of the second tiling are: enough for its seams to lie elsewhere.
SHIFT = 96


def recall(run: Run, predictor: DetectionPredictor, size: int, overlap: int) -> dict[str, Any]:
    """Return the recall of the run's test objects that an inner edge of a tile cuts, against that of the same ones uncut.

    Large objects are cut more often than small ones, and found more often: so two tilings are laid over each scene, and
    only the objects that one of them cuts and the other does not are compared, with themselves. Classes and IoU as the
    metric has them: the same class, at least one half; difficult objects are not asked for.
    """
    from configuration.composition import recompose
    from configuration.instantiation import data_of

    data: Any = data_of(recompose(run.config, []))
    data.prepare_data()
    data.setup("test")
    pairs = [compared(predictor, scene, data.loading.values, size, overlap) for scene in data.split.parts["test"]]
    cut, uncut = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return {
        "tile": size, "overlap": overlap, "score": round(predictor.score, 3), "objects": len(cut),
        "recall_cut": share(cut), "recall_uncut": share(uncut),
        "only_cut": int((cut & ~uncut).sum()), "only_uncut": int((uncut & ~cut).sum()),
    }  # fmt: skip


def compared(
    predictor: DetectionPredictor, scene: Scene, values: Values, size: int, overlap: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each object that one of two tilings cuts alone whether it is found where it is cut, and where not."""
    hits, cuts = [], []
    for side in (size, size + SHIFT):
        work = predictor.divide(Source(scene, values, Place()), side, overlap)
        with closing(predictor.answers(work)) as answers:
            hits.append(hit_of(scene, predictor.merge(answers), predictor.geometry))
        cuts.append(cut_by(scene.boxes, work.tiles))
    asked = np.ones(len(scene.boxes), bool) if scene.difficult is None else ~scene.difficult
    first, second = asked & cuts[0] & ~cuts[1], asked & cuts[1] & ~cuts[0]
    cut = np.concatenate([hits[0][first], hits[1][second]])
    return cut, np.concatenate([hits[1][first], hits[0][second]])


def share(hits: np.ndarray) -> float | None:
    """Return the share of hits, None of none."""
    return round(float(np.mean(hits)), 4) if len(hits) else None


def hit_of(scene: Scene, found: Found, geometry: str) -> np.ndarray:
    """Tell which objects (N,) of a scene are found."""
    import torch

    from zoo.detection.matching import match

    truth = {"boxes": torch.from_numpy(scene.boxes), "labels": torch.from_numpy(scene.labels)}
    hit = np.zeros(len(scene.boxes) + 1, bool)
    hit[match(found, truth, geometry=geometry).hits.numpy()] = True  # -1, none, is the one behind the last
    return hit[:-1]


def cut_by(boxes: np.ndarray, tiles: Sequence[Tile]) -> np.ndarray:
    """Tell which boxes (N, D) an inner edge of a tile cuts."""
    from zoo.detection.seams import windows
    from zoo.geometry import box_geometry

    hulls, cut = box_geometry.hulls(box_geometry.corners(boxes)), np.zeros(len(boxes), bool)
    for x0, y0, x1, y1 in windows(tiles):
        across = (hulls[:, 0] < x1) & (hulls[:, 2] > x0) & (hulls[:, 1] < y1) & (hulls[:, 3] > y0)
        inside = (hulls[:, 0] >= x0) & (hulls[:, 2] <= x1) & (hulls[:, 1] >= y0) & (hulls[:, 3] <= y1)
        cut |= across & ~inside
    return cut


def errors(
    predictor: SegmentationPredictor, source: Source, size: int, overlaps: Sequence[int], samples: int = 6
) -> list[dict[str, Any]]:
    """Return for each overlap how far probabilities at seams are from those at the same place in the middle of a tile.

    At `samples` places, spread over the scene, two tiles side by side are blended as `zoo predict` does, and the pixels
    between their middles are held against a tile whose middle is there; rows half way down, where no other seam is.
    """
    return [{"overlap": overlap, **error(predictor, source, size, overlap, samples)} for overlap in overlaps]


def refuse_small(source: Source, size: int, overlap: int) -> None:
    """Refuse a scene in which two tiles that share `overlap` have no room side by side."""
    width = 2 * size - overlap
    if source.scene.width < width or source.scene.height < size:
        raise ZooError(
            f"scene {source.path} of {source.scene.width} × {source.scene.height} px has no two tiles of {size} px side by"
            f" side, of which seams are measured; take one of {width} px or more, or --no-seams"
        )


def error(predictor: SegmentationPredictor, source: Source, size: int, overlap: int, samples: int) -> dict[str, float]:
    """Return the largest, the 99.9 % quantile and the mean of the difference in probability."""
    differences = []
    for pair, middle in pairs(source, size, overlap, samples):
        answers = [answer(predictor, source, tile, size) for tile in (*pair, middle)]
        differences.append(difference(pair, middle, answers))
    values = np.concatenate(differences)
    return {
        "largest": float(values.max()),
        "largest_but_1_in_1000": float(np.quantile(values, 0.999)),
        "mean": float(values.mean()),
    }


def pairs(source: Source, size: int, overlap: int, samples: int) -> Iterator[tuple[tuple[Tile, Tile], Tile]]:
    """Yield two neighbours, and a tile whose middle is in the middle of what they share."""
    from zoo.segmentation import STRIDE

    scene, step = source.scene, size - overlap
    rng = np.random.default_rng(0)
    for _ in range(samples):
        x = int(rng.integers(0, scene.width - size - step + 1)) // STRIDE * STRIDE
        y = int(rng.integers(0, scene.height - size + 1)) // STRIDE * STRIDE
        left, right = list(grid(size + step, size, size, overlap, "", STRIDE))[:2]
        centre = (left.width + right.x) // 2 - size // 2
        middle = Tile(x + centre // STRIDE * STRIDE, y, size, size, (0, 0, 0, 0))
        yield (moved(left, x, y), moved(right, x, y)), middle


def moved(tile: Tile, x: int, y: int) -> Tile:
    """Return the tile further right and down."""
    x0, y0, x1, y1 = tile.core
    return tile._replace(x=tile.x + x, y=tile.y + y, core=(x0 + x, y0 + y, x1 + x, y1 + y))


def answer(predictor: SegmentationPredictor, source: Source, tile: Tile, size: int) -> np.ndarray:
    """Return the probabilities (K, S, S) of a tile."""
    piece = next(pieces(source, [tile], (size, size), 0, mirrored=True))
    image = np.zeros((len(predictor.bands), size, size), np.float32) if piece.image is None else piece.image
    return ask(predictor, image)


def difference(pair: tuple[Tile, Tile], middle: Tile, answers: Sequence[np.ndarray]) -> np.ndarray:
    """Return the differences between the blend of a pair and the middle tile where the pair overlaps, half way down."""
    from zoo.segmentation.scene import weights

    left, right = pair
    rows = slice(left.height // 2 - 16, left.height // 2 + 16)
    first, last = right.x, left.x + left.width
    blend = np.zeros((answers[0].shape[0], 32, last - first), np.float32)
    for tile, probabilities in zip(pair, answers, strict=False):
        part = slice(first - tile.x, last - tile.x)
        blend += probabilities[:, rows, part] * weights(tile)[1][part]
    true = answers[2][:, rows, first - middle.x : last - middle.x]
    return np.abs(blend - true).ravel()
