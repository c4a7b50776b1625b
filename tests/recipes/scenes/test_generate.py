"""Scenes on disk: tiled rasters with CRS, bands by name, objects on the map, masks; and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio

from recipes.imagery.images import facts
from recipes.scenes import generate as generating
from recipes.scenes.covers import MERGED, mask_classes
from recipes.scenes.generate import blocks, cached, generate
from recipes.scenes.render import Renderer
from recipes.scenes.settings import SceneSettings
from recipes.scenes.truth import load, truth_of
from tools.cli import main
from zoo.errors import ZooError
from zoo.geometry import box_geometry

SETTINGS = SceneSettings.of(420, 300, ["red", "green", "blue", "nir"], seed=7, clouds=0.1)


def test_a_scene_on_disk_is_what_was_rendered(tmp_path: Path) -> None:
    done: list[int] = []
    files = generate(SETTINGS, tmp_path / "a.tif", masks=6, advance=done.append)
    whole = Renderer(SETTINGS).render((0, 0, 420, 300))
    assert sum(done) == 420 * 300
    with rasterio.open(files.image) as raster:
        np.testing.assert_array_equal(raster.read(), whole.pixels)
        assert raster.descriptions == SETTINGS.bands
        assert (raster.crs.to_epsg(), raster.res, raster.nodata) == (32633, (0.3, 0.3), 0)
        assert raster.block_shapes == [(256, 256)] * 4
        assert "no such place" in raster.tags()["GENERATED"]
    assert files.mask is not None
    with rasterio.open(files.mask) as mask:
        _, numbers = mask_classes(SETTINGS.catalogue, 6)
        np.testing.assert_array_equal(mask.read(1), numbers[whole.cover])
        assert mask.tags()["CLASSES"] == ",".join(MERGED)
        assert set(np.unique(mask.read(1))) <= {0, 1, 2, 3, 4, 5, 255}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.geojson", "a.tif", "a_mask.tif"]


def test_blocks_of_any_size_write_the_same_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = generate(SETTINGS, tmp_path / "one.tif")
    monkeypatch.setattr(generating, "BLOCK", 100)
    monkeypatch.setattr(generating, "blocks", lambda width, height: reversed(list(blocks(width, height, 100))))
    two = generate(SETTINGS, tmp_path / "two.tif")
    with rasterio.open(one.image) as a, rasterio.open(two.image) as b:
        np.testing.assert_array_equal(a.read(), b.read())
    assert one.objects.read_text() == two.objects.read_text()


def test_objects_come_back_from_geojson_and_lie_on_the_map(tmp_path: Path) -> None:
    files = generate(SETTINGS, tmp_path / "a.tif")
    truth, again = truth_of(Renderer(SETTINGS)), load(files.objects)
    assert len(truth.boxes) > 5
    for field in ("boxes", "labels", "difficult"):
        np.testing.assert_array_equal(getattr(truth, field), getattr(again, field))
    with rasterio.open(files.image) as raster:
        to_pixels = ~raster.transform
    collection = json.loads(files.objects.read_text())
    assert collection["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::32633"
    for feature, corners in zip(collection["features"], box_geometry.corners(truth.boxes), strict=True):
        ring = np.array([to_pixels @ tuple(point) for point in feature["geometry"]["coordinates"][0]])
        np.testing.assert_allclose(ring[:4], corners, atol=0.002)
        np.testing.assert_allclose(ring[4], ring[0])


def test_a_mask_of_many_classes_names_every_object() -> None:
    names, numbers = mask_classes(SceneSettings.of(9, 9, 3, classes=40).catalogue, 44)
    assert len(names) == 44
    assert numbers[:44].tolist() == list(range(44))
    merged, numbers = mask_classes(SETTINGS.catalogue, 6)
    assert [merged[i] for i in numbers[:9]] == [
        *MERGED[:4], "vehicle", "vehicle", "vehicle", "building", "building"]  # fmt: skip
    assert numbers[255] == 255


def test_scenes_are_generated_once_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path))
    small = SceneSettings.of(64, 48, 3, seed=1)

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr(generating, "save", broken)
        with pytest.raises(OSError, match="No space"):
            cached(small)
    assert list((tmp_path / "scenes").iterdir()) == []
    first = cached(small)
    changed = first.image.stat().st_mtime_ns
    assert cached(small) == first
    assert first.image.stat().st_mtime_ns == changed
    others = [SceneSettings.of(64, 48, 3, seed=2), SceneSettings.of(64, 48, 3, seed=1, noise=0.01)]
    assert len({one.digest for one in (small, *others)}) == 3
    masked = cached(small, masks=6)
    assert masked.image != first.image
    assert len(list((tmp_path / "scenes").iterdir())) == 2


def test_scenes_of_few_pixels(tmp_path: Path) -> None:
    for width, height in ((1, 1), (300, 1), (3, 200)):
        files = generate(SceneSettings.of(width, height, 2, seed=3), tmp_path / f"{width}.tif", masks=6)
        assert (facts(files.image).width, facts(files.image).height) == (width, height)
        assert load(files.objects).boxes.shape == (0, 5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"width": 0}, "width 0; it must be 1 to 20000"),
        ({"height": 20_001}, "height 20001"),
        ({"bands": 9}, "bands=9 must be 1 to 8"),
        ({"bands": ["red", "thermal"]}, "'thermal', which is not generated.*blue, green, red, nir"),
        ({"bands": ["red", "red"]}, "name each band once"),
        ({"classes": 201}, "classes=201 must be 1 to 200"),
        ({"clouds": 1.0}, r"clouds=1\.0 of a scene must be between 0 and 0\.9"),
        ({"resolution": 10}, "resolution=10 must be 0.1 to 2 metres"),
        ({"seed": -1}, "seed=-1"),
    ],
)
def test_settings_that_make_no_scene_are_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ZooError, match=said):
        SceneSettings.of(**{"width": 10, "height": 10, "bands": 4, **changes})  # type: ignore[arg-type]


def test_the_command_writes_a_scene(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "data",
        "generate",
        "--size",
        "96",
        "--height",
        "64",
        "--bands",
        "nir,red",
        "--masks",
        "--seed",
        "3",
        "--out",
    ]
    with pytest.raises(SystemExit) as ended:
        main([*words, str(tmp_path / "scene.tif")])
    assert ended.value.code == 0
    assert "generated 96 × 64 pixels of 2 bands" in capsys.readouterr().out
    assert facts(tmp_path / "scene.tif").bands == 2
    with pytest.raises(SystemExit) as ended:
        main([*words, str(tmp_path / "scene.png")])
    assert ended.value.code == 2
    assert "must end in .tif" in capsys.readouterr().err
