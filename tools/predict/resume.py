"""Going on with a prediction that was cut off: what its answers depend on, and what an earlier attempt left of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from recipes.inference.scenes import ScenePredictor
from recipes.inference.source import Source
from recipes.inference.work import Work
from tools.predict.journal import Journal
from tools.predict.options import Options
from zoo.errors import counted
from zoo.files import ensure_dir, refuse_existing
from zoo.quantities import duration

#: The checksums of the tiles' pixels that a record of a journal is made of.
Checksums = Callable[[bytes], list[int]]


def identity(predictor: ScenePredictor, source: Source) -> dict[str, Any]:
    """Return which weights look at which scene, and how: what does not depend on its tiles."""
    return {
        "weights": predictor.opened.digest,
        "scene": f"{source.path.resolve()} {source.scene.width}×{source.scene.height}",
        "bands": list(source.scene.bands or ()),
        "values": [source.values.value_range, source.values.nodata],
        **predictor.settings(),
    }


def key_of(predictor: ScenePredictor, work: Work) -> dict[str, Any]:
    """Return what the answers depend on: under another key, what is done already is worth nothing."""
    hardware = predictor.engine.hardware
    return {
        **identity(predictor, work.source),
        "tile": work.size,
        "overlap": work.overlap,
        "precision": hardware.precision,
        "channels_last": hardware.channels_last,
    }


def stamp_of(source: Source) -> list[int]:
    """Return what changes when the file of the scene is written to."""
    state = source.path.stat()
    return [state.st_size, state.st_mtime_ns]


def check(journal: Journal, work: Work, checksums: Checksums) -> bool:
    """Tell whether the journal's records are of these pixels; if not, it begins anew.

    Where the file was not touched they are. Else the tiles are read again, which costs little beside the network.
    """
    if journal.same_file:
        return True
    again = work.pieces()
    for record in journal.records():
        if any(next(again).checksum != checksum for checksum in checksums(record)):
            journal.restart()
            return False
    return True


@contextmanager
def journal_of(
    predictor: ScenePredictor, work: Work, options: Options, checksums: Checksums, console: Console
) -> Iterator[Journal]:
    """Give the journal of the work, with what an earlier attempt left in it; it is removed when all went well."""
    out = refuse_existing(options.out, options.force)
    ensure_dir(out.parent)
    threads = predictor.engine.hardware.threads
    key = {**key_of(predictor, work), "probabilities": options.probabilities}
    key |= {"threads": threads} if predictor.exact else {}
    journal = Journal(out, key, stamp_of(work.source), {"threads": threads})
    try:
        if options.force:
            journal.restart()
        elif journal.changed:
            console.print(f"an unfinished prediction had other settings ({journal.changed}): it begins anew")
        elif not check(journal, work, checksums):
            console.print(f"the pixels of {work.source.path} have changed since: it begins anew")
        elif journal.beside.get("threads", threads) != threads:
            console.print(
                f"it goes on with {counted(threads, 'thread')}, and began with {journal.beside['threads']}: the last digits "
                "of scores may differ; --exact begins anew"
            )
        yield journal
    except BaseException:
        journal.close()
        raise
    journal.remove()


def told_before(work: Work, console: Console) -> None:
    """Say what is known of the scene and of its tiles, before the first of them is computed."""
    for note in work.notes:
        console.print(note, markup=False)
    if len(work.tiles) > 1:
        console.print(f"tiles of {work.size} px that share {work.overlap}")


def told(work: Work, computed: int, seconds: float) -> str:
    """Return how many tiles a scene has, and how fast they went, in words."""
    before = len(work.tiles) - computed
    earlier = f", {before} of them done before" if before else ""
    speed = f" in {duration(seconds)}, {computed / seconds:.3g} a second" if computed else ""
    return f"{counted(len(work.tiles), 'tile')}{earlier}{speed}"
