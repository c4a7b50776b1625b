"""Twelve bits in sixteen: the range is read off the images, kept with the run, and other scenes are refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from PIL import Image

from recipes.folder.boxes.module import FolderDetection
from recipes.folder.masks.module import FolderSegmentation
from recipes.imagery.images import Values
from recipes.imagery.scene import Scene
from recipes.inference.value_range import refuse_other_range
from tasks.agreement import resolve_settings
from zoo.errors import ZooError
from zoo.runs.configuration import is_same

SIZE = 32
pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path_factory.mktemp("home")))


def raster(path: Path, high: float, dtype: str = "uint16", low: float = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.linspace(low, high, 3 * SIZE * SIZE).reshape(3, SIZE, SIZE).astype(dtype)
    with rasterio.open(path, "w", driver="GTiff", width=SIZE, height=SIZE, count=3, dtype=dtype) as file:
        file.write(pixels)
    return path


def masks(root: Path, high: float, dtype: str = "uint16", low: float = 0) -> Path:
    for number in range(4):
        raster(root / f"images/{number}.tif", high - number, dtype, low)
        mask = (np.arange(SIZE) > 9).astype(np.uint8)[None].repeat(SIZE, 0)
        (root / "masks").mkdir(exist_ok=True)
        Image.fromarray(mask).save(root / f"masks/{number}.png")
    return root


def boxes(root: Path, high: float, dtype: str = "uint16", low: float = 0) -> Path:
    rows = ["image,xmin,ymin,xmax,ymax,label"]
    for number in range(4):
        raster(root / f"{number}.tif", high - number, dtype, low)
        rows.append(f"{number}.tif,1,1,20,20,x")
    (root / "boxes.csv").write_text("\n".join(rows))
    return root


BOTH = [(masks, FolderSegmentation), (boxes, FolderDetection)]


@pytest.mark.parametrize(("make", "module"), BOTH)
@pytest.mark.parametrize(("high", "found"), [(3000, [0, 4095]), (200, [0, 255]), (9000, None)])
def test_the_range_is_read_off_the_images(tmp_path: Path, make: Any, module: Any, high: int, found: Any) -> None:
    data = module("mine", make(tmp_path, high), None, crop=SIZE, tile=SIZE, overlap=0)
    data.setup()
    config = {"data": {"name": "mine", "value_range": None}, "task": {}}
    kept = resolve_settings(config, data)["data"]["value_range"]
    assert kept == found
    assert any("was read off them" in note for note in data.split.notes) == (found is not None)
    brightest = max(float(data.dataset("val")[0]["image"].max()), 0.01)
    assert brightest > (0.7 if found else 0.1)
    before, now = {"data.value_range": kept}, {"data.value_range": None}
    assert is_same("data.value_range", before, now)
    assert not is_same("data.value_range", {"data.value_range": None}, {"data.value_range": [0, 9]})


@pytest.mark.parametrize(("make", "module"), BOTH)
def test_what_nobody_can_tell_is_refused_with_a_way_out(tmp_path: Path, make: Any, module: Any) -> None:
    root = make(tmp_path / "signed", 900, "int16", -50)
    with pytest.raises(ZooError, match=r"int16 values from -50 to 900.*data\.value_range=\[-50,900\]"):
        module("mine", root, None).setup()
    module("mine", root, None, value_range=(-50, 900)).setup()
    root = make(tmp_path / "floats", 9, "float32", -3)
    with pytest.raises(ZooError, match=r"floats from -3 to 9.*data\.value_range=\[-3,9\]"):
        module("mine", root, None).setup()
    module("mine", root, None, value_range=(-3, 9)).setup()
    root = make(tmp_path / "both", 900)
    next(root.rglob("0.tif")).unlink()
    raster(root / ("images/0.tif" if (root / "images").is_dir() else "0.tif"), 255, "uint8")
    with pytest.raises(ZooError, match=r"of another type, so that no range fits both"):
        module("mine", root, None).setup()


def scene(path: Path) -> Scene:
    return Scene(path.name, path, (0, 0, SIZE, SIZE))


@pytest.mark.parametrize(
    ("trained", "value_range", "kind", "high", "refused"),
    [
        ("uint8", None, "uint16", 2500, "nearly black"),
        ("uint8", None, "uint16", 60_000, ""),
        ("uint8", None, "uint8", 20, ""),
        ("uint8", None, "float32", 3000, "cut"),
        ("uint16", (0, 4095), "uint16", 2500, ""),
        ("uint16", (0, 4095), "uint16", 40_000, "cut"),
        ("uint16", (0, 4095), "uint8", 255, "nearly black"),
        ("uint16", (0, 4095), "uint16", 300, ""),
    ],
)
def test_a_scene_of_another_range_than_the_runs_is_refused(
    tmp_path: Path, trained: str, value_range: Any, kind: str, high: float, refused: str
) -> None:
    path = raster(tmp_path / "scene.tif", high, kind)
    if not refused:
        refuse_other_range(scene(path), Values(value_range), trained)
        return
    with pytest.raises(ZooError, match=rf"{refused}.*; convert it first: gdal_translate -ot .* -scale 0 {high:g} 0"):
        refuse_other_range(scene(path), Values(value_range), trained)
