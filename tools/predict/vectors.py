"""Vector files: polygons with their columns as GeoJSON, GeoPackage or CSV, written part by part.

GeoJSON holds coordinates of the raster's own reference system and names it in the member `crs` (GeoJSON 2008), which GDAL
and QGIS read; RFC 7946 knows longitude and latitude alone, and what it says of winding is kept.
"""

import csv
import json
import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import numpy as np
import shapely

from recipes.inference.source import Place
from tools.predict.journal import unwritable
from zoo.errors import ZooError
from zoo.files import find_abandoned

#: The names of the numbers of a box, by how many there are.
COORDINATES = {4: ("xmin", "ymin", "xmax", "ymax"), 5: ("x", "y", "width", "height", "degrees")}
#: Each column (N,): text as objects, or numbers.
Columns = Mapping[str, np.ndarray]
#: Polygons that wait for a GeoPackage to be opened: opening costs more than a thousand of them.
WAITING = 10_000


class VectorFile(ABC):
    """A file that polygons (N,), in map coordinates, and their columns are written to."""

    def __init__(self, path: Path, place: Place) -> None:
        self.path, self.place = path, place

    @abstractmethod
    def write(self, polygons: np.ndarray, columns: Columns) -> None:
        """Add polygons."""

    @abstractmethod
    def close(self) -> None:
        """Finish the file."""

    @abstractmethod
    def abandon(self) -> None:
        """Let go of the file as it is: something went wrong, and it will be removed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, *rest: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()


class GeoJson(VectorFile):
    """GeoJSON, a feature a line."""

    def __init__(self, path: Path, place: Place) -> None:
        super().__init__(path, place)
        if place.crs and not place.name:
            raise ZooError(
                "the scene's reference system has no code, and GeoJSON cannot name it; choose --out with .gpkg instead"
            )
        authority, _, code = place.name.partition(":")
        crs = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{authority}::{code}"}} if place.name else None
        self.file = path.open("w", encoding="utf-8")
        self.file.write('{"type": "FeatureCollection",\n')
        self.file.write(f'"crs": {json.dumps(crs)},\n' if crs else "")
        self.file.write('"features": [')
        self.between = "\n"

    def write(self, polygons: np.ndarray, columns: Columns) -> None:
        """Add features."""
        texts = shapely.to_geojson(rounded(polygons, self.place.digits)) if len(polygons) else []
        rows = list(zip(*(column.tolist() for column in columns.values()), strict=True))
        for index, text in enumerate(texts):
            properties = json.dumps(dict(zip(columns, rows[index], strict=True)), ensure_ascii=False)
            self.file.write(f'{self.between}{{"type": "Feature", "properties": {properties}, "geometry": {text}}}')
            self.between = ",\n"

    def close(self) -> None:
        """End the collection."""
        self.file.write("\n]}\n")
        self.file.close()

    def abandon(self) -> None:
        """Close the file."""
        with suppress(OSError):  # a full disk was said already
            self.file.close()


class Table(VectorFile):
    """CSV: the columns, and the polygon as WKT in the last."""

    def __init__(self, path: Path, place: Place) -> None:
        super().__init__(path, place)
        self.file = path.open("w", encoding="utf-8", newline="")
        self.lines = csv.writer(self.file)
        self.named = False

    def write(self, polygons: np.ndarray, columns: Columns) -> None:
        """Add lines; the first time, their heading too."""
        if not self.named:
            self.lines.writerow([*columns, "wkt"])
            self.named = True
        texts = shapely.to_wkt(polygons, rounding_precision=self.place.digits) if len(polygons) else []
        self.lines.writerows(zip(*(column.tolist() for column in columns.values()), texts, strict=True))

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def abandon(self) -> None:
        """Close the file."""
        with suppress(OSError):  # a full disk was said already
            self.file.close()


class GeoPackage(VectorFile):
    """GeoPackage, with the reference system in full."""

    def __init__(self, path: Path, place: Place) -> None:
        super().__init__(path, place)
        self.waiting: list[tuple[np.ndarray, Columns]] = []
        self.there = False

    def write(self, polygons: np.ndarray, columns: Columns) -> None:
        """Keep polygons until there are enough to open the file for."""
        self.waiting.append((polygons, columns))
        if sum(len(part) for part, _ in self.waiting) >= WAITING:
            self.empty()

    def abandon(self) -> None:
        """Nothing is open between two parts."""

    def empty(self) -> None:
        """Write what waits."""
        import pyogrio

        names = list(self.waiting[0][1])
        fields = [np.concatenate([columns[name] for _, columns in self.waiting]) for name in names]
        polygons = np.concatenate([part for part, _ in self.waiting])
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "'crs' was not provided")  # it is not known, and said
                pyogrio.raw.write(
                    self.path, shapely.to_wkb(polygons), fields, names, layer="found", driver="GPKG",
                    geometry_type="Polygon", crs=self.place.crs or None, append=self.there,
                )  # fmt: skip
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError) as error:
            raise OSError(0, str(error)) from error
        self.waiting, self.there = [], True

    def close(self) -> None:
        """Write the rest."""
        if self.waiting or not self.there:
            self.empty()


def rounded(polygons: np.ndarray, digits: int) -> np.ndarray:
    """Round the coordinates of polygons."""
    return np.asarray(shapely.transform(polygons, lambda points: np.round(points, digits)))


def wound(rings: np.ndarray) -> np.ndarray:
    """Return polygons (N,) of rings (N, P, 2), wound counter-clockwise where y points up."""
    x, y = rings[..., 0], rings[..., 1]
    area = (x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1)
    rings = np.where((area < 0)[:, None, None], rings[:, ::-1], rings)
    return np.asarray(shapely.polygons(rings), object).reshape(-1)


SUFFIXES: Mapping[str, type[VectorFile]] = {".geojson": GeoJson, ".gpkg": GeoPackage, ".csv": Table}


def kind_of(path: Path, option: str = "--out") -> type[VectorFile]:
    """Return what writes files of this suffix."""
    if path.suffix.lower() not in SUFFIXES:
        raise ZooError(f"{option} {path} has an unknown suffix {path.suffix!r}; known: {', '.join(SUFFIXES)}")
    return SUFFIXES[path.suffix.lower()]


@contextmanager
def fresh(out: Path) -> Iterator[Path]:
    """Give a temporary path beside `out`, of the same suffix, and rename it to `out` when all went well.

    Those that killed processes left for the same `out` are removed.
    """
    part = out.with_name(f".{out.stem}.{os.getpid()}.part{out.suffix}")
    for left in find_abandoned(part):
        left.unlink(missing_ok=True)
    try:
        yield part
        part.replace(out)
    except OSError as error:
        raise unwritable(out, error) from error
    finally:
        for left in (part, part.with_name(f"{part.name}-journal"), part.with_name(f"{part.name}-wal")):
            left.unlink(missing_ok=True)
