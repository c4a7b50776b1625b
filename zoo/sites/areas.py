"""Areas of a policy: polygons of a GeoJSON file (RFC 7946), in degrees of WGS 84, and which of them holds a point."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape

from zoo.errors import ZooError
from zoo.registry import front_matter

#: A polygon whose longitudes span more than this is one across the date line, written without a cut.
HALF = 180.0


@lru_cache(maxsize=8)
def read_areas(path: Path) -> Mapping[str, Any]:
    """Return polygons by their property `name`; what is no polygon, has no name, or a name twice is refused."""
    try:
        content = json.loads(front_matter.load(path))
        features = content["features"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ZooError(f"{path} is no GeoJSON with features ({error!r})") from error
    found: dict[str, Any] = {}
    for number, feature in enumerate(features):
        name, polygon = area_of(feature, f"{path}, feature {number}")
        if name in found:
            raise ZooError(f"{path}, feature {number}: the name {name!r} is there twice; make one MultiPolygon of both")
        found[name] = polygon
    return found


def area_of(feature: Any, where: str) -> tuple[str, Any]:
    """Return name and polygon of a feature; one across the date line is cut there."""
    try:
        name, polygon = feature["properties"]["name"], shape(feature["geometry"])
    except (KeyError, TypeError, ValueError, AttributeError, ShapelyError) as error:
        raise ZooError(f"{where}: it needs properties.name and a geometry ({error!r})") from error
    if not isinstance(name, str) or not name:
        raise ZooError(f"{where}: properties.name is {name!r}; give the area a name")
    if polygon.geom_type not in ("Polygon", "MultiPolygon") or polygon.is_empty or not polygon.is_valid:
        why = shapely.is_valid_reason(polygon)
        raise ZooError(f"{where} ({name}): it must be a valid Polygon or MultiPolygon, not {polygon.geom_type} ({why})")
    west, south, east, north = polygon.bounds
    if south < -90 or north > 90 or west < -360 or east > 360:
        raise ZooError(
            f"{where} ({name}): {polygon.bounds} are no degrees; GeoJSON has longitude and latitude of WGS 84"
        )
    return name, cut(polygon)


def cut(polygon: Any) -> Any:
    """Return a polygon within -180 … 180; one that reaches over the date line has a part on either side.

    It may be written with longitudes beyond 180, or with such as jump from 179 to -179; RFC 7946 wants it cut already.
    """
    west, _, east, _ = polygon.bounds
    if polygon.geom_type == "Polygon" and east - west > HALF and west >= -180 and east <= 180:
        polygon = shapely.transform(polygon, lambda points: points + (points[:, :1] < 0) * (360.0, 0.0))
    turned = [
        shapely.transform(polygon, lambda points, by=by: points + np.array([by, 0.0])) for by in (-360.0, 0.0, 360.0)
    ]
    return shapely.union_all([shapely.intersection(one, shapely.box(-180, -90, 180, 90)) for one in turned])


def holds(area: Any, longitude: float | None, latitude: float | None) -> bool:
    """Tell whether a point lies in an area, or on its border; a point that is not known lies in none."""
    if longitude is None or latitude is None:
        return False
    return bool(shapely.intersects_xy(area, longitude, latitude))
