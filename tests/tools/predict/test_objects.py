"""Objects of scenes: each once, whatever the tiles; unfinished work goes on; what cannot be done is said."""

import csv
import json
import resource
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rich.console import Console
from rich.progress import Progress

from tests.tools.predict.painted import TURNED, UTM, Oracle, paint, rectangles, save
from tools.predict import objects
from tools.predict.options import Options
from zoo.errors import ZooError


@pytest.fixture
def oracle() -> Oracle:
    return Oracle()


def predict(oracle: Oracle, path: Path, out: Path, score: float = 0.1, **options: object) -> list[str]:
    bar, oracle.score = Progress(disable=True), score
    return objects.predict_scene(oracle, path, Options(out=out, **{"overlap": 24, **options}), bar, Console(quiet=True))


def boxes_of(out: Path) -> list[tuple[float, ...]]:
    rows = csv.DictReader(out.read_text().splitlines())
    return sorted(tuple(float(row[key]) for key in ("xmin", "ymin", "xmax", "ymax")) for row in rows)


@pytest.mark.parametrize("largest", [20, 120])  # within the overlap, and larger than a tile
def test_every_object_once_as_without_tiles(oracle: Oracle, tmp_path: Path, largest: int) -> None:
    boxes = rectangles(417, 301, 40, largest)
    path = paint(tmp_path / "scene.tif", 417, 301, boxes)
    predict(oracle, path, tmp_path / "tiled.csv")
    predict(oracle, path, tmp_path / "whole.csv", tile=420)
    assert boxes_of(tmp_path / "tiled.csv") == boxes_of(tmp_path / "whole.csv") == sorted(map(tuple, boxes.tolist()))


def test_the_bytes_do_not_depend_on_the_batch_or_the_streams(oracle: Oracle, tmp_path: Path) -> None:
    path = paint(tmp_path / "scene.tif", 300, 300, rectangles(300, 300, 30, 60))
    texts = set()
    for batch, threads in ((1, 1), (2, 1), (7, 1), (100, 1), (1, 3), (2, 4)):
        oracle.engine.hardware = replace(oracle.engine.hardware, threads=threads)
        predict(oracle, path, tmp_path / "found.geojson", batch=batch, force=True)
        texts.add((tmp_path / "found.geojson").read_bytes())
    assert len(texts) == 1


@pytest.mark.parametrize("transform", [UTM, TURNED])
def test_coordinates_are_those_of_the_raster(oracle: Oracle, tmp_path: Path, transform: rasterio.Affine) -> None:
    boxes = rectangles(200, 150, 12, 30)
    path = paint(tmp_path / "scene.tif", 200, 150, boxes, transform=transform)
    corners = [[transform @ (x, y) for x, y in ((a, b), (c, b), (c, d), (a, d))] for a, b, c, d in boxes.tolist()]
    truth = shapely.unary_union([shapely.Polygon(ring) for ring in corners])
    for suffix in (".geojson", ".gpkg", ".csv"):
        out = tmp_path / f"found{suffix}"
        assert "EPSG:32616" in predict(oracle, path, out)[-1]
        if suffix == ".csv":
            polygons = shapely.from_wkt([row["wkt"] for row in csv.DictReader(out.read_text().splitlines())])
        else:
            meta, _, geometry, fields = pyogrio.raw.read(out)
            assert meta["crs"] == "EPSG:32616"
            assert set(dict(zip(meta["fields"], fields, strict=True))["class"]) == {"barn", "silo"}
            polygons = shapely.from_wkb(geometry)
        assert len(polygons) == len(boxes)
        assert shapely.is_ccw(shapely.get_exterior_ring(polygons)).all()
        assert shapely.unary_union(polygons).symmetric_difference(truth).area < 0.01 * len(boxes)
    features = json.loads((tmp_path / "found.geojson").read_text())["features"]
    assert features[0]["properties"].keys() == {"class", "score", "xmin", "ymin", "xmax", "ymax"}


def test_without_georeference_coordinates_are_pixels_and_that_is_said(oracle: Oracle, tmp_path: Path) -> None:
    path = paint(tmp_path / "scene.tif", 100, 100, np.array([[10, 20, 30, 50]]), crs=None, transform=None)
    assert "without a georeference" in predict(oracle, path, tmp_path / "found.geojson")[-1]
    found = json.loads((tmp_path / "found.geojson").read_text())
    assert "crs" not in found
    assert shapely.geometry.shape(found["features"][0]["geometry"]).bounds == (10, 20, 30, 50)


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".csv"])
def test_a_scene_without_data_is_empty_and_costs_nothing(oracle: Oracle, tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / "scene.tif", np.zeros((2, 200, 200), np.uint8), nodata=0)
    assert predict(oracle, path, tmp_path / f"found{suffix}")[-2].startswith("0 objects")
    assert oracle.seen == 0
    if suffix != ".csv":
        assert len(pyogrio.raw.read(tmp_path / f"found{suffix}")[2]) == 0


@pytest.mark.parametrize(("width", "height"), [(300, 1), (1, 1), (40, 30), (64, 64), (65, 64)])
def test_thin_and_small_scenes(oracle: Oracle, tmp_path: Path, width: int, height: int) -> None:
    boxes = np.array([[0, 0, min(width, 9), height]])
    path = paint(tmp_path / "scene.tif", width, height, boxes)
    predict(oracle, path, tmp_path / "found.csv")
    assert boxes_of(tmp_path / "found.csv") == [tuple(boxes[0])]


def test_bands_are_matched_by_name(oracle: Oracle, tmp_path: Path) -> None:
    straight = paint(tmp_path / "straight.tif", 150, 150, rectangles(150, 150, 9, 30))
    with rasterio.open(straight) as raster:
        paint_, mark = raster.read()
    other = save(tmp_path / "other.tif", np.stack([mark, mark * 0, paint_]), ("MARK", "height", "Paint"))
    for path in (straight, other):
        predict(oracle, path, path.with_suffix(".csv"))
    assert straight.with_suffix(".csv").read_bytes() == other.with_suffix(".csv").read_bytes()
    with pytest.raises(ZooError, match=r"has 3 bands \(mark, height, depth\); the run knows 2: paint, mark"):
        predict(oracle, save(tmp_path / "3.tif", np.stack([mark] * 3), ("mark", "height", "depth")), tmp_path / "3.csv")
    with pytest.raises(ZooError, match=r"has the bands mark, depth; the run knows paint, mark"):
        predict(oracle, save(tmp_path / "2.tif", np.stack([mark] * 2), ("mark", "depth")), tmp_path / "2.csv")
    unnamed = save(tmp_path / "unnamed.tif", np.stack([paint_, mark]), ())
    predict(oracle, unnamed, unnamed.with_suffix(".csv"))
    assert straight.with_suffix(".csv").read_bytes() == unnamed.with_suffix(".csv").read_bytes()


@pytest.mark.parametrize("suffix", [".geojson", ".csv"])
def test_what_was_cut_off_goes_on_and_ends_in_the_same_bytes(oracle: Oracle, tmp_path: Path, suffix: str) -> None:
    path = paint(tmp_path / "scene.tif", 400, 300, rectangles(400, 300, 40, 90))
    predict(oracle, path, tmp_path / f"whole{suffix}")
    tiles, oracle.seen, oracle.dies_after = oracle.seen, 0, 20
    out = tmp_path / f"cut{suffix}"
    with pytest.raises(RuntimeError, match="the power went"):
        predict(oracle, path, out)
    assert not out.exists()
    before, oracle.seen, oracle.dies_after = oracle.seen, 0, None
    predict(oracle, path, out, batch=2)
    assert oracle.seen == tiles - before
    assert out.read_bytes() == (tmp_path / f"whole{suffix}").read_bytes()
    assert {file.name for file in tmp_path.iterdir()} == {"scene.tif", f"cut{suffix}", f"whole{suffix}"}


@pytest.mark.parametrize("change", ["tile", "pixels", "tail", "journal"])
def test_only_what_still_holds_is_taken_up(oracle: Oracle, tmp_path: Path, change: str) -> None:
    boxes = rectangles(400, 300, 40, 60)
    path = paint(tmp_path / "scene.tif", 400, 300, boxes)
    oracle.dies_after = 20
    with pytest.raises(RuntimeError, match="the power went"):
        predict(oracle, path, tmp_path / "found.csv")
    before, oracle.seen, oracle.dies_after = oracle.seen, 0, None
    journal = tmp_path / ".found.csv.journal"
    if change == "pixels":
        boxes = boxes[1:]
    if change == "journal":  # killed in the middle of a record
        journal.write_bytes(journal.read_bytes()[:-5])
        before -= 1
    if change in ("pixels", "tail"):  # written again: with other pixels, or with the same
        paint(path, 400, 300, boxes)
    predict(oracle, path, tmp_path / "found.csv", **({"tile": 96} if change == "tile" else {}))
    size, kept = (96, 0) if change == "tile" else (64, 0 if change == "pixels" else before)
    again, oracle.seen = oracle.seen, 0
    predict(oracle, path, tmp_path / "anew.csv", tile=size)
    assert again == oracle.seen - kept
    assert (tmp_path / "found.csv").read_bytes() == (tmp_path / "anew.csv").read_bytes()


def test_a_truncated_file_is_named_with_its_tile_and_goes_on_when_it_is_whole(oracle: Oracle, tmp_path: Path) -> None:
    path = paint(tmp_path / "scene.tif", 400, 400, rectangles(400, 400, 40, 60), compress=None)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ZooError, match=r"scene .*scene.tif cannot be read in its tile at x \d+, y \d+ .* is kept"):
        predict(oracle, path, tmp_path / "found.csv", batch=1)
    before, oracle.seen = oracle.seen, 0
    path.write_bytes(whole)
    predict(oracle, path, tmp_path / "found.csv")
    assert before > 10
    assert oracle.seen == 100 - before
    predict(oracle, path, tmp_path / "whole.csv")
    assert (tmp_path / "found.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_many_objects_and_none(oracle: Oracle, tmp_path: Path) -> None:
    side = 900
    rows, columns = np.meshgrid(np.arange(0, side, 5), np.arange(0, side, 5))
    corner = np.stack([columns.ravel(), rows.ravel()], axis=1)
    path = paint(tmp_path / "scene.tif", side, side, np.concatenate([corner, corner + 3], axis=1))
    lines = predict(oracle, path, tmp_path / "found.geojson", tile=450, overlap=40)
    assert lines[-2].startswith(f"{len(corner)} objects")
    assert predict(oracle, path, tmp_path / "none.gpkg", tile=450, score=1.0)[-2].startswith("0 objects")


def test_outputs_that_cannot_be_are_said_before_anything_is_computed(oracle: Oracle, tmp_path: Path) -> None:
    path = paint(tmp_path / "scene.tif", 100, 100, rectangles(100, 100, 3, 20))
    with pytest.raises(ZooError, match=r"unknown suffix '.shp'; known: .geojson, .gpkg, .csv"):
        predict(oracle, path, tmp_path / "found.shp")
    (tmp_path / "found.csv").write_text("mine")
    with pytest.raises(ZooError, match="is there already; choose another name, or replace it with --force"):
        predict(oracle, path, tmp_path / "found.csv")
    with pytest.raises(ZooError, match="cannot make the folder .*choose another with --out"):
        predict(oracle, path, tmp_path / "found.csv" / "found.csv")
    with pytest.raises(ZooError, match="there is no image"):
        predict(oracle, tmp_path / "absent.tif", tmp_path / "a.csv")
    oracle.side = 64
    with pytest.raises(
        ZooError, match="--tile 65 is too large: the model learnt boxes as shares of images of 64 pixels"
    ):
        predict(oracle, path, tmp_path / "a.csv", tile=65)
    assert oracle.seen == 0
    assert (tmp_path / "found.csv").read_text() == "mine"
    predict(oracle, path, tmp_path / "found.csv", force=True)
    assert len(boxes_of(tmp_path / "found.csv")) == 3


def test_a_full_disk_is_said_and_what_is_done_is_kept(oracle: Oracle, tmp_path: Path) -> None:
    path = paint(tmp_path / "scene.tif", 400, 300, rectangles(400, 300, 40, 60))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2500, limits[1]))
    try:
        with pytest.raises(ZooError, match=r"cannot write .*: File too large; make room .* goes on from there"):
            predict(oracle, path, tmp_path / "found.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    before, oracle.seen = oracle.seen, 0
    predict(oracle, path, tmp_path / "found.csv")
    assert 0 < oracle.seen < 80
    assert before > 0
