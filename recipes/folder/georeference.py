"""Where the pixels of an image lie on the map: both ways, through the geotransform and between coordinate systems.

RFC 7946, section 4, has GeoJSON in WGS 84, longitude first; many tools write the older `crs` member instead, and it is
followed. A raster without georeference, and every picture, has pixels for coordinates: x to the right, y down.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from rasterio.errors import CRSError
from rasterio.warp import transform

from recipes.imagery.images import RASTERS, open_raster
from zoo.errors import ZooError

WGS84 = CRS.from_epsg(4326)
#: Names of the coordinate system of RFC 7946 in the older member.
LONGITUDE_FIRST = ("urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "OGC:CRS84")


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

    def holds(self, points: np.ndarray, crs: CRS | None) -> bool:
        """Say whether the middle of points (M, 2) in `crs` is on the image."""
        x, y = self.to_pixels(points, crs).mean(axis=0)
        return bool(0 <= x <= self.width and 0 <= y <= self.height)


def applied(transform: Affine, points: np.ndarray) -> np.ndarray:
    """Return points (M, 2) as a transform maps them; what is infinite stays so."""
    if not np.isfinite(points).all():
        return np.full(points.shape, np.inf)
    return points @ np.array([[transform.a, transform.d], [transform.b, transform.e]]) + (transform.c, transform.f)


def moved(points: np.ndarray, source: CRS | None, target: CRS | None) -> np.ndarray:
    """Return points (M, 2) of one coordinate system in another; as they are where one of the two is not known.

    Infinite where a point has no place in the other, as a latitude of 3,725,100 has not.
    """
    if source is None or target is None or source == target:
        return points
    try:
        x, y = transform(source, target, points[:, 0], points[:, 1])
    except CPLE_BaseError:  # PROJ refuses some points, and gives infinity for others
        return np.full(points.shape, np.inf)
    return np.stack([x, y], axis=1)


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
        return CRS.from_user_input(name)
    except (CRSError, TypeError, ValueError) as error:
        raise ZooError(
            f"{rel}: names the coordinate system {str(name)[:60]!r}, which is not known; name one as EPSG:32616"
        ) from error
