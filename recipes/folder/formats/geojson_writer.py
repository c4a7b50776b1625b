"""Writing GeoJSON: a file an image, polygons in the coordinate system of the raster, else in pixels."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recipes.folder.formats.format import Placed, rounded, save
from recipes.folder.formats.geojson import MEMBERS
from recipes.folder.formats.text_writer import label_path, list_classes
from recipes.folder.georeference import WGS84, Georeference, georeference
from zoo.geometry.box_geometry import corners


def place(bare: str, split: str | None) -> str:
    """Return `images/train/…`."""
    return "/".join(filter(None, ["images", split, bare]))


def write(placed: Sequence[Placed], classes: Sequence[str], root: Path) -> None:
    """Write `labels/….geojson` and `classes.txt`."""
    list_classes(root, classes)
    for one in placed:
        content = json.dumps(collection(one, georeference(one.image.path)), ensure_ascii=False, allow_nan=False)
        save(root / label_path(one.rel, "images", "labels", ".geojson"), content + "\n")


def collection(placed: Placed, at: Georeference) -> dict[str, Any]:
    """Return the features of one image."""
    image = placed.image
    head: dict[str, Any] = {name: value for name, value in image.about.items() if name not in MEMBERS}
    head |= {"type": "FeatureCollection", "image": placed.rel}
    if image.group:
        head["group"] = image.group
    if at.crs is not None and at.crs != WGS84:
        head["crs"] = {"type": "name", "properties": {"name": at.crs.to_string()}}
    features = []
    for index, (label, box) in enumerate(zip(image.labels, corners(image.boxes), strict=True)):
        points = image.shapes.get(index, box)
        ring = at.to_map(points, at.crs).tolist() if at.known else [rounded(point) for point in points]
        properties = {**image.attributes.get(index, {}), "label": label}
        features.append(
            {
                "type": "Feature",
                "properties": properties | ({"difficult": 1} if index in image.difficult else {}),
                "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
            }
        )
    return {**head, "features": features}
