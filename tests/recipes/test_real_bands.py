"""Real rasters of many bands, from the wheel of the solaris package: read by name, scaled, masked where they are empty."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from recipes.folder.boxes.module import FolderDetection
from recipes.imagery import images
from recipes.imagery.images import Values, facts
from recipes.imagery.parts import cut_mask, read_part
from recipes.imagery.scene import Scene
from recipes.satellite.buildings import WHEEL
from zoo.errors import ZooError
from zoo.sources import Source, fetch

#: Rotterdam, SpaceNet 6: four optical bands of 1 m, float64; the amplitude of radar in dB, four products of float32.
OPTICAL = ("ms1.tif", "ms2.tif", "ms3.tif")
BANDS = ("blue", "green", "red", "nir")
RADAR = "sar_masked.tif"
LANDSAT = "nebraska_landsat5_with_nodata_wgs84.tif"


def fetched(name: str) -> Path:
    folder = "" if name == LANDSAT else "preproc_tutorial/"
    return fetch([Source(f"{WHEEL}{folder}{name}")]).path


def rotterdam(root: Path, **settings: object) -> FolderDetection:
    """The three optical chips with a box each, where one is needed."""
    lines = ["image,xmin,ymin,xmax,ymax,class"]
    for name in OPTICAL:
        shutil.copy(fetched(name), root / name)
        lines.append(f"{name},100,120,140,150,thing")
    (root / "boxes.csv").write_text("\n".join(lines) + "\n")
    options = {"format": "csv", "value_range": (0, 2047), "band_names": BANDS, "crop": 128, "tile": 128, **settings}
    return FolderDetection("folder", root, lambda sample: sample, **options)


@pytest.mark.real
def test_rotterdam_by_the_names_of_its_bands(tmp_path: Path) -> None:
    data = rotterdam(tmp_path, bands=("nir", "red", "blue"))
    data.setup()
    batch = next(iter(data.test_dataloader()))
    assert data.bands == ("nir", "red", "blue")
    assert batch["images"].shape[1:] == (3, 128, 128)
    tile, name = batch["tiles"][0], batch["names"][0].partition("@")[0]
    raw = images.read(tmp_path / name)[[3, 2, 0], tile.y : tile.y + 128, tile.x : tile.x + 128]
    np.testing.assert_allclose(batch["images"][0].numpy(), np.clip(raw / 2047, 0, 1), atol=1e-6)
    assert data.profile().bands == ("nir", "red", "blue")


@pytest.mark.real
def test_a_band_that_rotterdam_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"'swir1', which ms\d\.tif does not have.*its bands are blue, green, red, nir"):
        rotterdam(tmp_path, bands=("red", "swir1")).setup()
    with pytest.raises(ZooError, match=r"ms1\.tif holds floats from 1 to 2046, .*set data\.value_range=\[1,2046\]"):
        rotterdam(tmp_path, value_range=None).setup()


@pytest.mark.real
def test_radar_is_empty_where_it_is_masked() -> None:
    path = fetched(RADAR)
    assert (facts(path).bands, facts(path).dtype) == (4, "float32")
    raw = images.read(path)
    empty = np.isnan(raw).all(axis=0)
    assert 0.3 < empty.mean() < 0.5
    truth = np.zeros((200, 200), np.uint8)
    part = read_part(
        Scene("sar", path, (0, 0, 200, 200), mask=truth, bands=(1, 0)), (0, 0, 200, 200), Values((-25, 35))
    )
    assert part.image.shape == (2, 200, 200)
    assert np.isfinite(part.image).all()
    assert (part.image[:, empty] == 0).all()
    np.testing.assert_allclose(part.image[:, ~empty], (raw[[1, 0]][:, ~empty] + 25) / 60, atol=1e-5)
    np.testing.assert_array_equal(cut_mask(Scene("sar", path, (0, 0, 200, 200), mask=truth), part) == 255, empty)
    with pytest.raises(ZooError, match="complex64 are complex"):
        images.measured(fetched("sar_hh.tif"), (0, 0, 9, 9), None, Values((0, 1)))


@pytest.mark.real
def test_landsat_with_the_nodata_that_it_declares() -> None:
    path = fetched(LANDSAT)
    _, valid = images.measured(path, (0, 0, 600, 600), None, Values((0, 10000)))
    assert valid is not None
    np.testing.assert_array_equal(valid, images.read(path, (0, 0, 600, 600))[0] != -9999)
    assert 0 < valid.mean() < 1
