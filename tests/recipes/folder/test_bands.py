"""Bands have names: of the user, of the file, or by number."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.enums import ColorInterp

from recipes.folder.bands import names_of
from recipes.folder.boxes.options import FolderOptions
from recipes.folder.boxes.scenes import read_folder
from recipes.imagery.images import facts, read
from tests.recipes.folder import tiny
from zoo.errors import ZooError


def test_names_of_the_user(tmp_path: Path) -> None:
    tiny.make(tmp_path, "coco", bands=5)
    names = ("coastal", "blue", "green", "red", "nir")
    assert read_folder(tmp_path, FolderOptions(bands=names)).bands == names


def raster(path: Path, bands: int, descriptions: tuple[str, ...] = (), colours: tuple[ColorInterp, ...] = ()) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with rasterio.open(path, "w", driver="GTiff", width=8, height=8, count=bands, dtype="uint16") as file:
            if colours:
                file.colorinterp = colours
            if descriptions:
                file.descriptions = descriptions
            file.write(np.zeros((bands, 8, 8), np.uint16))
    return path


C = ColorInterp


@pytest.mark.parametrize(
    ("bands", "descriptions", "colours", "names"),
    [
        (1, (), (), ("grey",)),
        (1, ("pan",), (), ("pan",)),
        (2, ("VV", "VH"), (), ("VV", "VH")),
        (2, ("VV", ""), (), ("band1", "band2")),
        (3, (), (C.red, C.green, C.blue), ("red", "green", "blue")),
        (4, ("B2", "B3", "B4", "B8"), (C.red, C.green, C.blue, C.undefined), ("B2", "B3", "B4", "B8")),
        (4, (), (C.red, C.green, C.blue, C.undefined), ("band1", "band2", "band3", "band4")),
        (3, ("x", "x", "x"), (C.gray, C.undefined, C.undefined), ("band1", "band2", "band3")),
    ],
)
def test_names_of_a_raster(
    tmp_path: Path, bands: int, descriptions: tuple[str, ...], colours: tuple[ColorInterp, ...], names: tuple[str, ...]
) -> None:
    assert names_of(raster(tmp_path / "a.tif", bands, descriptions, colours), bands) == names


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_facts_are_those_of_the_pixels(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    image = Image.new("L", (6, 4)).convert("I").convert(mode) if mode == "I;16" else Image.new(mode, (6, 4))
    image.save(path)
    said, pixels = facts(path), read(path)
    assert (said.bands, said.height, said.width) == pixels.shape
    assert said.dtype == pixels.dtype.name
    assert len(names_of(path, said.bands)) == said.bands


def differently_named(root: Path, *orders: tuple[str, ...]) -> Path:
    """Write six images with a box each, whose bands hold the value that belongs to their names, in one of the orders."""
    value = {"red": 10, "green": 20, "blue": 30, "nir": 40}
    tiny.make(root, "csv", bands=5)
    for number in range(6):
        names = orders[number % len(orders)]
        path = root / f"image_{number:03d}.tif"
        kind = {"count": 4, "dtype": "uint8", "photometric": "minisblack"}  # else GDAL calls the fourth alpha
        with rasterio.open(path, "w", driver="GTiff", width=64, height=64, **kind) as file:
            if names:
                file.descriptions = names
            pixels = np.stack([np.full((64, 64), value.get(name.lower(), 0), np.uint8) for name in names or value])
            pixels[:, -1, -1] += np.uint8(number)  # no two are copies
            file.write(pixels)
    return root


RGBN = ("red", "green", "blue", "nir")


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("second", [("nir", "red", "green", "blue"), ("Nir", "Red", "Green", "Blue"), ()])
def test_another_order_of_bands_is_matched_by_name(tmp_path: Path, second: tuple[str, ...]) -> None:
    split = read_folder(differently_named(tmp_path, *((RGBN, second) if second else (second, RGBN))))
    assert split.bands == RGBN
    for scene in (scene for those in split.parts.values() for scene in those):
        assert read(scene.path, None, scene.bands)[:, 0, 0].tolist() == [10, 20, 30, 40]
    assert any("3 images have another order of bands" in note for note in split.notes) == bool(second)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_bands_that_nobody_can_match_are_refused_and_new_names_hold(tmp_path: Path) -> None:
    other = ("red", "green", "blue", "thermal")
    with pytest.raises(
        ZooError, match=r"image_00\d.tif has red, green, blue, thermal and others have red, green, blue, nir"
    ):
        read_folder(differently_named(tmp_path, RGBN, other))
    assert read_folder(tmp_path, FolderOptions(band_names=other)).bands == other
    with pytest.raises(ZooError, match=r"data.band_names=\['red', 'nir'\] must be 4 different names"):
        read_folder(tmp_path, FolderOptions(band_names=("red", "nir")))
    with pytest.raises(ZooError, match=r"names 'nri', and .* has 4 bands, red, green, blue, nir; did you mean nir"):
        read_folder(tmp_path, FolderOptions(bands=("red", "nri")))
    unlike = differently_named(tmp_path / "unlike", RGBN, ("b1", "b2", "b3", "b4"))
    told = [note for note in read_folder(unlike).notes if "called otherwise" in note]
    assert "bands are taken in their order for red, green, blue, nir" in told[0]
    assert "image_001.tif: b1, b2, b3, b4" in told[0]


def test_several_types_are_noted(tmp_path: Path) -> None:
    tiny.make(tmp_path, "csv", bands=5)
    tiny.save(tmp_path / "image_003.tif", np.full((5, 64, 64), 60_000, np.uint16))
    notes = read_folder(tmp_path).notes
    assert any("uint8 (image_000.tif), uint16 (image_003.tif)" in note for note in notes)
