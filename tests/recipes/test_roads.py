"""Centre lines made metres wide, on images in metres and in degrees; what has no metres is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.transform import Affine
from rasterio.warp import transform_geom

from configuration.composition import compose
from configuration.instantiation import data_of
from recipes.satellite.roads import IMAGE, REGIONS, read_scene
from zoo.errors import ZooError
from zoo.sources import Source, fetch

UTM, DEGREES = CRS.from_epsg(32611), CRS.from_epsg(4326)
WEST, NORTH, SIZE = 660_000.0, 4_000_000.0, 120
#: A degree of latitude and of longitude at this place, metres.
NORTHWARD, EASTWARD = 110_963.0, 90_192.0


def write(
    folder: Path, crs: CRS | None, transform: Affine, lines: list[list[tuple[float, float]]]
) -> tuple[Path, Path]:
    """Write an image and lines, given in metres of UTM, that the file has in WGS 84."""
    image, roads = folder / "image.tif", folder / "roads.geojson"
    profile = {"driver": "GTiff", "width": SIZE, "height": SIZE, "count": 1, "dtype": "uint16"}
    with rasterio.open(image, "w", crs=crs, transform=transform, **profile) as raster:
        raster.write(np.full((1, SIZE, SIZE), 500, np.uint16))
    geometries = [transform_geom(UTM, DEGREES, {"type": "LineString", "coordinates": line}) for line in lines]
    features = [{"type": "Feature", "properties": {}, "geometry": geometry} for geometry in geometries]
    roads.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return image, roads


ACROSS = [(WEST - 100, NORTH - 30.0), (WEST + 200, NORTH - 30.0)]
METRES = Affine(0.5, 0, WEST, 0, -0.5, NORTH)


@pytest.mark.parametrize("width", [3.0, 8.0])
def test_a_line_is_as_wide_as_it_is_said(tmp_path: Path, width: float) -> None:
    scene = read_scene("town", *write(tmp_path, UTM, METRES, [ACROSS]), width)
    rows = np.flatnonzero(scene.mask.any(axis=1))
    assert len(rows) == 2 * width  # half a metre a pixel
    assert rows.mean() == pytest.approx(59.5)
    assert scene.mask[rows].all()
    np.testing.assert_allclose(scene.boxes, [[0, 60 - width, SIZE, 60 + width]], atol=0.1)


def test_in_degrees_metres_are_metres_both_ways(tmp_path: Path) -> None:
    """Pixels of degrees are narrower than high: a road to the north is more pixels wide than one to the east is high."""
    ((west, north),) = transform_geom(UTM, DEGREES, {"type": "MultiPoint", "coordinates": [(WEST, NORTH)]})[
        "coordinates"
    ]
    step = 0.5 / NORTHWARD
    along = [(WEST + 20.0, NORTH + 100), (WEST + 20.0, NORTH - 200)]
    transform = Affine(step, 0, west, 0, -step, north)
    for line, metres in ((ACROSS, NORTHWARD), (along, EASTWARD)):
        scene = read_scene("town", *write(tmp_path, DEGREES, transform, [line]), 10.0)
        axis = 0 if line is ACROSS else 1
        pixels = scene.mask.sum(axis=axis)
        assert np.median(pixels[pixels > 0]) == pytest.approx(10 / (step * metres), abs=1)


def test_what_is_outside_is_no_road(tmp_path: Path) -> None:
    scene = read_scene("town", *write(tmp_path, UTM, METRES, [[(WEST, NORTH + 50), (WEST + 90, NORTH + 50)]]), 6.0)
    assert not scene.mask.any()
    assert scene.boxes.shape == (0, 4)


def test_where_there_are_no_metres(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"has no coordinate system, so widths in metres.*gdal_edit"):
        read_scene("town", *write(tmp_path, None, METRES, [ACROSS]), 6.0)
    feet = CRS.from_epsg(2229)
    with pytest.raises(ZooError, match=r"is in US survey foot, and widths are in metres.*gdalwarp"):
        read_scene("town", *write(tmp_path, feet, METRES, [ACROSS]), 6.0)
    with pytest.raises(ZooError, match=r"is in degrees and reaches from 0\.0, -60\.0 to 60\.0, 0\.0: no UTM zone"):
        read_scene("town", *write(tmp_path, DEGREES, Affine(0.5, 0, 0, 0, -0.5, 0), [ACROSS]), 6.0)
    image, roads = write(tmp_path, UTM, METRES, [ACROSS])
    roads.write_text(roads.read_text().replace("LineString", "MultiPoint"))
    with pytest.raises(ZooError, match="hold a MultiPoint, but a centre line is a LineString"):
        read_scene("town", image, roads, 6.0)
    with pytest.raises(ZooError, match=r"data\.width=0 is how wide"):
        data_of(compose(["task=segmentation", "data=roads", "data.width=0"]))


def test_regions_lie_apart() -> None:
    windows = list(REGIONS.values())
    for i, (x, y, width, height) in enumerate(windows):
        assert 0 <= x < x + width <= 1300
        assert 0 <= y < y + height <= 1300
        for u, v, across, down in windows[i + 1 :]:
            assert max(u - (x + width), x - (u + across), v - (y + height), y - (v + down)) >= 64


@pytest.mark.real
def test_the_real_chip_and_the_mask_that_came_with_it() -> None:
    data = data_of(compose(["task=segmentation", "data=roads", "data.width=4"]))
    data.prepare_data()
    data.setup()
    assert all((scene.mask == 1).mean() > 0.02 for (scene,) in data.split.parts.values())
    image, lines = (fetch([source]).path for source in data.sources())
    whole = read_scene("las_vegas", image, lines, 4.0)
    theirs = fetch([Source("pypi://solaris==0.4.0/solaris/data/sample_road_raster_mask.tif")]).path
    with rasterio.open(theirs) as raster:
        other = raster.read(1) > 0
    ours = whole.mask == 1
    assert (ours & other).sum() / (ours | other).sum() > 0.99  # solaris draws them 4 m wide
    with rasterio.open(image) as raster:
        x, y, width, height = REGIONS["train"]
        pixels = raster.read(1)[y : y + height, x : x + width]
    assert np.quantile(pixels, (0.01, 0.995)).round().tolist() == list(data.loading.value_range)
    assert image.name == IMAGE
