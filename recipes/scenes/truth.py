"""The truth of a scene: its objects as rotated boxes, and as polygons in GeoJSON on the map."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recipes.scenes.clouds import OPAQUE
from recipes.scenes.render import Renderer
from zoo.errors import ZooError
from zoo.files import atomic_write
from zoo.geometry import box_geometry

#: UTM zone 33 north, and where the left upper corner of every scene lies in it, metres.
CRS, WEST, NORTH = "EPSG:32633", 500_000.0, 5_000_000.0


@dataclass(frozen=True)
class Truth:
    """Objects of a scene: boxes (N, 5) as centre, width, height, degrees, labels (N,), and which hide under clouds (N,)."""

    boxes: np.ndarray
    labels: np.ndarray
    difficult: np.ndarray


def truth_of(renderer: Renderer) -> Truth:
    """Return the objects of a whole scene, plot by plot."""
    settings, layout = renderer.settings, renderer.layout
    boxes, labels = [], []
    for cell in layout.cells((0, 0, settings.width, settings.height)):
        things = layout.content(cell).things
        boxes += [thing.box for thing in things]
        labels += [thing.label for thing in things]
    found = np.array(boxes, np.float64).reshape(-1, 5)
    hidden = renderer.clouds.opacity_at(found[:, 0], found[:, 1]) > OPAQUE
    return Truth(found.astype(np.float32), np.array(labels, np.int64), hidden)


def save(truth: Truth, path: Path, names: tuple[str, ...], resolution: float) -> None:
    """Write the objects as GeoJSON in the coordinates of the raster, which the member `crs` names.

    Each has its class as `label`, `difficult`, and its rotated box in pixels as `box`.
    """
    corners = box_geometry.corners(truth.boxes)
    closed = np.concatenate([corners, corners[:, :1]], axis=1) * (resolution, -resolution) + (WEST, NORTH)
    head = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{CRS.replace(':', '::')}"}},
        "classes": list(names),
        "note": "generated: no such place exists",
    }
    rows = zip(closed.round(4).tolist(), truth.boxes.tolist(), truth.labels, truth.difficult, strict=True)
    features = [
        {
            "type": "Feature",
            "properties": {"label": names[label], "difficult": bool(hard), "box": box},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for ring, box, label, hard in rows
    ]
    with atomic_write(path) as part, part.open("w", encoding="utf-8") as file:
        json.dump({**head, "features": features}, file)


def load(path: Path) -> Truth:
    """Read the objects that `save` wrote."""
    try:
        collection = json.loads(path.read_text(encoding="utf-8"))
        numbers = {name: number for number, name in enumerate(collection["classes"])}
        facts = [feature["properties"] for feature in collection["features"]]
        return Truth(
            np.array([fact["box"] for fact in facts], np.float32).reshape(-1, 5),
            np.array([numbers[fact["label"]] for fact in facts], np.int64),
            np.array([fact["difficult"] for fact in facts], bool),
        )
    except (OSError, ValueError, KeyError) as error:
        raise ZooError(
            f"the truth {path} of a generated scene cannot be read ({error!r}); remove its folder"
        ) from error
