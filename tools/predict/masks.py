"""Masks of scenes: the blended probabilities of its tiles become classes, band by band, kept in a journal, then a GeoTIFF."""

import hashlib
import json
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.errors import RasterioError
from rich.console import Console
from rich.progress import Progress

from recipes.imagery.rasters import open_raster
from recipes.inference.segmentation import SegmentationPredictor, missing, regions
from recipes.inference.source import Piece
from recipes.inference.work import Tiling, Work
from tools.predict import cog, polygons
from tools.predict.images import images_in, one_scene
from tools.predict.journal import Journal, left_by, plain
from tools.predict.options import Options
from tools.predict.resume import identity, journal_of, key_of, stamp_of, told, told_before
from zoo.errors import ZooError, counted
from zoo.geometry.tiles import Tile
from zoo.segmentation import IGNORED, foreground_of
from zoo.segmentation.scene import Blender, Region

#: Probabilities are written as whole numbers up to this; 255 is nodata.
CERTAIN = 254
#: The tag of a mask's file that says what it was made of.
SEAL = "made_of"
#: What scenes are written as where no file is named, and the options that say something here.
ENDING = ".tif"
TAKES = (
    "out", "tile", "overlap", "exact", "batch", "views", "backend", "force", "probabilities", "polygons", "simplify", "square",
    "instances",
)  # fmt: skip
Advance = Callable[[int], None]


def predict(
    predictor: SegmentationPredictor, inputs: Sequence[Path], options: Options, bar: Progress, console: Console
) -> tuple[list[str], list[str]]:
    """Segment a scene into a file, or each image into a file of a folder; return what to say, and what failed."""
    scene = one_scene(inputs, options.out)
    if scene is None:
        return predict_folder(predictor, inputs[0], options, bar)
    return predict_scene(predictor, scene, options, bar, console), []


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
        part[:, missing(region)] = IGNORED
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


def segment(
    predictor: SegmentationPredictor, work: Work, journal: Journal, probabilities: bool, advance: Advance
) -> int:
    """Give every pixel of a scene its class; the bands that the journal holds are not computed again.

    Returns how many tiles were computed.
    """
    done = sum(1 for _ in journal.records())
    rows = [tile.y for tile in work.tiles if tile.x == 0]
    columns, classes = len(work.tiles) // len(rows), len(predictor.classes)
    if done == len(rows):
        advance(len(work.tiles))
        return 0
    first = first_needed(work.tiles[::columns], done) * columns
    advance(first)
    bands, blender = Bands(work.source.scene.width, classes, probabilities), Blender[Piece]()
    blender.begin(work.tiles[first])
    with closing(predictor.answers(work, first)) as answers:
        for said in answers:
            piece, new = said[0], said[0].number // columns >= done
            for region in regions([said], classes, blender):
                if new:
                    bands.add(region)
            if piece.tile.ends_row and new:
                journal.append(bands.take())
            advance(1)
    return len(work.tiles) - first


def first_needed(firsts: Sequence[Tile], done: int) -> int:
    """Return the first row of tiles that reaches below the rows that are done: what it shares must be summed again."""
    top = firsts[done].y if done < len(firsts) else float("inf")
    return next((row for row in range(done) if firsts[row].y + firsts[row].height > top), done)


def divided(predictor: SegmentationPredictor, path: Path, options: Options) -> Work:
    """Return the work on the scene at `path`; what was left unfinished goes on in the tiles it had."""
    source, before = predictor.open(path), left_by(options.out)
    same = before.items() >= plain(identity(predictor, source)).items()
    if options.tile is None and options.overlap is None and same and not predictor.data.get("resize"):
        predictor.engine.compute_in(before["precision"])
        return predictor.divide_by(source, Tiling(before["tile"], before["overlap"]), options.batch)
    return predictor.prepare(source, options.tile, options.overlap, options.batch)


def predict_scene(
    predictor: SegmentationPredictor, path: Path, options: Options, bar: Progress, console: Console
) -> list[str]:
    """Segment the scene at `path`, write `options.out` and what else is asked for, and return what to say.

    Polygons are made of the file: where the same command has written it, they are all that is left to do.
    """
    cog.check_suffix(options.out)
    polygons.check(options)
    work = divided(predictor, path, options)
    shape = polygons.Shape.of(options, predictor, work)
    if options.polygons is not None and made_before(predictor, work, options):
        done = f"{options.out} is there already, made of this scene in this way"
    else:
        done = segmented(predictor, work, options, bar, console)
    lines = [done, f"{options.out}: {work.source.place.said}"]
    if options.polygons is not None:
        lines.append(polygons.write(options.out, options.polygons, predictor.classes, work, shape, bar))
    return lines


def segmented(predictor: SegmentationPredictor, work: Work, options: Options, bar: Progress, console: Console) -> str:
    """Segment a scene and write `options.out`; return what to say of it."""
    told_before(work, console)
    with journal_of(predictor, work, options, checksums, console) as journal:
        began = time.perf_counter()
        task = bar.add_task("segmenting", total=len(work.tiles))
        computed = segment(predictor, work, journal, options.probabilities, lambda tiles: bar.advance(task, tiles))
        seconds = time.perf_counter() - began
        bar.update(task, description="writing")
        write(predictor, work, options, journal)
    return told(work, computed, seconds)


def write_scene(
    predictor: SegmentationPredictor, work: Work, options: Options, journal: Journal, advance: Advance
) -> int:
    """Segment a scene and write `options.out`; returns how many tiles were computed."""
    computed = segment(predictor, work, journal, options.probabilities, advance)
    write(predictor, work, options, journal)
    return computed


def write(predictor: SegmentationPredictor, work: Work, options: Options, journal: Journal) -> None:
    """Write the bands of the journal as GeoTIFF: beside the classes the probabilities, when asked for; those first.

    Where the classes are, all is.
    """
    scene, place, names = work.source.scene, work.source.place, predictor.classes
    if options.probabilities:
        sheet = cog.Sheet(scene.width, scene.height, place, names, "average", None, {"certain": str(CERTAIN)})
        cog.write(beside(options.out), sheet, (unpacked(record)[1:] for record in journal.records()))
    tags = {f"class_{number}": name for number, name in enumerate(names)} | {SEAL: seal(predictor, work, options)}
    sheet = cog.Sheet(scene.width, scene.height, place, ("class",), "mode", colours(names), tags)
    cog.write(options.out, sheet, (unpacked(record)[:1] for record in journal.records()))


def seal(predictor: SegmentationPredictor, work: Work, options: Options) -> str:
    """Return what is different for masks of other weights, pixels or settings."""
    asked = json.dumps([key_of(predictor, work), stamp_of(work.source), options.probabilities], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()[:32]


def made_before(predictor: SegmentationPredictor, work: Work, options: Options) -> bool:
    """Tell whether `options.out` is what the work would give; not where all is to be made anew."""
    if options.force or not options.out.is_file():
        return False
    try:
        with open_raster(options.out) as raster:
            return bool(raster.tags().get(SEAL) == seal(predictor, work, options))
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


def predict_folder(
    predictor: SegmentationPredictor, images: Path, options: Options, bar: Progress
) -> tuple[list[str], list[str]]:
    """Segment every image of a folder into `options.out`, a GeoTIFF each; returns what to say, and what failed."""
    if options.polygons is not None:
        raise ZooError(f"--polygons {options.polygons} is for one scene; {images} is a folder")
    failures, count, taken = list[str](), 0, set[str]()
    for path in images_in(images):
        stem = path.stem if path.stem not in taken else f"{path.stem}_{len(taken)}"
        taken.add(stem)
        into = replace(options, out=options.out / f"{stem}_mask.tif")
        try:
            predict_scene(predictor, path, into, bar, Console(quiet=True))
            count += 1
        except ZooError as error:
            failures.append(str(error))
    return [f"{counted(count, 'mask')}: {options.out}/*_mask.tif"], failures
