"""One scene into one file: the tiles that suit it, what an earlier attempt left, and what there is to say at the end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tools.predict.journal import Journal
from tools.predict.network import Network
from tools.predict.objects import checksums, write_objects
from tools.predict.options import Options
from tools.predict.source import Source
from tools.predict.vectors import kind_of
from tools.predict.work import Work
from zoo.errors import ZooError, counted
from zoo.files import ensure_dir, refuse_existing
from zoo.geometry.tiles import grid
from zoo.profile import Profile
from zoo.segmentation import STRIDE

#: An object of this many times the size of the largest in training is still seen whole by one tile.
LARGER = 1.1
#: Where a run does not say which score is best.
SCORE = 0.3


def predict(network: Network, path: Path, options: Options, bar: Progress, console: Console) -> list[str]:
    """Detect in the scene at `path`, write `options.out`, and return what to say."""
    kind_of(options.out)
    work = detecting(network, path, options)
    score = score_of(network, options)
    with journal_of(work, options, checksums, console) as journal:
        began = time.perf_counter()
        task = bar.add_task("detecting", total=len(work.tiles))
        count, computed = write_objects(work, options.out, score, journal, lambda tiles: bar.advance(task, tiles))
        seconds = time.perf_counter() - began
    return [
        *work.source.notes,
        f"{counted(count, 'object')} of score ≥ {score:.2f} in {said(work, computed, seconds)}",
        f"{options.out}: {work.source.place.said}",
    ]


def said(work: Work, computed: int, seconds: float) -> str:
    """Return the tiles of a scene, and how fast they went, in words."""
    before = len(work.tiles) - computed
    earlier = f", {before} of them done before" if before else ""
    speed = f", {computed / seconds:.1f} tiles/s" if computed else ""
    return f"{counted(len(work.tiles), 'tile')} of {work.size} px, overlap {work.overlap}{earlier}{speed}"


def work_on(network: Network, source: Source, size: int, overlap: int, batch: int | None) -> Work:
    """Return the work on a scene: its tiles, and how many go through the network at a time."""
    multiple = STRIDE if network.task == "segmentation" else 1
    tiles = list(grid(source.scene.width, source.scene.height, size, overlap, source.scene.name, multiple))
    return Work(network, source, tiles, size, overlap, batch or network.batch(size))


def detecting(network: Network, path: Path, options: Options) -> Work:
    """Return the work of detecting in the scene at `path`; a model that learnt shares of its crops sees nothing larger."""
    size = options.tile or int(network.data["tile"])
    if network.side and size > network.side:
        raise ZooError(
            f"--tile {size} is too large: the model learnt boxes as shares of images of {network.side} pixels"
        )
    source = Source.open(path, network.bands, network.data)
    return work_on(network, source, size, overlap_of(network, options), options.batch)


def overlap_of(network: Network, options: Options) -> int:
    """Return the overlap asked for, else one in which the largest object of the training data lies whole.

    It is at most half a tile: larger objects are put together from their parts.
    """
    tile = options.tile or int(network.data["tile"])
    if options.overlap is not None:
        return options.overlap
    profile = network.run.folder / "profile.json"
    largest = Profile.load(profile).object_size if profile.exists() else None
    if largest is None:
        return min(tile // 2, int(network.data["overlap"]))
    return min(tile // 2, 8 * -(-int(LARGER * largest.largest + 8) // 8))


def score_of(network: Network, options: Options) -> float:
    """Return the least score of an object: as asked for, else that of the best F1 in validation."""
    if options.score is not None:
        return options.score
    return float(network.run.metrics.get("val/score_at_best_f1", SCORE))


@contextmanager
def journal_of(
    work: Work, options: Options, checksums: Callable[[bytes], list[int]], console: Console
) -> Iterator[Journal]:
    """Give the journal of the work, with what an earlier attempt left in it; it is removed when all went well.

    `checksums` reads those of the tiles' pixels off a record.
    """
    out = refuse_existing(options.out, options.force)
    ensure_dir(out.parent)
    journal = Journal(out, {**work.key(), "probabilities": options.probabilities}, work.stamp())
    try:
        if options.force:
            journal.restart()
        elif journal.changed:
            console.print(f"an unfinished prediction had other settings ({journal.changed}): it begins anew")
        elif not work.check(journal, checksums):
            console.print(f"the pixels of {work.source.path} have changed since: it begins anew")
        yield journal
    except BaseException:
        journal.close()
        raise
    journal.remove()
