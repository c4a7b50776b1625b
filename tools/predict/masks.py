"""Masks of scenes: the blended probabilities of its tiles become classes, band by band, kept in a journal, then a GeoTIFF."""

import hashlib
import json
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.errors import RasterioError
from rich.console import Console
from rich.progress import Progress

from recipes.imagery.rasters import open_raster
from tools.predict import cog
from tools.predict.context import tiling
from tools.predict.journal import Journal
from tools.predict.network import Network
from tools.predict.options import Options
from tools.predict.source import Piece, Source, found
from tools.predict.work import Work
from zoo.errors import ZooError, counted
from zoo.geometry.tiles import Tile
from zoo.segmentation import IGNORED, foreground_of
from zoo.segmentation.scene import Blender, Region

#: Probabilities are written as whole numbers up to this; 255 is nodata.
CERTAIN = 254
#: The tag of a mask's file that says what it was made of.
SEAL = "made_of"
Advance = Callable[[int], None]


class Bands:
    """Puts the regions of a row of tiles together to a band of the scene: classes, and probabilities when asked for."""

    def __init__(self, width: int, classes: int, probabilities: bool) -> None:
        self.width, self.layers = width, 1 + (classes if probabilities else 0)
        self.rows = np.zeros((self.layers, 0, width), np.uint8)
        self.checksums: list[int] = []

    def add(self, region: Region[Piece]) -> None:
        """Put a region in its place; where there is no data it is 255."""
        tile, height, width = region.tile, region.height, region.width
        if self.rows.shape[1] != height:
            self.rows = np.full((self.layers, height, self.width), IGNORED, np.uint8)
        part = self.rows[:, :, tile.x : tile.x + width]
        part[0] = region.probabilities.argmax(axis=0)
        if self.layers > 1:
            np.rint(region.probabilities * CERTAIN, out=part[1:], casting="unsafe")
        if region.beside.valid is not None:
            part[:, ~region.beside.valid[:height, :width]] = IGNORED
        self.checksums.append(region.beside.checksum)

    def take(self) -> bytes:
        """Return the band as a record of the journal, and begin the next."""
        record = packed(self.rows, self.checksums)
        self.rows, self.checksums = self.rows[:, :0], []
        return record


def packed(rows: np.ndarray, checksums: list[int]) -> bytes:
    """Return a band (L, n, W) and the checksums of its tiles as a record."""
    head = json.dumps({"shape": rows.shape, "checksums": checksums}).encode()
    return len(head).to_bytes(4, "little") + head + zlib.compress(np.ascontiguousarray(rows).data, 1)


def head_of(record: bytes) -> dict[str, Any]:
    """Return what a record says of itself."""
    return dict(json.loads(record[4 : 4 + int.from_bytes(record[:4], "little")]))


def unpacked(record: bytes) -> np.ndarray:
    """Return the band (L, n, W) of a record."""
    body = record[4 + int.from_bytes(record[:4], "little") :]
    return np.frombuffer(zlib.decompress(body), np.uint8).reshape(head_of(record)["shape"])


def checksums(record: bytes) -> list[int]:
    """Return the checksums of the tiles of a record's band."""
    return list(head_of(record)["checksums"])


def segment(work: Work, journal: Journal, probabilities: bool, advance: Advance) -> int:
    """Give every pixel of a scene its class; the bands that the journal holds are not computed again.

    Returns how many tiles were computed.
    """
    done = sum(1 for _ in journal.records())
    rows = [tile.y for tile in work.tiles if tile.x == 0]
    columns = len(work.tiles) // len(rows)
    if done == len(rows):
        advance(len(work.tiles))
        return 0
    start = first_needed(work.tiles[::columns], done)
    advance(start * columns)
    classes = len(work.network.classes)
    bands, blender = Bands(work.source.scene.width, classes, probabilities), Blender[Piece]()
    blender.begin(work.tiles[start * columns])

    def take(piece: Piece, answer: Any) -> None:
        known = nowhere(piece.tile, classes) if answer is None else answer.numpy()
        for region in blender.add(piece.tile, known, piece):
            if piece.number // columns >= done:
                bands.add(region)
        if piece.tile.ends_row and piece.number // columns >= done:
            journal.append(bands.take())
        advance(1)

    return work.do(start * columns, take)


def first_needed(firsts: Sequence[Tile], done: int) -> int:
    """Return the first row of tiles that reaches below the rows that are done: what it shares must be summed again."""
    top = firsts[done].y if done < len(firsts) else float("inf")
    return next((row for row in range(done) if firsts[row].y + firsts[row].height > top), done)


def nowhere(tile: Tile, classes: int) -> np.ndarray:
    """Return the probabilities (K, h, w) of a tile without data: its pixels become 255, whatever they are."""
    return np.zeros((classes, tile.height, tile.width), np.float32)


def predict(network: Network, path: Path, options: Options, bar: Progress, console: Console) -> list[str]:
    """Segment the scene at `path`, write `options.out` and what else is asked for, and return what to say.

    Polygons are made of the file: where the same command has written it, they are all that is left to do.
    """
    from tools.predict import polygons
    from tools.predict.scene import work_on

    cog.check_suffix(options.out)
    polygons.check(options)
    source = Source.open(path, network.bands, network.data)
    tiles = tiling(network, source, options)
    work = work_on(network, source, tiles.size, tiles.overlap, options.batch)
    shape = polygons.Shape.of(options, work)
    if options.polygons is not None and made_before(work, options):
        done = f"{options.out} is there already, made of this scene in this way"
    else:
        done = segmented(work, options, bar, console)
    lines = [*source.notes, tiles.note, done, f"{options.out}: {source.place.said}"]
    if options.polygons is not None:
        lines.append(polygons.write(options.out, options.polygons, work, shape, bar))
    return [line for line in lines if line]


def segmented(work: Work, options: Options, bar: Progress, console: Console) -> str:
    """Segment a scene and write `options.out`; return what to say of it."""
    from tools.predict.scene import journal_of, said

    with journal_of(work, options, checksums, console) as journal:
        task = bar.add_task("segmenting", total=len(work.tiles))
        began = time.perf_counter()
        computed = segment(work, journal, options.probabilities, lambda tiles: bar.advance(task, tiles))
        seconds = time.perf_counter() - began
        bar.update(task, description="writing")
        write(work, options, journal)
    return said(work, computed, seconds)


def write(work: Work, options: Options, journal: Journal) -> None:
    """Write the bands of the journal as GeoTIFF: beside the classes the probabilities, when asked for; those first.

    Where the classes are, all is.
    """
    scene, place, names = work.source.scene, work.source.place, work.network.classes
    if options.probabilities:
        sheet = cog.Sheet(scene.width, scene.height, place, names, "average", None, {"certain": str(CERTAIN)})
        cog.write(beside(options.out), sheet, (unpacked(record)[1:] for record in journal.records()))
    tags = {f"class_{number}": name for number, name in enumerate(names)} | {SEAL: seal(work, options)}
    sheet = cog.Sheet(scene.width, scene.height, place, ("class",), "mode", colours(names), tags)
    cog.write(options.out, sheet, (unpacked(record)[:1] for record in journal.records()))


def seal(work: Work, options: Options) -> str:
    """Return what is different for masks of other weights, pixels or settings."""
    asked = json.dumps([work.key(), work.stamp(), options.probabilities], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()[:32]


def made_before(work: Work, options: Options) -> bool:
    """Tell whether `options.out` is what the work would give; not where all is to be made anew."""
    if options.force or not options.out.is_file():
        return False
    try:
        with open_raster(options.out) as raster:
            return bool(raster.tags().get(SEAL) == seal(work, options))
    except RasterioError:
        return False


def beside(out: Path) -> Path:
    """Return where the probabilities are written."""
    return out.with_name(f"{out.stem}_probabilities{out.suffix}")


def colours(classes: tuple[str, ...]) -> dict[int, tuple[int, int, int, int]]:
    """Return the colour table: those of the plots for the foreground, nothing for background and nodata."""
    from tasks.plots import LINES

    table = dict.fromkeys(range(256), (0, 0, 0, 0))
    for place, number in enumerate(foreground_of(classes)):
        code = LINES[place % len(LINES)]
        table[number] = (int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16), 255)
    return table


def predict_folder(network: Network, images: Path, options: Options, bar: Progress) -> tuple[str, list[str]]:
    """Segment every image of a folder into `options.out`, a GeoTIFF each; returns what to say, and what failed."""
    from dataclasses import replace

    if options.polygons is not None:
        raise ZooError(f"--polygons {options.polygons} is for one scene; {images} is a folder")
    failures, count, taken = [], 0, set[str]()
    for path in list(found(images)):
        stem = path.stem if path.stem not in taken else f"{path.stem}_{len(taken)}"
        taken.add(stem)
        try:
            predict(network, path, replace(options, out=options.out / f"{stem}_mask.tif"), bar, Console(quiet=True))
            count += 1
        except ZooError as error:
            failures.append(str(error))
    return f"{counted(count, 'mask')}: {options.out}/*_mask.tif", failures
