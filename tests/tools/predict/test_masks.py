"""Masks of scenes: as without tiles, on the map, cloud-optimised, in polygons; what was cut off goes on."""

import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.progress import Progress
from rio_cogeo import cog_validate
from torch import Tensor, nn

from recipes.imagery.rasters import open_raster
from recipes.inference import seams
from recipes.inference.source import Source
from recipes.inference.tiling import tiling
from tests.tools.predict.painted import TURNED, UTM, Local, paint, rectangles, save
from tools.predict import masks
from tools.predict.options import Options
from tools.predict.polygons import squared
from zoo.errors import ZooError
from zoo.geometry.tiles import grid
from zoo.inference.engine import Engine
from zoo.segmentation.instances import DEPTH, Method, components, watershed


@pytest.fixture
def local() -> Local:
    return Local()


def predict(local: Local, path: Path, out: Path, **options: object) -> list[str]:
    return masks.predict_scene(
        local,
        path,
        Options(out=out, **{"tile": 64, "overlap": 24, **options}),
        Progress(disable=True),
        Console(quiet=True),
    )


def read(path: Path) -> np.ndarray:
    with open_raster(path) as raster:
        return raster.read()


def test_a_scene_is_segmented_as_without_tiles(local: Local, tmp_path: Path) -> None:
    path = paint(tmp_path / "scene.tif", 417, 301, rectangles(417, 301, 40, 60))
    predict(local, path, tmp_path / "tiled.tif", probabilities=True)
    predict(local, path, tmp_path / "whole.tif", probabilities=True, tile=448, overlap=0)
    assert np.array_equal(read(tmp_path / "tiled.tif"), read(tmp_path / "whole.tif"))
    tiled, whole = (read(tmp_path / f"{name}_probabilities.tif") for name in ("tiled", "whole"))
    assert np.abs(tiled.astype(int) - whole).max() <= 1  # where a half is rounded
    assert (np.abs(tiled.astype(int).sum(axis=0) - masks.CERTAIN) <= 1).all()


@pytest.mark.parametrize("transform", [UTM, TURNED])
def test_the_file_is_cloud_optimised_and_on_the_map(local: Local, tmp_path: Path, transform: rasterio.Affine) -> None:
    path = paint(tmp_path / "scene.tif", 700, 600, rectangles(700, 600, 40, 60), transform=transform)
    lines = predict(local, path, tmp_path / "mask.tif", probabilities=True, tile=256, overlap=96)
    assert lines[-1].endswith("coordinates in EPSG:32616")
    for name in ("mask.tif", "mask_probabilities.tif"):
        valid, errors, warnings = cog_validate(tmp_path / name, quiet=True)
        assert valid, errors
        assert not warnings
        with rasterio.open(tmp_path / name) as raster:
            assert raster.crs == "EPSG:32616"
            assert raster.transform.almost_equals(transform)
            assert raster.nodata == 255
            assert raster.overviews(1) == [2]
            assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    with rasterio.open(tmp_path / "mask.tif") as raster:
        table = raster.colormap(1)
        assert table[255][3] == 0
        assert len({table[0], table[1], table[2]}) == 3
        assert raster.tags()["class_1"] == "barn"
    with rasterio.open(tmp_path / "mask_probabilities.tif") as raster:
        assert raster.descriptions == ("background", "barn", "silo")


def test_no_data_stays_no_data_and_costs_nothing(local: Local, tmp_path: Path) -> None:
    pixels = np.full((2, 300, 300), 120, np.uint8)
    pixels[:, :, 90:] = 0
    path = save(tmp_path / "scene.tif", pixels, nodata=0)
    predict(local, path, tmp_path / "mask.tif", probabilities=True)
    mask = read(tmp_path / "mask.tif")[0]
    assert (mask[:, :90] == 1).all()
    assert (mask[:, 90:] == 255).all()
    assert (read(tmp_path / "mask_probabilities.tif")[:, :, 90:] == 255).all()
    assert local.seen < 64 / 2
    local.seen = 0
    predict(local, save(tmp_path / "empty.tif", pixels * 0, nodata=0), tmp_path / "empty_mask.tif")
    assert (read(tmp_path / "empty_mask.tif") == 255).all()
    assert local.seen == 0


@pytest.mark.parametrize(("width", "height"), [(300, 1), (1, 1), (1, 300), (40, 30), (64, 64), (65, 64)])
def test_thin_and_small_scenes(local: Local, tmp_path: Path, width: int, height: int) -> None:
    path = save(tmp_path / "scene.tif", np.full((2, height, width), 120, np.uint8), crs=None, transform=None)
    lines = predict(local, path, tmp_path / "mask.tif")
    assert "without a georeference" in lines[-1]
    assert (read(tmp_path / "mask.tif") == np.ones((1, height, width))).all()


@pytest.mark.parametrize("dies_after", [3, 20, 38])
def test_what_was_cut_off_goes_on_and_ends_in_the_same_bytes(local: Local, tmp_path: Path, dies_after: int) -> None:
    path = paint(tmp_path / "scene.tif", 400, 300, rectangles(400, 300, 40, 90))
    predict(local, path, tmp_path / "whole.tif", probabilities=True)
    tiles, local.seen, local.dies_after = local.seen, 0, dies_after
    with pytest.raises(RuntimeError, match="the power went"):
        predict(local, path, tmp_path / "cut.tif", probabilities=True)
    before, local.seen, local.dies_after = local.seen, 0, None
    predict(local, path, tmp_path / "cut.tif", probabilities=True, batch=5)
    assert local.seen <= tiles - before + 3 * 12  # a row that was under way, and the one that it shares rows with
    for name in ("", "_probabilities"):
        assert (tmp_path / f"cut{name}.tif").read_bytes() == (tmp_path / f"whole{name}.tif").read_bytes()
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {"scene.tif", "cut.tif", "cut_probabilities.tif", "whole.tif", "whole_probabilities.tif"}


def test_polygons_are_whole_across_strips(local: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = rectangles(300, 260, 25, 80)
    path = paint(tmp_path / "scene.tif", 300, 260, boxes)
    made = []
    for strip in (1024, 16):
        monkeypatch.setattr("tools.predict.polygons.STRIP", strip)
        out = tmp_path / f"found{strip}.gpkg"
        lines = predict(local, path, tmp_path / f"mask{strip}.tif", polygons=out)
        meta, _, geometry, fields = pyogrio.raw.read(out)
        polygons = shapely.from_wkb(geometry)
        assert meta["crs"] == "EPSG:32616"
        areas = dict(zip(meta["fields"], fields, strict=True))["area"]
        np.testing.assert_allclose(areas, shapely.area(polygons), rtol=1e-3)
        assert lines[-1] == f"{out}: {len(polygons)} polygons"
        made.append(sorted(shapely.to_wkt(shapely.normalize(polygons))))
    assert made[0] == made[1]
    assert len(made[0]) >= len(boxes)


def test_polygons_of_rings_and_touching_shapes_are_those_of_the_mask(local: Local, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shape = np.kron(rng.integers(0, 3, (8, 9)), np.ones((12, 12), int))  # touching shapes of two classes, with holes
    pixels = np.stack([np.array([10, 120, 250])[shape]] * 2).astype(np.uint8)
    path = save(tmp_path / "scene.tif", pixels, transform=rasterio.Affine(1, 0, 0, 0, 1, 0))
    out = tmp_path / "found.geojson"
    predict(local, path, tmp_path / "mask.tif", polygons=out)
    mask = read(tmp_path / "mask.tif")[0]
    features = json.loads(out.read_text())["features"]
    drawn = rasterio.features.rasterize(
        [(f["geometry"], ("background", "barn", "silo").index(f["properties"]["class"])) for f in features],
        mask.shape,
        dtype="uint8",
    )
    assert np.array_equal(drawn, mask)


def test_polygons_with_right_angles(local: Local, tmp_path: Path) -> None:
    wall = shapely.affinity.rotate(shapely.box(20, 20, 80, 60), 25)
    rough = rasterio.features.rasterize([wall], (100, 100), dtype="uint8")
    polygon = next(
        shapely.geometry.shape(s) for s, value in rasterio.features.shapes(rough, mask=rough > 0) if value == 1
    )
    right = squared(shapely.simplify(polygon, 1.5))
    assert len(right.exterior.coords) == 5
    assert right.intersection(wall).area / right.union(wall).area > 0.93
    round_ = shapely.Point(50, 50).buffer(20)
    assert squared(round_).area == pytest.approx(round_.area, rel=0.3)
    path = paint(tmp_path / "scene.tif", 150, 150, rectangles(150, 150, 5, 40))
    predict(local, path, tmp_path / "mask.tif", polygons=tmp_path / "walls.gpkg", square=True, simplify=1.0)
    assert len(pyogrio.raw.read(tmp_path / "walls.gpkg")[2]) >= 5


def twins(path: Path, gap: int) -> Path:
    """Two barns of 30 × 30, `gap` columns of silo between them, joined by a passage of 8 rows of barn."""
    pixels = np.full((2, 80, 120), 10, np.uint8)
    pixels[:, 20:50, 20:50] = pixels[:, 20:50, 50 + gap : 80 + gap] = 120
    pixels[:, 30:38, 50 : 50 + gap] = 120
    return save(path, pixels, transform=rasterio.Affine(1, 0, 0, 0, 1, 0))


def outlines(local: Local, path: Path, out: Path, **options: object) -> list[shapely.Polygon]:
    predict(local, path, out.with_suffix(".tif"), polygons=out, force=True, **options)
    return [shapely.geometry.shape(f["geometry"]) for f in json.loads(out.read_text())["features"]]


def test_polygons_of_what_touches_are_parted_by_watershed(
    local: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = twins(tmp_path / "scene.tif", 8), tmp_path / "found.geojson"
    (whole,) = outlines(local, path, out)
    monkeypatch.setattr("tools.predict.polygons.STRIP", 16)
    parted = outlines(local, path, out, instances="watershed")
    assert len(parted) == 2
    assert shapely.union_all(parted).equals(whole)
    assert sum(part.area for part in parted) == whole.area
    local.instances = "watershed"
    assert len(outlines(local, path, out)) == 2
    assert len(outlines(local, path, out, instances="none")) == 1
    with pytest.raises(ZooError, match="--instances 'water' is not known"):
        outlines(local, path, out, instances="water")


def test_polygons_are_made_of_a_mask_that_the_same_command_has_written(local: Local, tmp_path: Path) -> None:
    """A kill between the two, or a second thought: the network is asked for nothing but how far it looks."""
    path, mask = paint(tmp_path / "scene.tif", 300, 300, rectangles(300, 300, 9, 60)), tmp_path / "mask.tif"
    predict(local, path, mask)
    asked, local.seen = local.seen, 0
    before = mask.read_bytes()
    lines = predict(local, path, mask, polygons=tmp_path / "a.gpkg")
    assert any("is there already, made of this scene in this way" in line for line in lines)
    assert local.seen < asked
    assert mask.read_bytes() == before
    predict(local, path, tmp_path / "other.tif", polygons=tmp_path / "b.gpkg")
    polygons = [pyogrio.raw.read(tmp_path / name)[2] for name in ("a.gpkg", "b.gpkg")]
    assert len(polygons[0]) == len(polygons[1]) > 0
    assert list(polygons[0]) == list(polygons[1])
    for changed in ({"tile": 96}, {"probabilities": True}, {"polygons": None}):
        with pytest.raises(ZooError, match="mask.tif is there already"):
            predict(local, path, mask, **{"polygons": tmp_path / "c.gpkg", **changed})
    paint(path, 300, 300, rectangles(300, 300, 7, 50))
    with pytest.raises(ZooError, match="mask.tif is there already"):
        predict(local, path, mask, polygons=tmp_path / "c.gpkg")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.sampled_from([0.3, 0.6, 0.8]))
def test_what_is_too_narrow_to_part_is_whole(seed: int, share: float) -> None:
    """What `by_watershed` does not look at has one part."""
    rng = np.random.default_rng(seed)
    narrow = rng.random((2 * int(DEPTH), 40)) < share
    for pixels in (narrow, narrow.T):
        assert watershed(pixels).max() == components(pixels).max()


def test_polygons_grow_over_the_border_that_parts_them(local: Local, tmp_path: Path) -> None:
    """What `--instances borders` writes is what the metric matches: the instances of the mask."""
    local.classes = ("background", "border", "barn")
    path, out = tmp_path / "scene.tif", tmp_path / "found.geojson"
    kinds = np.zeros((90, 130), int)
    kinds[10:50, 10:90] = 1
    kinds[12:48, 12:48] = kinds[12:48, 52:88] = 2
    kinds[60:64, 100:104] = 1  # border around nothing
    save(path, np.stack([np.array([10, 120, 250])[kinds]] * 2).astype(np.uint8), transform=rasterio.Affine.scale(1, 1))
    found = outlines(local, path, out, instances="borders")
    labels, _ = Method.of("borders", local.classes)(read(out.with_suffix(".tif"))[0])
    assert len(found) == labels.max() == 2
    drawn = rasterio.features.rasterize([(p, n + 1) for n, p in enumerate(found)], labels.shape, dtype="int32")
    for label in (1, 2):
        assert len(np.unique(drawn[labels == label])) == 1
    assert np.array_equal(drawn > 0, labels > 0)


class Far(Local):
    """Sees `reach` pixels to each side."""

    reach = 40

    def compute(self, images: Tensor) -> Tensor:
        side, reach = 2 * self.reach + 1, self.reach
        rows = nn.functional.avg_pool2d(images, (1, side), 1, (0, reach))
        return super().compute(nn.functional.avg_pool2d(rows, (side, 1), 1, (reach, 0)))


def test_where_masks_are_exact_the_overlap_is_what_the_network_needs(local: Local, tmp_path: Path) -> None:
    path = paint(tmp_path / "scene.tif", 300, 1200, rectangles(300, 1200, 90, 60))
    source = Source.open(path, local.bands, local.data)
    near = tiling(local, source, 512, exact=True)
    assert (near.overlap, near.note) == (96, "seams change probabilities by less than 0.001: overlap 96, 32-true")
    far = Far()
    assert tiling(far, source, 512, exact=True).overlap == 2 * (64 + 32) + 32
    far.reach = 100
    short = tiling(far, source, 256, exact=True)
    assert short.overlap == 128
    assert "seams may change probabilities by up to 0." in short.note
    alone = tiling(far, source, 1216, exact=True)
    assert (alone.overlap, alone.note) == (0, "")


def test_the_overlap_is_one_at_which_seams_change_few_pixels(
    local: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = paint(tmp_path / "scene.tif", 600, 500, rectangles(600, 500, 80, 60))
    source = Source.open(path, local.bands, local.data)
    assert tiling(local, source, 256).overlap == 32
    far = Far()
    far.reach = 12
    found = tiling(far, source, 256)
    assert 32 < found.overlap < 128
    best, mine, none = (
        predict_mask(far, path, tmp_path / f"{overlap}.tif", tile=256, overlap=overlap)
        for overlap in (128, found.overlap, 0)
    )
    assert (best != mine).mean() < 1.5e-3 < (best != none).mean()
    monkeypatch.setattr(seams, "SHARE", -1.0)  # which no overlap can keep
    short = tiling(far, source, 128)
    assert (short.overlap, short.seamless) == (64, False)
    assert "the network looks further than half a tile of 128 px" in short.note


def test_a_scene_of_one_row_of_tiles_has_seams_in_one_direction(tmp_path: Path) -> None:
    far = Far()
    for width, height in ((900, 100), (100, 900)):
        path = paint(tmp_path / f"{width}.tif", width, height, rectangles(width, height, 30, 50))
        source = Source.open(path, far.bands, far.data)
        assert 32 <= tiling(far, source, 256).overlap <= 128
    empty = save(tmp_path / "empty.tif", np.zeros((2, 900, 800), np.uint8), nodata=0)
    unseen = tiling(far, Source.open(empty, far.bands, far.data), 256)
    assert unseen.overlap == 64
    assert "seams are not measured" in unseen.note


def predict_mask(local: Local, path: Path, out: Path, **options: object) -> np.ndarray:
    predict(local, path, out, **options)
    return read(out)[0]


def test_what_was_cut_off_goes_on_in_the_tiles_it_had(
    local: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = paint(tmp_path / "scene.tif", 700, 600, rectangles(700, 600, 60, 60))
    monkeypatch.setattr(Engine, "room", lambda self: 256 * 256)
    local.dies_after = 10  # three of them to see how far it looks
    with pytest.raises(RuntimeError, match="the power went"):
        predict(local, path, tmp_path / "mask.tif", tile=None, overlap=None, batch=1)
    local.dies_after, local.seen = None, 0
    monkeypatch.setattr(Engine, "room", lambda self: 512 * 512)  # more memory is free now
    lines = predict(local, path, tmp_path / "mask.tif", tile=None, overlap=None)
    assert lines[0].startswith(f"{len(list(grid(700, 600, 256, 32, multiple=32)))} tiles, ")
    assert "done before" in lines[0]


def test_what_cannot_be_is_said_before_anything_is_computed(local: Local, tmp_path: Path) -> None:
    path = paint(tmp_path / "scene.tif", 100, 100, rectangles(100, 100, 3, 20))
    with pytest.raises(ZooError, match=r"unknown suffix '.geojson'; masks are written as .tif"):
        predict(local, path, tmp_path / "mask.geojson")
    with pytest.raises(ZooError, match=r"--polygons .*a.shp has an unknown suffix"):
        predict(local, path, tmp_path / "mask.tif", polygons=tmp_path / "a.shp")
    with pytest.raises(ZooError, match="--overlap 40 is more than half of a tile of 64 px"):
        predict(local, path, tmp_path / "mask.tif", overlap=40)
    with pytest.raises(ZooError, match="--square, --simplify and --instances shape polygons"):
        Options(square=True)
    degrees = paint(
        tmp_path / "degrees.tif", 100, 100, rectangles(100, 100, 3, 20),
        crs="EPSG:4326", transform=rasterio.Affine(1e-5, 0, -84, 0, -1e-5, 33),
    )  # fmt: skip
    with pytest.raises(ZooError, match=r"--simplify 1.0 is in metres, and .*degrees.tif is in degrees \(EPSG:4326\)"):
        predict(local, degrees, tmp_path / "mask.tif", polygons=tmp_path / "a.gpkg", simplify=1.0)
    assert local.seen == 0


def test_a_folder_of_images_becomes_a_folder_of_masks(local: Local, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        paint(tmp_path / "in" / f"{name}.tif", 100, 90, rectangles(100, 90, 3, 20))
    (tmp_path / "in" / "broken.tif").write_bytes(b"no image")
    options = Options(out=tmp_path / "out", tile=64, overlap=24)
    lines, failures = masks.predict(local, [tmp_path / "in"], options, Progress(disable=True), Console(quiet=True))
    assert lines[0].startswith("2 masks")
    assert len(failures) == 1
    assert "broken.tif cannot be read" in failures[0]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a_mask.tif", "b_mask.tif"}
