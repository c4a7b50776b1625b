"""Roads in a panchromatic WorldView-3 chip of 0.3 m over Las Vegas, from SpaceNet's road challenge: `data=roads`.

Van Etten et al. 2018, https://arxiv.org/abs/1807.01232; the chip, 1300 × 1300 pixels in degrees of WGS 84, and the centre
lines of its roads come in the wheel of the solaris package; the data are CC-BY-SA-4.0. A centre line says where a road is
and not how wide: the mask is all that lies within half of `width` metres of it, measured in the metres of the UTM zone, and
that bounds what a model can reach.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.features import rasterize
from rasterio.warp import transform_bounds, transform_geom
from shapely.affinity import affine_transform
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from recipes.folder.georeference import WGS84, crs_of
from recipes.imagery.module import SegmentationScenes
from recipes.imagery.scene import Scene
from recipes.kit.module import Change
from recipes.kit.split import Split
from zoo.errors import ZooError
from zoo.segmentation import IGNORED
from zoo.sources import Source, fetch

WHEEL = "pypi://solaris==0.4.0/solaris/data/"
IMAGE, LINES = "road_mask_input.tif", "sample_roads_for_masking.geojson"
#: sha256 and size in bytes.
FILES = {
    IMAGE: ("7c561b4a96190dfacc324a03667301935e8868bddacf0496dd7d369224f0ea87", 3_383_838),
    LINES: ("84d82ae890300552cee93ed60e18d31361f1db51d08c21a1adc566338632e5d8", 4_328),
}
CLASSES = ("background", "road")
#: The regions of the chip, x, y, width, height in pixels; 64 px (16 m) between train and the others, and as many pixels
#: (19 m) between validation and test, are in none.
REGIONS = {"train": (0, 0, 650, 1300), "val": (714, 0, 586, 320), "test": (714, 384, 586, 916)}


class Roads(SegmentationScenes):
    """Two classes, background and road: all within half of `width` metres of a centre line."""

    def __init__(self, name: str, augment: Change, width: float = 6.0, **settings: Any) -> None:
        if not 0.5 <= width <= 100:
            raise ZooError(f"data.width={width} is how wide roads are taken to be; it must be 0.5 to 100 metres")
        super().__init__(name, augment, **settings)
        self.width = width

    def sources(self) -> Sequence[Source]:
        """Return the chip and the centre lines."""
        return [Source(WHEEL + name, *facts) for name, facts in FILES.items()]

    def read_split(self) -> Split[Scene]:
        """Cut the chip into the regions of train, validation and test."""
        image, lines = (fetch([source]).path for source in self.sources())
        whole = read_scene("las_vegas", image, lines, self.width)
        scenes = {split: [whole.region(f"las_vegas_{split}", window)] for split, window in REGIONS.items()}
        return Split(
            scenes,
            classes=CLASSES,
            bands=("pan",),
            notes=(
                f"roads are what lies within {self.width / 2:g} m of their centre lines, whatever their real width",
                "train: the western half, columns 0 to 649; validation: columns 714 to 1299, rows 0 to 319; test: the "
                "same columns, rows 384 to 1299; the margins between are in none of them",
            ),
            licence="CC-BY-SA-4.0",
            resolution=0.3,
        )


def read_scene(name: str, image: Path, lines: Path, width: float) -> Scene:
    """Read a georeferenced image and centre lines (GeoJSON, in any coordinate system) as a scene with a mask.

    The mask (H, W) uint8 is 1 within half of `width` metres of a line, 255 where no band has data, else 0. Boxes lie
    around the pieces of the lines; training crops are drawn around them.
    """
    with rasterio.open(image) as raster:
        metres = metric(raster, image)
        pieces = read_lines(lines, metres)
        to_pixels = (~raster.transform).to_shapely()
        areas = [on_image(piece.buffer(width / 2), metres, raster.crs, to_pixels) for piece in pieces]
        nodata = (raster.read_masks() == 0).all(axis=0)  # (H, W)
        H, W = raster.shape
    areas = [area for area in areas if touches(area, W, H)]
    mask = np.zeros((H, W), np.uint8)
    if areas:
        rasterize([(mapping(area), 1) for area in areas], out=mask)
    mask[nodata] = IGNORED
    bounds = np.array([area.bounds for area in areas], np.float32).reshape(-1, 4)
    boxes = np.clip(bounds, 0, np.array([W, H, W, H], np.float32))
    return Scene(name, image, (0, 0, W, H), boxes, np.ones(len(boxes), np.int64), mask)


def metric(raster: rasterio.DatasetReader, image: Path) -> CRS:
    """Return a coordinate system in metres: that of the raster, or the UTM zone at its middle when it is in degrees."""
    if raster.crs is None:
        raise ZooError(
            f"image {image} has no coordinate system, so widths in metres cannot be drawn on it; assign one, as with "
            "gdal_edit -a_srs EPSG:32611"
        )
    if raster.crs.is_projected:
        factor = raster.crs.linear_units_factor[1]
        if abs(factor - 1) > 1e-6:
            raise ZooError(
                f"image {image} is in {raster.crs.linear_units}, and widths are in metres; reproject it, as with "
                "gdalwarp -t_srs EPSG:32611"
            )
        return raster.crs
    west, south, east, north = transform_bounds(raster.crs, WGS84, *raster.bounds)
    if east - west > 6 or not -80 <= south <= north <= 84:
        raise ZooError(
            f"image {image} is in degrees and reaches from {west:.1f}, {south:.1f} to {east:.1f}, {north:.1f}: no UTM "
            "zone holds it; cut it into pieces, or reproject it to metres"
        )
    zone = int(((west + east) / 2 + 180) // 6) + 1
    return CRS.from_epsg((32600 if south + north >= 0 else 32700) + zone)


def read_lines(path: Path, crs: CRS) -> list[BaseGeometry]:
    """Read the lines of a GeoJSON file, in the coordinates of `crs`."""
    try:
        collection = json.loads(path.read_text(encoding="utf-8"))
        geometries = [feature["geometry"] for feature in collection["features"] if feature["geometry"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ZooError(f"centre lines {path} cannot be read as GeoJSON ({error!r}); replace the file") from error
    own = crs_of(collection, str(path)) or WGS84  # RFC 7946, section 4
    lines = [shape(transform_geom(own, crs, geometry)) for geometry in geometries]
    wrong = [line.geom_type for line in lines if line.geom_type not in ("LineString", "MultiLineString")]
    if wrong:
        raise ZooError(f"centre lines {path} hold a {wrong[0]}, but a centre line is a LineString or MultiLineString")
    return [line for line in lines if not line.is_empty]


def on_image(area: BaseGeometry, metres: CRS, crs: CRS, to_pixels: Sequence[float]) -> BaseGeometry:
    """Return an area of a system in metres in pixels of an image of the system `crs`."""
    there = area if metres == crs else shape(transform_geom(metres, crs, mapping(area)))
    return affine_transform(there, to_pixels)


def touches(area: BaseGeometry, width: int, height: int) -> bool:
    """Say whether an area in pixels reaches into the image."""
    x0, y0, x1, y1 = area.bounds
    return x1 > 0 and y1 > 0 and x0 < width and y0 < height
