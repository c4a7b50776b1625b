"""What is read of pictures and rasters: turned as they are seen, by their content, with transparency as validity."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.enums import ColorInterp

from recipes.imagery import images
from recipes.imagery.bands import names_of, places
from recipes.imagery.images import Values
from recipes.imagery.parts import cut_mask, read_part
from recipes.imagery.scene import Scene
from recipes.inference.source import Source
from zoo.errors import ZooError

W, H = 30, 20
WHOLE = (0, 0, W, H)
pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


def picture(mode: str = "RGB") -> Image.Image:
    """A picture with a bright upper left corner."""
    pixels = np.full((H, W, 3), 40, np.uint8)
    pixels[:5, :8] = 250
    return Image.fromarray(pixels).convert(mode)


def turned(path: Path, orientation: int, **options: object) -> Path:
    exif = Image.Exif()
    exif[274] = orientation
    picture().save(path, exif=exif, **options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize(("orientation", "corner"), [(3, (-1, -1)), (6, (0, -1)), (8, (-1, 0))])
def test_a_picture_is_turned_as_its_exif_says(
    tmp_path: Path, suffix: str, orientation: int, corner: tuple[int, int]
) -> None:
    path = turned(tmp_path / f"a{suffix}", orientation, **({"lossless": True} if suffix == ".webp" else {}))
    seen, pixels = images.facts(path), images.read(path)
    assert (3, seen.height, seen.width) == pixels.shape
    assert (seen.width, seen.height) == ((W, H) if orientation == 3 else (H, W))
    assert seen.stored == (W, H)
    assert pixels[0, corner[0], corner[1]] > 200
    assert pixels[0, -1 - corner[0], -1 - corner[1]] < 60
    assert any("turned as its EXIF says" in note for note in Source.open(path, ("red", "green", "blue"), {}).notes)


def test_a_turned_tiff_is_refused_with_a_way_out(tmp_path: Path) -> None:
    picture().save(tmp_path / "a.tif", tiffinfo={274: 6})
    with pytest.raises(ZooError, match=r"a\.tif is a TIFF with the orientation 6.*save it upright"):
        images.facts(tmp_path / "a.tif")
    picture().save(tmp_path / "b.tif", tiffinfo={274: 1})
    assert images.facts(tmp_path / "b.tif").width == W


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_no_data(tmp_path: Path, mode: str) -> None:
    path, alpha = tmp_path / "a.png", np.full((H, W), 255, np.uint8)
    alpha[:, :10] = 0
    if mode == "P":
        indices = Image.fromarray((alpha > 0).astype(np.uint8), "P")
        indices.putpalette([9, 9, 9, 200, 100, 50])
        indices.save(path, transparency=bytes([0, 255]))
    else:
        whole = picture(mode)
        whole.putalpha(Image.fromarray(alpha))
        whole.save(path)
    bands = 1 if mode == "LA" else 3
    assert images.facts(path).bands == bands
    assert images.read(path).shape == (bands, H, W)
    pixels, valid = images.measured(path, WHOLE, None, Values())
    np.testing.assert_array_equal(valid, alpha > 0)
    assert (pixels[:, :, :10] == 0).all()
    part = read_part(Scene("a", path, WHOLE, mask=np.zeros((H, W), np.uint8)), WHOLE, Values())
    mask = cut_mask(Scene("a", path, WHOLE, mask=np.zeros((H, W), np.uint8)), part)
    assert (mask[:, :10] == 255).all()
    assert (mask[:, 10:] == 0).all()


def raster(path: Path, count: int = 4, **profile: object) -> Path:
    with rasterio.open(path, "w", driver="GTiff", width=W, height=H, count=count, dtype="uint8", **profile) as file:
        file.write(np.full((count, H, W), 7, np.uint8))
    return path


def test_alpha_bands_and_internal_masks_tell_where_there_is_data(tmp_path: Path) -> None:
    path = raster(tmp_path / "alpha.tif", photometric="rgb", alpha="yes")
    with rasterio.open(path, "r+") as file:
        assert file.colorinterp[3] == ColorInterp.alpha
        file.write(np.where(np.arange(W) < 10, 0, 255).astype(np.uint8)[None].repeat(H, 0), 4)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        masked = raster(tmp_path / "masked.tif", 3)
        with rasterio.open(masked, "r+") as file:
            file.write_mask(np.where(np.arange(W) < 10, 0, 255).astype(np.uint8)[None].repeat(H, 0))
    for one in (path, masked):
        assert images.facts(one).bands == 3
        _, valid = images.measured(one, (5, 0, 20, H), None, Values())
        np.testing.assert_array_equal(valid, (np.arange(5, 25) >= 10)[None].repeat(H, 0))
    # with a name for it the band is data
    assert places(path, ("red", "nir"), ("red", "green", "blue", "nir")) == (0, 3)
    assert images.read_validity(path, None, (0, 3)) is None
    assert images.read(path, None, (0, 3)).shape == (2, H, W)
    assert names_of(raster(tmp_path / "named.tif", 2), 2) == ("band1", "band2")


@pytest.mark.parametrize("name", ["a.gif", "b.jfif", "c.jpg_large", "d"])
def test_pictures_are_known_by_their_content(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    picture().save(path, "GIF" if name.endswith("gif") else "JPEG")
    assert images.is_image(path)
    assert images.read(path).shape == (3, H, W)
    assert Source.open(path, ("red", "green", "blue"), {}).scene.width == W
    (tmp_path / "x.txt").write_bytes(path.read_bytes())
    assert not images.is_image(tmp_path / "x.txt")


def test_of_many_pages_the_first_is_read_and_that_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "a.gif", tmp_path / "a.tif"):
        picture().save(path, save_all=True, append_images=[Image.new("RGB", (W, H), (1, 200, 3))])
        assert images.facts(path).pages == 2
        assert abs(int(images.read(path)[0, 0, 0]) - 250) < 4
        assert any("2 pages or frames" in note for note in Source.open(path, ("red", "green", "blue"), {}).notes)


def test_grey_is_read_as_every_colour(tmp_path: Path) -> None:
    picture("L").save(tmp_path / "a.png")
    source = Source.open(tmp_path / "a.png", ("red", "green", "blue"), {})
    assert "is grey" in source.notes[0]
    part = read_part(source.scene, WHOLE, source.values)
    assert part.image.shape == (3, H, W)
    assert (part.image[0] == part.image[2]).all()
    with pytest.raises(ZooError, match="has 1 bands"):
        Source.open(tmp_path / "a.png", ("nir", "red"), {})


def test_a_picture_that_is_too_large_to_decode_is_refused_by_its_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recipes.imagery.pictures.LARGEST", 99)
    path = tmp_path / "large.png"
    Image.new("L", (10, 10)).save(path)
    for ask in (images.facts, images.read):
        with pytest.raises(ZooError, match=r"10 × 10 pixels are more than the 99 .*rio convert large.png large.tif"):
            ask(path)


def test_a_raster_that_claims_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "claim.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=100_000, height=100_000, count=3, dtype="uint8", tiled=True, blockxsize=4096,
        blockysize=4096, sparse_ok=True, crs="EPSG:32616", transform=rasterio.Affine(1, 0, 0, 0, -1, 0),
    ):  # fmt: skip
        pass
    with pytest.raises(ZooError, match=r"claims 30,000,000,000 numbers in [\d,]+ bytes"):
        images.facts(path)
