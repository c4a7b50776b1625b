"""Where the pixels of an image lie on the map: both ways, through the geotransform and between coordinate systems.

RFC 7946, section 4, has GeoJSON in WGS 84, longitude first; many tools write the older `crs` member instead, and it is
followed. A raster without georeference, and every picture, has pixels for coordinates: x to the right, y down.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from rasterio import Env
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from rasterio.errors import CRSError
from rasterio.warp import transform

from recipes.imagery.images import RASTERS, open_raster
from zoo.errors import ZooError

WGS84 = CRS.from_epsg(4326)
#: Names of the coordinate system of RFC 7946 in the older member.
LONGITUDE_FIRST = ("urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "OGC:CRS84")

#: No latitude is greater, neither in degrees nor in gon.
LATITUDES = 100.0


@dataclass(frozen=True)
class Georeference:
    """How pixels (x, y) become coordinates of the map, and in which system; the identity and None without one."""

    transform: Affine
    crs: CRS | None
    width: int
    height: int

    @property
    def known(self) -> bool:
        """Whether the image says at all where it lies."""
        return not self.transform.is_identity or self.crs is not None

    def to_map(self, points: np.ndarray, crs: CRS | None) -> np.ndarray:
        """Return pixels (M, 2) in coordinates (M, 2) of `crs`, or of the image where that is None."""
        return moved(applied(self.transform, points), self.crs, crs)

    def to_pixels(self, points: np.ndarray, crs: CRS | None) -> np.ndarray:
        """Return coordinates (M, 2) of `crs`, or of the image where that is None, in pixels (M, 2)."""
        return applied(~self.transform, moved(points, crs, self.crs))

    def outlines(self, those: Sequence[np.ndarray], crs: CRS | None) -> list[np.ndarray]:
        """Return outlines (M, 2) in `crs` in pixels; one of which a point has no place in pixels is infinite in all."""
        if not those:
            return []
        points, ends = np.concatenate(those), np.cumsum([len(points) for points in those])
        found = self.to_pixels(points, crs)
        lost = np.logical_or.reduceat(~np.isfinite(found).all(axis=1), [0, *ends[:-1]])
        found[np.repeat(lost, np.diff(ends, prepend=0))] = np.inf
        return np.split(found, ends[:-1])

    def holds(self, those: Sequence[np.ndarray], crs: CRS | None) -> np.ndarray:
        """Say, bool (N,), of which outlines (M, 2) in `crs` the middle is on the image."""
        middles = np.array([points.mean(axis=0) for points in self.outlines(those, crs)]).reshape(-1, 2)
        inside = (middles >= 0) & (middles <= (self.width, self.height))
        return inside[:, 0] & inside[:, 1]


def applied(transform: Affine, points: np.ndarray) -> np.ndarray:
    """Return points (M, 2) as a transform maps them; what is infinite stays so."""
    there, found = np.isfinite(points).all(axis=1), np.full(points.shape, np.inf)
    matrix = np.array([[transform.a, transform.d], [transform.b, transform.e]])
    found[there] = points[there] @ matrix + (transform.c, transform.f)
    return found


def moved(points: np.ndarray, source: CRS | None, target: CRS | None) -> np.ndarray:
    """Return points (M, 2) of one coordinate system in another; as they are where one of the two is not known.

    Infinite where a point has no place in the other, as a latitude of 3,725,100 has not.
    """
    if source is None or target is None or source == target:
        return points
    there, found = np.isfinite(points).all(axis=1), np.full(points.shape, np.inf)
    if source.is_geographic:
        there &= np.abs(points[:, 1]) <= LATITUDES
    found[there] = projected(points[there], source, target)
    return found


def projected(points: np.ndarray, source: CRS, target: CRS) -> np.ndarray:
    """Return finite points (M, 2) of one coordinate system in another; infinite those that have no place in it.

    PROJ gives infinity for some of those, and for others refuses all points that it was given: then halves are tried.
    """
    try:
        return np.stack(transform(source, target, points[:, 0], points[:, 1]), axis=1)
    except CPLE_BaseError:
        if len(points) == 1:
            return np.full(points.shape, np.inf)
        middle = len(points) // 2
        return np.concatenate([projected(half, source, target) for half in (points[:middle], points[middle:])])


def georeference(path: Path) -> Georeference:
    """Read where an image lies."""
    if path.suffix.lower() not in RASTERS:
        from recipes.imagery.images import facts

        known = facts(path)
        return Georeference(Affine.identity(), None, known.width, known.height)
    with open_raster(path) as raster:
        return Georeference(raster.transform, raster.crs, raster.width, raster.height)


def crs_name(crs: CRS) -> str:
    """Return a short name of a coordinate system."""
    return str(crs.to_string())[:60]


def crs_of(collection: dict[str, Any], rel: str) -> CRS | None:
    """Return the coordinate system that a GeoJSON collection names, None where it names none."""
    member = collection.get("crs")
    if member is None:
        return None
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if name in LONGITUDE_FIRST:
        return WGS84
    try:
        with Env():  # else GDAL prints what it thinks of the name
            return CRS.from_user_input(name)
    except (CRSError, TypeError, ValueError) as error:
        raise ZooError(
            f"{rel}: names the coordinate system {str(name)[:60]!r}, which is not known; name one as EPSG:32616"
        ) from error
