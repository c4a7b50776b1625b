"""Bands have names: of the user, of the file, or by number."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.enums import ColorInterp

from recipes.folder import FolderOptions, read_folder
from recipes.folder.bands import names_of
from recipes.imagery.images import facts, read
from tests.recipes.folder import tiny


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


def test_several_types_are_noted(tmp_path: Path) -> None:
    tiny.make(tmp_path, "csv", bands=5)
    tiny.save(tmp_path / "image_003.tif", np.ones((5, 64, 64), np.uint16))
    notes = read_folder(tmp_path).notes
    assert any("uint8 (image_000.tif), uint16 (image_003.tif)" in note for note in notes)
