"""Seams: whether objects that a tile's edge cuts are found as often as others, and whether masks show where tiles meet."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recipes.imagery.scene import Scene
from tools.predict.network import Network
from tools.predict.objects import Detections, Gathering, detect
from tools.predict.source import Place, Source, pieces
from tools.predict.work import Work
from zoo.tiles import Tile, grid


def recall(network: Network, size: int, overlap: int, score: float) -> dict[str, Any]:
    """Return the recall of objects in the run's test scenes that an inner edge of a tile cuts, and of those that none does.

    Classes and IoU as the metric has them: the same class, at least one half; difficult objects are not asked for.
    """
    import train

    cfg = train.recompose(network.run.config, [])
    data: Any = train.data_of(cfg)
    data.prepare_data()
    data.setup("test")
    hits: dict[bool, list[bool]] = {True: [], False: []}
    for scene in data.read().scenes["test"]:
        tiles = list(grid(scene.width, scene.height, size, overlap, scene.name))
        source = Source(scene, data.loading.values, Place())
        found = objects(Work(network, source, tiles, size, overlap, network.batch(size)), score)
        hit, cut = hit_of(scene, found, network.geometry), cut_by(scene.boxes, tiles)
        asked = np.ones(len(hit), bool) if scene.difficult is None else ~scene.difficult
        for kind in hits:
            hits[kind] += hit[asked & (cut == kind)].tolist()
    return {
        "tile": size, "overlap": overlap, "score": round(score, 3), "cut": len(hits[True]), "not_cut": len(hits[False]),
        "recall_cut": share(hits[True]), "recall_not_cut": share(hits[False]),
    }  # fmt: skip


def objects(work: Work, score: float) -> Detections:
    """Return what is detected in a scene."""
    import torch

    parts: list[Detections] = []
    detect(work, Gathering(work.network.geometry, score, parts.append), None, lambda tiles: None)
    return {key: torch.cat([part[key] for part in parts]) for key in ("boxes", "scores", "labels")}


def hit_of(scene: Scene, found: Detections, geometry: str) -> np.ndarray:
    """Tell which objects (N,) of a scene are found."""
    import torch

    from zoo.detection.matching import match

    truth = {"boxes": torch.from_numpy(scene.boxes), "labels": torch.from_numpy(scene.labels)}
    hit = np.zeros(len(scene.boxes) + 1, bool)
    hit[match(found, truth, geometry=geometry).hits.numpy()] = True  # -1, none, is the one behind the last
    return hit[:-1]


def share(hits: list[bool]) -> float | None:
    """Return the share of hits, None of none."""
    return round(float(np.mean(hits)), 4) if hits else None


def cut_by(boxes: np.ndarray, tiles: Sequence[Tile]) -> np.ndarray:
    """Tell which boxes (N, D) an inner edge of a tile cuts."""
    from zoo import outlines
    from zoo.detection.seams import windows

    hulls, cut = outlines.hulls(outlines.corners(boxes)), np.zeros(len(boxes), bool)
    for x0, y0, x1, y1 in windows(tiles):
        across = (hulls[:, 0] < x1) & (hulls[:, 2] > x0) & (hulls[:, 1] < y1) & (hulls[:, 3] > y0)
        inside = (hulls[:, 0] >= x0) & (hulls[:, 2] <= x1) & (hulls[:, 1] >= y0) & (hulls[:, 3] <= y1)
        cut |= across & ~inside
    return cut


def errors(network: Network, path: Path, size: int, overlaps: Sequence[int], samples: int = 6) -> list[dict[str, Any]]:
    """Return for each overlap how far probabilities at seams are from those at the same place in the middle of a tile.

    At `samples` places, spread over the scene, two tiles side by side are blended as `zoo predict` does, and the pixels
    between their middles are held against a tile whose middle is there; rows half way down, where no other seam is.
    """
    source = Source.open(path, network.bands, network.data)
    return [{"overlap": overlap, **error(network, source, size, overlap, samples)} for overlap in overlaps]


def error(network: Network, source: Source, size: int, overlap: int, samples: int) -> dict[str, float]:
    """Return the largest, the 99.9 % quantile and the mean of the difference in probability."""
    differences = []
    for pair, middle in pairs(source, size, overlap, samples):
        answers = [answer(network, source, tile, size) for tile in (*pair, middle)]
        differences.append(difference(pair, middle, answers))
    values = np.concatenate(differences)
    return {
        "largest": float(values.max()),
        "largest_but_1_in_1000": float(np.quantile(values, 0.999)),
        "mean": float(values.mean()),
    }


def pairs(source: Source, size: int, overlap: int, samples: int) -> Iterator[tuple[tuple[Tile, Tile], Tile]]:
    """Yield two neighbours, and a tile whose middle is in the middle of what they share."""
    from zoo.errors import ZooError
    from zoo.segmentation import STRIDE

    scene, step = source.scene, size - overlap
    if scene.width < size + step or scene.height < size:
        raise ZooError(f"scene {source.path} is too small for two tiles of {size} px side by side; take a larger one")
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


def answer(network: Network, source: Source, tile: Tile, size: int) -> np.ndarray:
    """Return the probabilities (K, S, S) of a tile."""
    piece = next(pieces(source, [tile], (size, size), 0, mirrored=True))
    image = np.zeros((len(network.bands), size, size), np.float32) if piece.image is None else piece.image
    return network.ask(image)


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
