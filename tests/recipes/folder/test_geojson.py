"""GeoJSON over rasters: coordinate systems, rotated geotransforms, and what is refused, each in one sentence."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import Affine
from rasterio.warp import transform

from recipes.folder import georeference
from recipes.folder.annotations import Annotations
from recipes.folder.boxes.geometry import rotated_boxes
from recipes.folder.boxes.scenes import read_folder
from recipes.folder.formats.reading import read_annotations
from recipes.folder.tree import Tree
from zoo.errors import ZooError
from zoo.geometry.box_geometry import corners

WIDTH, HEIGHT = 80, 50
UTM = "EPSG:32616"
UPRIGHT = Affine(0.5, 0, 733_600, 0, -0.5, 3_725_100)
TURNED = Affine(0.4, 0.3, 733_600, 0.3, -0.4, 3_725_100)
BOX = (30.0, 24.0, 20.0, 8.0, 30.0)
FOUR = corners(np.array([BOX]))[0]


def raster(
    path: Path, at: Affine | None = UPRIGHT, crs: str | None = UTM, size: tuple[int, int] = (WIDTH, HEIGHT)
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = {"driver": "GTiff", "width": size[0], "height": size[1], "count": 1, "dtype": "uint8"}
    place = {} if at is None else {"transform": at}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", crs=crs, **place, **kind) as file:
            file.write(np.ones((1, size[1], size[0]), np.uint8))


def on_map(points: np.ndarray, at: Affine = UPRIGHT, crs: str = UTM) -> list[list[float]]:
    """Points in pixels, as coordinates of `crs`, worked out point by point."""
    placed = [(at.a * x + at.b * y + at.c, at.d * x + at.e * y + at.f) for x, y in points]
    xs, ys = transform(UTM, crs, *zip(*placed, strict=True)) if crs != UTM else zip(*placed, strict=True)
    return [[x, y] for x, y in zip(xs, ys, strict=True)]


def polygon(ring: list[list[float]], **properties: Any) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def write(path: Path, *features: dict[str, Any], crs: str | None = None, **members: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    head = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    path.write_text(json.dumps({"type": "FeatureCollection", **head, **members, "features": list(features)}))


def only(read: Annotations) -> np.ndarray:
    assert read.problems == ()
    (image,) = (image for image in read.images if image.labels)
    return rotated_boxes(image)[0]


@pytest.mark.parametrize("at", [UPRIGHT, TURNED], ids=["upright", "turned"])
@pytest.mark.parametrize("crs", [UTM, "EPSG:3857", None, "urn:ogc:def:crs:OGC:1.3:CRS84"])
def test_polygons_land_on_their_pixels(tmp_path: Path, at: Affine, crs: str | None) -> None:
    raster(tmp_path / "a.tif", at)
    ring = on_map(FOUR, at, crs if crs and crs.startswith("EPSG") else "EPSG:4326")
    write(tmp_path / "a.geojson", polygon(ring, label="ship"), crs=crs)
    read = read_annotations(Tree(tmp_path))
    np.testing.assert_allclose(only(read), BOX, atol=1e-3)
    assert any("taken as WGS 84 (RFC 7946)" in note for note in read.notes) == (crs is None)


def test_coordinates_that_cannot_be_wgs84_are_refused_with_the_way_out(tmp_path: Path) -> None:
    raster(tmp_path / "a.tif")
    write(tmp_path / "a.geojson", polygon(on_map(FOUR), label="ship"))
    with pytest.raises(
        ZooError, match=r"a.geojson: taken as WGS 84 \(RFC 7946.*none of its features lies on a.tif.*'crs'"
    ):
        read_folder(tmp_path)


def test_one_feature_beyond_the_map_is_named(tmp_path: Path) -> None:
    raster(tmp_path / "a.tif")
    beyond = polygon([[1e7, 1e7], [1.1e7, 1e7], [1e7, 1.1e7], [0, 5]], label="ship")
    write(tmp_path / "a.geojson", polygon(on_map(FOUR, crs="EPSG:4326"), label="ship"), beyond)
    with pytest.raises(ZooError, match=r"1 box is not valid: a.geojson, feature 2 \(a.tif\).*is not finite"):
        read_folder(tmp_path)


def test_features_are_projected_all_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(georeference, "transform", lambda *given: calls.append(1) or transform(*given))
    places = np.stack(np.meshgrid(np.arange(5, 75, 2.0), np.arange(5, 45, 2.0)), axis=-1).reshape(-1, 2)
    outlines = places[:, None] + (FOUR - np.array(BOX[:2])) / 4
    for own in (True, False):
        root = tmp_path / str(own)
        raster(root / "a.tif")
        features = [polygon(on_map(outline, crs="EPSG:4326"), label="ship") for outline in outlines]
        write(root / ("a.geojson" if own else "all.geojson"), *features)
        (image,) = read_annotations(Tree(root), None).images
        np.testing.assert_allclose(rotated_boxes(image)[:, :2], places, atol=1e-3)
    assert len(calls) < 10


@pytest.mark.parametrize("bad", [[1e6, 33.6], [1e7, 1e7], [-84.5, float("nan")]], ids=["longitude", "latitude", "nan"])
def test_a_feature_that_cannot_be_projected_takes_no_other_with_it(tmp_path: Path, bad: list[float]) -> None:
    raster(tmp_path / "a.tif")
    good = on_map(FOUR, crs="EPSG:4326")
    write(tmp_path / "a.geojson", *(polygon(ring, label="ship") for ring in (good, [*good[:3], bad], good, good)))
    (image,) = read_annotations(Tree(tmp_path)).images
    others = image.only(np.array([True, False, True, True]))
    np.testing.assert_allclose(rotated_boxes(others), [BOX] * 3, atol=1e-3)
    assert np.isinf(image.shapes[1]).all()
    assert np.isinf(image.boxes[1]).all()


def test_a_raster_that_cannot_be_opened_is_one_problem(tmp_path: Path) -> None:
    for name in "abc":
        raster(tmp_path / f"{name}.tif")
        write(tmp_path / f"{name}.geojson", polygon(on_map(FOUR), label="ship"), crs=UTM)
    whole = (tmp_path / "b.tif").read_bytes()
    (tmp_path / "b.tif").write_bytes(whole[:100])
    read = read_annotations(Tree(tmp_path))
    assert [(problem.kind, problem.where) for problem in read.problems] == [("image", "b.tif")]
    write(tmp_path / "all.geojson", polygon(on_map(FOUR), label="ship"), crs=UTM)
    assert {problem.kind for problem in read_annotations(Tree(tmp_path)).problems} == {"image"}


def test_pixels_are_taken_where_nothing_says_where_the_image_lies(tmp_path: Path) -> None:
    raster(tmp_path / "a.tif", None, None)
    write(tmp_path / "a.geojson", polygon(FOUR.tolist(), label="ship"))
    read = read_annotations(Tree(tmp_path))
    np.testing.assert_allclose(only(read), BOX, atol=1e-9)
    assert any("no georeference; its coordinates were taken as pixels (a.tif)" in note for note in read.notes)


def test_degrees_over_an_image_that_lies_nowhere_are_refused(tmp_path: Path) -> None:
    raster(tmp_path / "a.tif", None, None)
    write(tmp_path / "a.geojson", polygon(on_map(FOUR, crs="EPSG:4326"), label="ship"))
    with pytest.raises(
        ZooError, match=r"a.geojson: a.tif has no georeference, so coordinates are pixels, and no feature"
    ):
        read_folder(tmp_path)


def test_a_raster_without_a_coordinate_system_has_its_own_coordinates(tmp_path: Path) -> None:
    raster(tmp_path / "a.tif", TURNED, None)
    write(tmp_path / "a.geojson", polygon(on_map(FOUR, TURNED), label="ship"))
    read = read_annotations(Tree(tmp_path))
    np.testing.assert_allclose(only(read), BOX, atol=1e-3)
    assert any("names no coordinate system" in note for note in read.notes)


def test_one_file_over_several_rasters(tmp_path: Path) -> None:
    east = Affine(0.5, 0, 733_600 + 40, 0, -0.5, 3_725_100)
    raster(tmp_path / "images/east.tif", east)
    raster(tmp_path / "images/west.tif")
    rings = [on_map(FOUR, at, "EPSG:4326") for at in (UPRIGHT, east, east)]
    write(tmp_path / "all.geojson", *(polygon(ring, name="ship") for ring in rings))
    read = read_annotations(Tree(tmp_path))
    assert {image.path.name: len(image.labels) for image in read.images} == {"east.tif": 2, "west.tif": 1}


def test_features_name_their_images_and_classes(tmp_path: Path) -> None:
    raster(tmp_path / "images/a.tif", None, None)
    raster(tmp_path / "images/b.tif", None, None)
    features = [polygon(FOUR.tolist(), image=f"{name}.tif", floors=3, difficult=True) for name in "ab"]
    write(tmp_path / "all.geojson", *features)
    read = read_annotations(Tree(tmp_path))
    assert [image.labels for image in read.images] == [("object",), ("object",)]
    assert read.images[0].attributes == {0: {"floors": 3}}
    assert read.images[0].difficult == {0}
    assert any("names no class" in note for note in read.notes)


LINE = {
    "type": "Feature",
    "properties": {"label": "road"},
    "geometry": {"type": "LineString", "coordinates": [[1, 1], [5, 5]]},
}
BAD = {
    "a line": (LINE, "feature 1: a LineString is no outline"),
    "two points": (polygon([[1, 1], [5, 5]], label="a"), "no ring of three points"),
    "texts": (polygon([["1", "2"], ["3", "4"], ["5", "6"]], label="a"), "no ring of three points"),
    "another image": (polygon(FOUR.tolist(), label="a", image="c.tif"), "image 'c.tif' is not there"),
    "outside": (polygon((FOUR + 500).tolist(), label="a", image="b.tif"), "lies outside the image of 80 × 50"),
}


@pytest.mark.parametrize("kind", BAD)
def test_features_that_cannot_be_read(kind: str, tmp_path: Path) -> None:
    feature, sentence = BAD[kind]
    for name in ("a", "b"):
        raster(tmp_path / f"{name}.tif", None, None)
    write(tmp_path / "all.geojson", feature, polygon(FOUR.tolist(), label="a", image="b.tif"))
    with pytest.raises(ZooError, match="all.geojson, feature 1") as error:
        read_folder(tmp_path)
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"type": "FeatureCollection", "features": 3}', "'features' must be a list"),
        ('{"type": "FeatureCollection", "features": [', "line 1"),
        (
            '{"type": "FeatureCollection", "features": [], "crs": {"type": "name", "properties": {"name": "EPSG:1"}}}',
            "'EPSG:1', which is not known",
        ),
    ],
)
def test_files_that_cannot_be_read(text: str, sentence: str, tmp_path: Path) -> None:
    raster(tmp_path / "a.tif")
    (tmp_path / "a.geojson").write_text(text)
    with pytest.raises(ZooError, match="a.geojson") as error:
        read_folder(tmp_path)
    assert sentence in str(error.value)


def test_several_polygons_are_one_object_and_an_empty_geometry_is_none(tmp_path: Path) -> None:
    raster(tmp_path / "a.tif", None, None)
    parts = [[[[2, 2], [8, 2], [8, 8], [2, 8], [2, 2]]], [[[10, 4], [20, 4], [20, 8], [10, 4]]]]
    several = {
        "type": "Feature",
        "properties": {"label": "a"},
        "geometry": {"type": "MultiPolygon", "coordinates": parts},
    }
    nothing = {"type": "Feature", "properties": {"label": "a"}, "geometry": None}
    write(tmp_path / "a.geojson", several, nothing)
    read = read_annotations(Tree(tmp_path))
    (image,) = read.images
    np.testing.assert_allclose(image.boxes, [[2, 2, 20, 8]])
    assert any("several polygons" in note for note in read.notes)
    assert any("no geometry" in note and "feature 2" in note for note in read.notes)


def test_a_raster_one_pixel_high(tmp_path: Path) -> None:
    raster(tmp_path / "a.tif", size=(WIDTH, 1))
    ring = on_map(np.array([[2, 0], [9, 0], [9, 1], [2, 1]]))
    write(tmp_path / "a.geojson", polygon(ring, label="ship"), crs=UTM)
    (image,) = read_annotations(Tree(tmp_path)).images
    np.testing.assert_allclose(image.boxes, [[2, 0, 9, 1]], atol=1e-6)
