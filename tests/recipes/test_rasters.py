"""Rasters of many bands: chosen by name, scaled, masked where there is no data, read by windows and kept open."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp

from recipes.imagery import images
from recipes.imagery.bands import chosen, names_of, places
from recipes.imagery.crops import Drawing, RandomCrops
from recipes.imagery.images import Values
from recipes.imagery.parts import mask_of, read_part
from recipes.imagery.profile import pixels
from recipes.imagery.rasters import MOST_OPEN, OPEN, OpenRasters
from recipes.imagery.scene import Scene
from recipes.imagery.tiled import Tiles
from recipes.kit.pipeline import Pipeline
from recipes.kit.split import Split
from zoo.errors import ZooError

NORTH_UP = rasterio.Affine(1, 0, 9, 0, -1, 9)
NAMES = ("blue", "green", "red", "nir", "swir1")


def write(path: Path, values: np.ndarray, names: tuple[str, ...] | None = None, **options: object) -> Path:
    """Write (C, H, W) as a GeoTIFF."""
    count, height, width = values.shape
    profile = {
        "driver": "GTiff",
        "count": count,
        "height": height,
        "width": width,
        "dtype": values.dtype.name,
        "transform": NORTH_UP,
    }
    with rasterio.open(path, "w", **profile, **options) as raster:
        raster.write(values)
        if names is not None:
            raster.descriptions = names
        else:
            raster.colorinterp = [ColorInterp.undefined] * count
    return path


def numbered(height: int = 40, width: int = 60, dtype: str = "uint16") -> np.ndarray:
    """Five bands in which every pixel has a value of its own."""
    return np.arange(5 * height * width).reshape(5, height, width).astype(dtype)


def whole(path: Path, **fields: object) -> Scene:
    facts = images.facts(path)
    return Scene(path.stem, path, (0, 0, facts.width, facts.height), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{}, {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "deflate"}])
def test_windows_are_slices_of_the_whole(tmp_path: Path, options: dict[str, object]) -> None:
    values = numbered()
    path = write(tmp_path / "a.tif", values, NAMES, **options)
    random = np.random.default_rng(0)
    for _ in range(40):
        x, y = random.integers(0, (50, 30))
        width, height = random.integers(1, (60 - x + 1, 40 - y + 1))
        bands = tuple(random.permutation(5)[:3].tolist())
        got = images.read(path, (int(x), int(y), int(width), int(height)), bands)
        np.testing.assert_array_equal(got, values[list(bands), y : y + height, x : x + width])


def test_bands_are_found_by_name_whatever_their_order(tmp_path: Path) -> None:
    values = numbered()
    one = write(tmp_path / "one.tif", values, NAMES)
    order = [4, 2, 0, 3, 1]
    two = write(tmp_path / "two.tif", values[order], tuple(NAMES[i].upper() for i in order))
    bare = write(tmp_path / "bare.tif", values)
    scenes = {"train": [whole(one)], "val": [whole(two)], "test": [whole(bare)]}
    split = chosen(Split(scenes, ("a",), NAMES), ["nir", "red"], None)
    assert split.bands == ("nir", "red")
    for (scene,) in split.parts.values():
        np.testing.assert_array_equal(images.read(scene.path, bands=scene.bands), values[[3, 2]])
    assert names_of(bare, 5) == ("band1", "band2", "band3", "band4", "band5")
    assert places(bare, ["nir"], declared=NAMES) == (3,)


def test_names_of_the_data_hold_where_the_file_has_others(tmp_path: Path) -> None:
    path = write(tmp_path / "rgb.tif", numbered()[:3], ("red", "green", "blue"))
    named = Split({"train": [whole(path)]}, ("a",), ("nir", "swir1", "swir2"))
    assert chosen(named, ["swir2", "nir"], None).parts["train"][0].bands == (2, 0)
    assert chosen(named, None, ["a", "b", "c"]).bands == ("a", "b", "c")
    assert chosen(named, None, None) is named


def test_a_band_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", numbered(), NAMES)
    with pytest.raises(
        ZooError, match=r"'nirr', which a\.tif does not have; did you mean nir.*blue, green, red, nir, swir1"
    ):
        places(path, ["red", "nirr"])
    with pytest.raises(ZooError, match="names a band twice"):
        places(path, ["red", "red"])
    with pytest.raises(ZooError, match="must be 5 different names: a.tif has 5 bands"):
        places(path, ["red"], declared=["red", "green"])


@pytest.mark.parametrize(
    ("dtype", "value_range", "nodata"),
    [("uint8", None, 0), ("uint16", (0, 4095), 0), ("int16", (-2500, 500), -9999), ("float32", (-20.0, 5.0), None)],
)
def test_values_of_every_type_come_in_their_declared_range(
    tmp_path: Path, dtype: str, value_range: tuple[float, float] | None, nodata: float | None
) -> None:
    low, high = value_range or images.RANGES[dtype]
    values = np.linspace(low, high, 600).reshape(2, 15, 20).astype(dtype)
    missing = np.zeros((2, 15, 20), bool)
    missing[:, 3:6, 4:9] = True
    missing[0, 10] = True
    values[values == nodata] += 1
    values[missing] = np.nan if nodata is None else nodata
    path = write(tmp_path / "a.tif", values, ("vv", "vh"), nodata=nodata)
    image, valid = images.measured(path, (0, 0, 20, 15), None, Values(value_range))
    assert image.dtype == np.float32
    assert (image[missing] == 0).all()
    expected = (values[~missing].astype(np.float64) - low) / (high - low)
    np.testing.assert_allclose(image[~missing], expected, atol=1e-5)
    np.testing.assert_array_equal(valid, ~missing.all(axis=0))  # where one band is known, the pixel is


def test_configured_nodata_takes_the_place_of_the_files_own(tmp_path: Path) -> None:
    values = np.full((1, 4, 6), 7, np.uint16)
    values[0, 0] = 9
    path = write(tmp_path / "a.tif", values, nodata=7)
    assert images.measured(path, (0, 0, 6, 4), None, Values((0, 10)))[1].sum() == 6  # type: ignore[union-attr]
    assert images.measured(path, (0, 0, 6, 4), None, Values((0, 10), nodata=9))[1].sum() == 18  # type: ignore[union-attr]
    assert images.measured(path, (0, 0, 6, 4), None, Values((0, 10), nodata=0))[1] is None
    with pytest.raises(ZooError, match="value_range=.* must be .*low < high"):
        Values((5, 5))


def test_masks_say_nothing_where_there_is_no_data(tmp_path: Path) -> None:
    values = numbered() + 1
    values[:, :, 30:] = 0
    path = write(tmp_path / "a.tif", values, NAMES, nodata=0)
    truth = np.random.default_rng(0).integers(0, 3, (40, 60)).astype(np.uint8)
    file = write(tmp_path / "mask.tif", truth[None])
    inner = (10, 5, 40, 30)
    for fields in ({"mask": truth}, {"mask_file": file}):
        scene = whole(path, **fields).region("inner", inner)
        np.testing.assert_array_equal(mask_of(scene, (3, 4, 8, 9)), truth[9:18, 13:21])
        for sample in (Tiles([scene], 64, 0)[0], RandomCrops([scene], 64, 1, 0, Pipeline())[(0, 0)]):
            mask = sample["mask"].numpy()
            np.testing.assert_array_equal(mask[:30, :20], truth[5:35, 10:30])
            assert (mask[:30, 20:] == 255).all()
            assert (mask[30:] == 255).all()
        counted = pixels([scene], ("a", "b", "c"))["classes"]
        assert list(counted.values()) == np.bincount(truth[5:35, 10:50].ravel()).tolist()


def test_crops_without_data_are_not_drawn(tmp_path: Path) -> None:
    values = np.zeros((1, 200, 200), np.float32)
    values[:, 90:100, 150:160] = 0.5
    path = write(tmp_path / "a.tif", values, nodata=0)
    crops = RandomCrops([whole(path)], 24, 20, 0, Pipeline())
    assert all((crops[(0, index)]["image"] > 0).any() for index in range(20))
    path = write(tmp_path / "none.tif", np.full_like(values, np.nan))
    with pytest.raises(ZooError, match=r"scene none .* has no data: 1000 windows of 24 pixels"):
        RandomCrops([whole(path)], 24, 20, 0, Pipeline())[(0, 0)]


def test_odd_scenes(tmp_path: Path) -> None:
    row = write(tmp_path / "row.tif", numbered(1, 60), NAMES)
    small = write(tmp_path / "small.tif", numbered(5, 7), NAMES)
    for path in (row, small):
        sample = RandomCrops([whole(path)], 32, 1, 0, Pipeline(), drawing=Drawing(scale=0.3))[(0, 0)]
        assert sample["image"].shape == (5, 32, 32)
        tiles = Tiles([whole(path)], 32, 8)
        assert sum(float(tiles[i]["image"].max()) > 0 for i in range(len(tiles))) == len(tiles)
    part = read_part(whole(small), (0, 0, 32, 32), Values((0, 255)))
    assert part.window == (0, 0, 7, 5)
    assert part.image[:, 5:].max() == part.image[:, :, 7:].max() == 0


@pytest.mark.parametrize("value", [-9999.0, float(np.finfo(np.float32).min)])
def test_floats_that_look_like_undeclared_nodata_are_refused(tmp_path: Path, value: float) -> None:
    pixels = np.full((1, 8, 8), 0.5, np.float32)
    pixels[0, 2:4] = value
    for name, nodata in (("silent", None), ("says", value)):
        profile = {"driver": "GTiff", "width": 8, "height": 8, "count": 1, "dtype": "float32", "nodata": nodata}
        profile["transform"] = rasterio.Affine(1, 0, 5, 0, -1, 9)
        with rasterio.open(tmp_path / f"{name}.tif", "w", **profile) as raster:
            raster.write(pixels)
    window = (0, 0, 8, 8)
    with pytest.raises(ZooError, match=r"silent.tif holds -.* looks like nodata"):
        images.measured(tmp_path / "silent.tif", window, None, Values())
    for path, values in ((tmp_path / "silent.tif", Values(nodata=value)), (tmp_path / "says.tif", Values())):
        scaled, valid = images.measured(path, window, None, values)
        assert valid is not None
        assert valid.sum() == 48
        assert set(np.unique(scaled)) == {0.0, 0.5}


def test_a_truncated_raster_is_named(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 60000, (4, 256, 256)).astype(np.uint16)
    path = write(tmp_path / "cut.tif", noise, tiled=True, blockxsize=64, blockysize=64, compress="deflate")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ZooError, match=r"image .*cut\.tif cannot be read"):
        images.read(path)
        read_part(whole(path), (192, 192, 64, 64), Values())


def test_a_file_is_opened_once_and_anew_when_it_changed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", numbered())
    rasters = OpenRasters()
    first = rasters.get(path)
    assert rasters.get(path) is first
    write(path, numbered(10, 10) + 1)
    assert rasters.read(path).shape == (5, 10, 10)
    for index in range(MOST_OPEN + 3):
        rasters.get(write(tmp_path / f"{index}.tif", numbered(2, 2)))
    assert len(rasters.held) == MOST_OPEN
    for raster in rasters.held.values():
        raster.close()


def child(path: Path, answers: "multiprocessing.Queue") -> None:
    answers.put(images.read(path, (0, 0, 3, 3)).tolist())


def test_a_forked_worker_opens_its_own(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", numbered())
    expected = images.read(path, (0, 0, 3, 3)).tolist()
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    worker = context.Process(target=child, args=(path, answers))
    worker.start()
    assert answers.get(timeout=20) == expected
    worker.join()
    assert OPEN.process != worker.pid


def test_what_cannot_be_read_is_said_by_who_knows(tmp_path: Path) -> None:
    path, profile = tmp_path / "cut.tif", {"width": 60, "height": 40, "count": 5, "transform": NORTH_UP}
    with rasterio.open(path, "w", driver="GTiff", dtype="uint16", **profile) as raster:
        raster.write(numbered())
    path.write_bytes(path.read_bytes()[:10_000])
    with pytest.raises(ZooError, match=r"cut.tif cannot be read \(.*got \d+ bytes, expected \d+\); replace it"):
        images.read(path)


@pytest.mark.parametrize(("said", "kept"), [(None, 1 << 20), ("7MB", 7 << 20)])
def test_the_environment_decides_how_many_blocks_are_kept(said: str | None, kept: int) -> None:
    ask = "from recipes.imagery.rasters import keep_blocks; from rasterio.env import get_gdal_config as get; "
    ask += "keep_blocks(1 << 20); print(get('GDAL_CACHEMAX'))"
    others = {name: value for name, value in os.environ.items() if name != "GDAL_CACHEMAX"}
    environment = others if said is None else {**others, "GDAL_CACHEMAX": said}
    done = subprocess.run([sys.executable, "-c", ask], check=True, stdout=subprocess.PIPE, text=True, env=environment)
    assert int(done.stdout) == kept
