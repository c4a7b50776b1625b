"""Footprints over georeferenced images: where they land, what is refused, and how the real chip is cut."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.transform import Affine
from rasterio.warp import transform_geom
from shapely.geometry import box, mapping

from recipes.satellite.buildings import REGIONS, Buildings, fetched, read_scene
from zoo.errors import ZooError
from zoo.segmentation.instances import Method

UTM = CRS.from_epsg(32616)
WEST, NORTH, METRES = 733_600.0, 3_725_100.0, 0.5


def square(x0: int, y0: int, x1: int, y1: int) -> dict[str, object]:
    """A rectangle given in pixels, as a geometry in UTM metres."""
    return mapping(box(WEST + METRES * x0, NORTH - METRES * y1, WEST + METRES * x1, NORTH - METRES * y0))


def write(
    folder: Path,
    geometries: list[dict[str, object]],
    named: str | None = "urn:ogc:def:crs:EPSG::32616",
    crs: CRS | None = UTM,
) -> tuple[Path, Path]:
    """Write a 40 × 30 image with nodata in its last two columns, and footprints."""
    image, footprints = folder / "image.tif", folder / "footprints.geojson"
    pixels = np.full((1, 30, 40), 500, np.uint16)
    pixels[:, :, 38:] = 0
    profile = {"driver": "GTiff", "width": 40, "height": 30, "count": 1, "dtype": "uint16", "nodata": 0}
    with rasterio.open(image, "w", crs=crs, transform=Affine(METRES, 0, WEST, 0, -METRES, NORTH), **profile) as raster:
        raster.write(pixels)
    features = [{"type": "Feature", "properties": {}, "geometry": geometry} for geometry in geometries]
    head = {} if named is None else {"crs": {"type": "name", "properties": {"name": named}}}
    footprints.write_text(json.dumps({"type": "FeatureCollection", **head, "features": features}), encoding="utf-8")
    return image, footprints


HOUSES = [(5, 3, 12, 9), (20, 10, 30, 25)]


def expected() -> np.ndarray:
    mask = np.zeros((30, 40), np.uint8)
    for x0, y0, x1, y1 in HOUSES:
        mask[y0:y1, x0:x1] = 1
    mask[:, 38:] = 255
    return mask


def test_footprints_land_on_their_pixels(tmp_path: Path) -> None:
    scene = read_scene("town", *write(tmp_path, [square(*house) for house in HOUSES]))
    np.testing.assert_array_equal(scene.mask, expected())
    np.testing.assert_allclose(scene.boxes, HOUSES, atol=1e-3)
    assert scene.window == (0, 0, 40, 30)


def test_borders_part_houses_that_touch(tmp_path: Path) -> None:
    """Border is within two pixels of another footprint or of none; the instances of the mask are the houses again."""
    houses = [(2, 3, 14, 15), (14, 3, 26, 15)]
    scene = read_scene("town", *write(tmp_path, [square(*house) for house in houses]), borders=True)
    assert scene.mask[9, :].tolist() == [2] * 4 + [1] * 8 + [2] * 4 + [1] * 8 + [2] * 4 + [0] * 10 + [255] * 2
    labels, _ = Method.of("borders", ("background", "building", "border"))(scene.mask)
    assert labels.max() == 2
    found = [labels[y0 + 2 : y1 - 2, x0:x1] for x0, y0, x1, y1 in houses]
    assert [np.unique(part).tolist() for part in found] == [[1], [2]]
    assert (scene.mask[:, 28:38] == 0).all()


def test_footprints_in_degrees_are_reprojected(tmp_path: Path) -> None:
    """GeoJSON that names no coordinate system is in WGS 84."""
    wgs84 = [transform_geom(UTM, CRS.from_epsg(4326), square(*house)) for house in HOUSES]
    scene = read_scene("town", *write(tmp_path, wgs84, named=None))
    np.testing.assert_array_equal(scene.mask, expected())
    np.testing.assert_allclose(scene.boxes, HOUSES, atol=0.05)


def test_a_courtyard_is_no_building_and_what_is_outside_is_cut(tmp_path: Path) -> None:
    ring = box(0, 0, 10, 10).difference(box(3, 3, 6, 6))
    outer = mapping(ring)
    outer["coordinates"] = [[(WEST + METRES * x, NORTH - METRES * y) for x, y in r] for r in outer["coordinates"]]
    scene = read_scene("town", *write(tmp_path, [outer, square(-5, 20, 4, 60)]))
    assert (scene.mask[3:6, 3:6] == 0).all()
    assert (scene.mask == 1).sum() == 100 - 9 + 4 * 10
    np.testing.assert_allclose(scene.boxes[1], (0, 20, 4, 30), atol=1e-3)


def test_ground_without_footprints_is_background(tmp_path: Path) -> None:
    scene = read_scene("town", *write(tmp_path, []))
    assert scene.boxes.shape == (0, 4)
    assert set(np.unique(scene.mask)) == {0, 255}


def test_what_cannot_be_laid_over_the_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"image .*image\.tif has no coordinate system"):
        read_scene("town", *write(tmp_path, [], crs=None))
    with pytest.raises(ZooError, match="hold a Point, but a footprint is a Polygon"):
        read_scene("town", *write(tmp_path, [{"type": "Point", "coordinates": [WEST, NORTH]}]))
    image, footprints = write(tmp_path, [], named="nowhere")
    with pytest.raises(ZooError, match="name the coordinate system 'nowhere', which is not known"):
        read_scene("town", image, footprints)
    footprints.write_text("{", encoding="utf-8")
    with pytest.raises(ZooError, match=r"footprints\.geojson cannot be read as GeoJSON"):
        read_scene("town", image, footprints)


def test_regions_lie_apart() -> None:
    windows = list(REGIONS.values())
    for i, (x, y, width, height) in enumerate(windows):
        assert 0 <= x < x + width <= 900
        assert 0 <= y < y + height <= 900
        for u, v, across, down in windows[i + 1 :]:
            apart = max(u - (x + width), x - (u + across), v - (y + height), y - (v + down))
            assert apart >= 32


@pytest.mark.real
def test_the_real_chip() -> None:
    value_range = (109.0, 1461.0)
    data = Buildings("satellite", lambda sample: sample, batch_size=2, crop=256, tile=512, value_range=value_range)
    data.prepare_data()
    data.setup()
    image, footprints = "sample_geotiff.tif", "geotiff_labels.geojson"
    scenes = {split: scene for split, (scene,) in data.split.parts.items()}
    assert {split: len(scene.boxes) for split, scene in scenes.items()} == {"train": 23, "val": 6, "test": 11}
    assert all((scene.mask == 1).mean() > 0.02 for scene in scenes.values())
    with rasterio.open(fetched(image)) as raster:
        x, y, width, height = REGIONS["train"]
        pixels = raster.read(1)[y : y + height, x : x + width]
        transform = raster.transform
    # the declared range comes from the training ground alone
    assert np.quantile(pixels, (0.01, 0.995)).round().tolist() == list(value_range)
    # the area of the footprints in square metres, computed from their coordinates, is that of the mask's pixels
    whole = read_scene("atlanta", fetched(image), fetched(footprints))
    rings = [f["geometry"]["coordinates"] for f in json.loads(fetched(footprints).read_text())["features"]]
    area = sum(shoelace(np.array(ring)[:, :2]) for (ring,) in rings) / (transform.a * -transform.e)
    assert (whole.mask == 1).sum() == pytest.approx(area, rel=0.01)
    assert data.profile().classes == {"background": 398_573, "building": 19_027}
    batch = next(iter(data.test_dataloader()))
    assert batch["images"].shape == (2, 1, 512, 512)
    assert set(batch["masks"].unique().tolist()) == {0, 1, 255}  # 255: beyond the scene's eastern edge


def shoelace(ring: np.ndarray) -> float:
    """The area inside of a closed ring (N, 2)."""
    x, y = (ring - ring[0]).T
    return abs(float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1]))) / 2
