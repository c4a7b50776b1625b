"""Polygons of a mask: found strip by strip and joined across, simplified and squared on request, with class and area."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from rasterio.features import shapes
from rasterio.windows import Window
from rich.progress import Progress

from recipes.imagery.rasters import open_raster
from recipes.inference.segmentation import SegmentationPredictor
from recipes.inference.source import Place
from recipes.inference.work import Work
from tools.predict.options import Options
from tools.predict.parted import parting
from tools.predict.vectors import fresh, kind_of
from zoo.errors import ZooError, counted
from zoo.files import refuse_existing
from zoo.segmentation import foreground_of
from zoo.segmentation.instances import Method

#: Rows of a strip: whole blocks of the mask's file.
STRIP = 1024
#: Corners of a squared polygon move by so many pixels at the least: else the stairs of the raster are its walls.
STAIRS = 1.5
#: A squared polygon that shares less than this with what it was, as intersection over union, is left as it was.
FAITHFUL = 0.7


@dataclass(frozen=True)
class Shape:
    """How polygons are to look: corners move by at most `tolerance` pixels; `square` wants right angles.

    `instances` is how objects that touch are told apart.
    """

    tolerance: float = 0.0
    square: bool = False
    instances: Method | None = None

    @classmethod
    def of(cls, options: Options, predictor: SegmentationPredictor, work: Work) -> "Shape":
        """Read the options; metres need a map in metres."""
        place, metres = work.source.place, options.simplify or 0.0
        if metres and place.crs and place.metres is None:
            raise ZooError(
                f"--simplify {metres} is in metres, and {work.source.path} is in degrees ({place.name}); "
                "warp it to a projected reference system first (gdalwarp, rio warp)"
            )
        tolerance = metres / (place.pixel * (place.metres or 1.0))
        asked = options.instances or predictor.instances
        method = None if asked == "none" else Method.of(asked, predictor.classes, "--instances ")
        return cls(max(tolerance, STAIRS) if options.square else tolerance, options.square, method)

    def parted(self, polygons: np.ndarray, mask: Path) -> np.ndarray:
        """Return the polygons (N,) of the instances in polygons of a mask's file."""
        part = None if self.instances is None else parting(self.instances)
        if part is None:
            return polygons
        with open_raster(mask) as raster:
            return np.array([piece for polygon in polygons for piece in part(raster, polygon)], object)

    def apply(self, polygons: np.ndarray) -> np.ndarray:
        """Return polygons (N,) as they are to look."""
        if self.tolerance:
            polygons = shapely.simplify(polygons, self.tolerance)
        if self.square:
            polygons = np.array([squared(polygon) for polygon in polygons], object)
        return polygons[~shapely.is_empty(polygons)] if len(polygons) else polygons


def check(options: Options) -> None:
    """Refuse a file of polygons that cannot be written."""
    if options.polygons is None:
        return
    kind_of(options.polygons, "--polygons")
    refuse_existing(options.polygons, options.force, "--polygons")
    if not options.polygons.parent.is_dir():
        raise ZooError(f"--polygons {options.polygons}: there is no folder {options.polygons.parent}")


def write(mask: Path, out: Path, classes: Sequence[str], work: Work, shape: Shape, bar: Progress) -> str:
    """Write the polygons of all classes but the background of a mask's file to `out`; returns what to say."""
    place = work.source.place
    unit = place.pixel * (place.metres or 1.0)
    count, task = 0, bar.add_task("polygons", total=-(-work.source.scene.height // STRIP))
    with fresh(out) as part, kind_of(out, "--polygons")(part, place) as file:
        for values, found in traced(mask, foreground_of(classes)):
            for value in np.unique(values):
                polygons = shape.apply(shape.parted(found[values == value], mask))
                areas = shapely.area(polygons) * unit * unit
                names = np.full(len(polygons), classes[value], object)
                file.write(on_map(polygons, place), {"class": names, "area": areas.round(2)})
                count += len(polygons)
            bar.advance(task)
        file.write(np.array([], object), {"class": np.array([], object), "area": np.zeros(0)})
    return f"{out}: {counted(count, 'polygon')}"


def on_map(polygons: np.ndarray, place: Place) -> np.ndarray:
    """Return polygons in map coordinates, wound counter-clockwise where y points up."""
    return np.asarray(shapely.orient_polygons(shapely.transform(polygons, place.map)), object).reshape(-1)


def traced(mask: Path, classes: list[int]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield classes (N,) and polygons (N,), in pixels, as they are whole: those of a strip, joined to the strips before."""
    waiting: dict[int, list[shapely.Polygon]] = {value: [] for value in classes}
    with open_raster(mask) as raster:
        for y in range(0, raster.height, STRIP):
            height = min(STRIP, raster.height - y)
            rows = raster.read(1, window=Window(0, y, raster.width, height))
            last = y + height == raster.height
            values, polygons = [], []
            for value, whole in finished(strip(rows, y, classes), waiting, y, float("inf") if last else y + height):
                values += [value] * len(whole)
                polygons += whole
            yield np.array(values, np.int64), np.array(polygons, object)


def strip(rows: np.ndarray, y: int, classes: list[int]) -> dict[int, list[shapely.Polygon]]:
    """Return the polygons of each class in rows (n, W) that begin at row `y` of the scene."""
    found: dict[int, list[shapely.Polygon]] = {value: [] for value in classes}
    for shape, value in shapes(rows, mask=np.isin(rows, classes), connectivity=4, transform=Affine.translation(0, y)):
        found[int(value)].append(shapely.geometry.shape(shape))
    return found


def finished(
    found: dict[int, list[shapely.Polygon]], waiting: dict[int, list[shapely.Polygon]], top: float, bottom: float
) -> Iterator[tuple[int, list[shapely.Polygon]]]:
    """Yield by class the polygons that end above row `bottom`; those that reach it wait for the next strip."""
    for value, polygons in found.items():
        upper = [polygon for polygon in polygons if polygon.bounds[1] <= top]
        rest = [polygon for polygon in polygons if polygon.bounds[1] > top]
        if waiting[value]:
            joined = shapely.union_all([*waiting[value], *upper])
            upper = [
                shapely.simplify(part, 0) for part in shapely.get_parts(joined)
            ]  # without corners on straight lines
        every = upper + rest
        waiting[value] = [polygon for polygon in every if polygon.bounds[3] >= bottom]
        yield value, [polygon for polygon in every if polygon.bounds[3] < bottom]


def squared(polygon: shapely.Polygon) -> shapely.Polygon:
    """Return the polygon with right angles along its main direction; as it is where that would be another shape."""
    rings = [np.asarray(ring.coords)[:-1] for ring in (polygon.exterior, *polygon.interiors)]
    turn = direction(rings[0])
    turned = [right_angled(ring @ rotation(-turn).T) for ring in rings]
    if turned[0] is None:
        return polygon
    holes = [ring @ rotation(turn).T for ring in turned[1:] if ring is not None]
    made = shapely.Polygon(turned[0] @ rotation(turn).T, holes)
    if not made.is_valid:
        return polygon
    shared = made.intersection(polygon).area
    return made if shared > FAITHFUL * (made.area + polygon.area - shared) else polygon


def rotation(angle: float) -> np.ndarray:
    """Return the matrix (2, 2) that turns by `angle`, radians."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def direction(ring: np.ndarray) -> float:
    """Return the main direction of a ring (P, 2), radians: the mean of its sides' modulo a right angle, by length."""
    x, y = (np.roll(ring, -1, axis=0) - ring).T
    length = np.hypot(x, y)
    return float(np.angle((length * np.exp(4j * np.arctan2(y, x))).sum()) / 4)


def right_angled(ring: np.ndarray) -> np.ndarray | None:
    """Return a ring (P, 2) of level and upright sides alone; None where that leaves no area.

    Sides that follow one another in one direction become one, at their mean place by length.
    """
    ahead = np.roll(ring, -1, axis=0)
    sides, middles = ahead - ring, (ahead + ring) / 2
    level = np.abs(sides[:, 0]) >= np.abs(sides[:, 1])
    turns = np.flatnonzero(level != np.roll(level, 1))
    if len(turns) < 4:
        return None
    order = np.roll(np.arange(len(ring)), -turns[0])
    group = np.cumsum((level != np.roll(level, 1))[order]) - 1
    length = np.hypot(*sides[order].T) + 1e-12
    place = np.where(level[order], middles[order, 1], middles[order, 0])
    places = np.bincount(group, length * place) / np.bincount(group, length)
    before = np.roll(places, 1)
    upright_first = level[order[0]]  # the first group is level: its place is a y, that before it an x
    first, second = (before, places) if upright_first else (places, before)
    even = np.arange(len(places)) % 2 == 0
    return np.stack([np.where(even, first, second), np.where(even, second, first)], axis=1)
