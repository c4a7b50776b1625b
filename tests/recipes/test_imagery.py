"""Scenes, crops and tiles: what belongs together stays together, and what is drawn depends on the seed alone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision.tv_tensors import BoundingBoxes
from torchvision.tv_tensors import Image as Pixels

from recipes.imagery import images
from recipes.imagery.augment import FreeRotation, Photometric, Symmetries
from recipes.imagery.crops import Drawing, RandomCrops
from recipes.imagery.scene import Scene
from recipes.imagery.tiled import Tiles
from recipes.kit.pipeline import Pipeline
from recipes.kit.sampler import Alike
from zoo.errors import ZooError


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A dark image of 300 × 200 with white rectangles, which are the objects."""
    draw = np.random.default_rng(0)
    pixels = np.zeros((200, 300, 3), np.uint8)
    corners = draw.integers(0, (260, 160), (12, 2))
    boxes = np.concatenate([corners, corners + draw.integers(8, 40, (12, 2))], axis=1)
    for x0, y0, x1, y1 in boxes:
        pixels[y0:y1, x0:x1] = 255
    path = tmp_path / "scene.png"
    Image.fromarray(pixels).save(path)
    return Scene("scene", path, (0, 0, 300, 200), boxes.astype(np.float32), np.zeros(12, np.int64))


def test_a_crop_shows_what_its_boxes_say(scene: Scene) -> None:
    crops = RandomCrops([scene], 96, 50, seed=3, augment=Pipeline([Symmetries()]))
    seen = 0
    for index in range(50):
        sample = crops[(0, index)]
        assert sample["image"].shape == (3, 96, 96)
        for x0, y0, x1, y1 in sample["boxes"].int().tolist():
            assert float(sample["image"][:, y0:y1, x0:x1].mean()) == 1.0
            seen += 1
    assert seen > 50


def test_a_scaled_crop_shows_what_its_boxes_say(scene: Scene) -> None:
    crops = RandomCrops([scene], 96, 40, seed=3, augment=Pipeline(), drawing=Drawing(scale=0.4))
    seen, whites = 0, []
    for index in range(40):
        sample = crops[(0, index)]
        assert sample["image"].shape == (3, 96, 96)
        for box in sample["boxes"].tolist():
            x0, y0, x1, y1 = (round(side) for side in (box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1))
            if x1 > x0 and y1 > y0:
                whites.append(float(sample["image"][:, y0:y1, x0:x1].mean()))
                seen += 1
    assert seen > 40
    assert min(whites) > 0.9


def test_what_crops_are_drawn_around_is_left_when_they_are_turned(tmp_path: Path) -> None:
    """One object in a corner: half of the crops are about it, and are of what is known but for what lies beyond the scene."""
    pixels, mask = np.zeros((200, 200, 3), np.uint8), np.zeros((200, 200), np.uint8)
    pixels[6:14, 6:14], mask[6:14, 6:14] = 255, 1
    path = tmp_path / "scene.png"
    Image.fromarray(pixels).save(path)
    box, label = np.array([[6, 6, 14, 14]], np.float32), np.zeros(1, np.int64)
    masked = Scene("scene", path, (0, 0, 200, 200), box, label, mask)
    around = RandomCrops([masked], 64, 100, seed=0, augment=Pipeline([FreeRotation()]))
    samples = [around[(0, index)] for index in range(100)]
    shown = [bool((sample["mask"] == 1).any()) for sample in samples]
    assert 0.35 < np.mean(shown) < 0.7
    for sample in samples:
        white = sample["image"][0] > 0.5
        assert not white[sample["mask"] == 0].any()
        assert (sample["mask"] == 255).float().mean() < 0.8


def test_a_crop_is_a_function_of_seed_epoch_and_index(scene: Scene) -> None:
    augment = Pipeline([Symmetries(), Photometric()])
    one, two, other = (RandomCrops([scene], 64, 9, seed=s, augment=augment) for s in (1, 1, 2))
    torch.manual_seed(5)
    first = [one[(3, i)] for i in range(9)]
    torch.manual_seed(6)
    again = [two[(3, i)] for i in reversed(range(9))][::-1]
    assert all(
        torch.equal(a["image"], b["image"]) and a["name"] == b["name"] for a, b in zip(first, again, strict=True)
    )
    assert any(a["name"] != other[(3, i)]["name"] for i, a in enumerate(first))
    assert any(a["name"] != one[(4, i)]["name"] for i, a in enumerate(first))


def test_the_random_state_of_the_program_is_left_alone(scene: Scene) -> None:
    crops = RandomCrops([scene], 64, 9, seed=1, augment=Pipeline([Symmetries()]))
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    _ = crops[(0, 0)]
    assert torch.equal(torch.rand(3), expected)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_symmetries_move_image_and_boxes_together(seed: int) -> None:
    image = torch.zeros(1, 32, 32)
    image[:, 4:9, 20:30] = 1
    box = BoundingBoxes(torch.tensor([[20.0, 4, 30, 9]]), format="XYXY", canvas_size=(32, 32))
    torch.manual_seed(seed)
    out = Symmetries()({"image": Pixels(image), "boxes": box})
    x0, y0, x1, y1 = out["boxes"][0].round().int().tolist()
    assert float(out["image"].sum()) == 50
    assert float(out["image"][:, y0:y1, x0:x1].sum()) == 50


@pytest.mark.parametrize("bands", [1, 3, 4, 8])
def test_light_changes_any_number_of_bands_and_stays_in_range(bands: int) -> None:
    torch.manual_seed(0)
    for _ in range(20):
        out = Photometric(0.5)({"image": Pixels(torch.rand(bands, 8, 8))})["image"]
        assert out.shape == (bands, 8, 8)
        assert 0 <= float(out.min()) <= float(out.max()) <= 1


@pytest.mark.parametrize(("size", "overlap"), [(64, 16), (128, 0), (400, 50)])
def test_over_all_tiles_each_object_is_true_once(scene: Scene, size: int, overlap: int) -> None:
    tiles = Tiles([scene], size, overlap)
    found = []
    for i in range(len(tiles)):
        sample = tiles[i]
        assert sample["image"].shape == (3, min(size, 224), min(size, 320))
        tile = sample["tile"]
        found += (sample["boxes"].numpy() + np.array([tile.x, tile.y, tile.x, tile.y])).tolist()
    assert sorted(found) == sorted(scene.boxes.tolist())


def test_a_scene_smaller_than_a_tile_is_seen_as_it_is(tmp_path: Path) -> None:
    scenes = []
    for number, (width, height) in enumerate([(100, 60), (300, 90), (96, 64), (90, 40)]):
        path = tmp_path / f"{number}.png"
        Image.fromarray(np.full((height, width, 3), 50 + number, np.uint8)).save(path)
        mask = np.full((height, width), number, np.uint8)
        scenes.append(Scene(str(number), path, (0, 0, width, height), mask=mask))
    tiles = Tiles(scenes, 128, 0)
    assert [sample["name"][0] for sample in map(tiles.__getitem__, range(len(tiles)))] == list("011123")
    assert tiles.shapes == [(128, 64), *[(128, 96)] * 3, (96, 64), (96, 64)]
    for sample, (width, height) in zip(map(tiles.__getitem__, range(len(tiles))), tiles.shapes, strict=True):
        assert sample["image"].shape == (3, height, width)
        assert sample["mask"].shape == (height, width)
        assert float(sample["image"].min()) > 0, "beyond the scene it is mirrored"
    batches = list(Alike(tiles.shapes, 2))
    assert batches == [[0], [1, 2], [3], [4, 5]]
    assert len(Alike(tiles.shapes, 2)) == 4
    whole = Tiles(scenes, 128, 0, padding="tile")
    assert {sample["image"].shape for sample in map(whole.__getitem__, range(len(whole)))} == {(3, 128, 128)}


def test_scenes_of_one_shape_come_together(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (200, 200)).save(path)
    windows = [(0, 0, 30, 60), (0, 0, 60, 30), (5, 5, 31, 50), (9, 9, 50, 20)]
    tiles = Tiles([Scene(str(number), path, window) for number, window in enumerate(windows)], 96, 0)
    assert [tiles[index]["name"].split("@")[0] for index in range(4)] == ["0", "2", "1", "3"]


def test_a_region_takes_the_objects_whose_centre_is_inside(scene: Scene) -> None:
    left = scene.region("left", (0, 0, 150, 200))
    right = scene.region("right", (150, 0, 150, 200))
    assert len(left.boxes) + len(right.boxes) == len(scene.boxes)
    assert left.boxes[:, 2].max() <= 150
    assert right.window == (150, 0, 150, 200)
    with pytest.raises(ZooError, match="must not be empty"):
        scene.region("none", (0, 0, 0, 5))


def test_pixels_are_scaled_by_what_the_data_declares() -> None:
    assert images.unit(np.array([0, 255], np.uint8)).tolist() == [0.0, 1.0]
    assert images.unit(np.array([0, 65535], np.uint16)).tolist() == [0.0, 1.0]
    assert images.unit(np.array([0, 2047, 5000], np.uint16), (0, 2047)).tolist() == [0.0, 1.0, 1.0]
    assert images.unit(np.array([np.nan, 0.5], np.float32)).tolist() == [0.0, 0.5]
    with pytest.raises(ZooError, match="value_range"):
        images.unit(np.array([1], np.int64))


@pytest.mark.parametrize(
    ("mode", "bands", "dtype"),
    [
        ("L", 1, "uint8"),
        ("RGB", 3, "uint8"),
        ("RGBA", 3, "uint8"),
        ("LA", 1, "uint8"),
        ("P", 3, "uint8"),
        ("I;16", 1, "uint16"),
    ],
)
def test_pictures_of_all_kinds(tmp_path: Path, mode: str, bands: int, dtype: str) -> None:
    path = tmp_path / "picture.png"
    picture = Image.new("RGB", (20, 10), (200, 100, 50))
    picture = Image.fromarray(np.full((10, 20), 40000, np.uint16)) if mode == "I;16" else picture.convert(mode)
    picture.save(path)
    facts = images.facts(path)
    pixels = images.read(path)
    assert (facts.width, facts.height, facts.bands, facts.dtype) == (20, 10, bands, dtype)
    assert pixels.shape == (bands, 10, 20)
    assert pixels.dtype == dtype


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"hello"])
def test_a_file_that_is_no_image_is_named(tmp_path: Path, content: bytes) -> None:
    for suffix in (".png", ".jpg", ".tif"):
        path = tmp_path / f"broken{suffix}"
        path.write_bytes(content)
        for look in (images.facts, images.read):
            with pytest.raises(ZooError, match=f"broken{suffix}"):
                look(path)


def test_a_truncated_picture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:4000])
    assert images.facts(path).width == 64
    with pytest.raises(ZooError, match="cut.png"):
        images.read(path)


def test_a_crop_beyond_a_scene_shows_what_evaluation_does(tmp_path: Path) -> None:
    """The mirror image of a scene with a mask, which counts as not known; of one with objects zeros."""
    pixels = np.random.default_rng(0).integers(1, 255, (40, 50, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    masked = Scene("a", tmp_path / "a.png", (0, 0, 50, 40), mask=np.ones((40, 50), np.uint8))
    drawn = RandomCrops([masked], 64, 1, 0, Pipeline())[0, 0]
    seen = Tiles([masked], 64, 0, padding="tile")[0]
    torch.testing.assert_close(drawn["image"].as_subclass(torch.Tensor), seen["image"])
    torch.testing.assert_close(drawn["mask"].as_subclass(torch.Tensor), seen["mask"])
    assert (drawn["mask"][:40, :50] == 1).all()
    assert (drawn["mask"] == 255).sum() == 64 * 64 - 40 * 50
    boxed = Scene("a", tmp_path / "a.png", (0, 0, 50, 40), np.array([[1, 1, 9, 9]], np.float32), np.zeros(1, np.int64))
    image = RandomCrops([boxed], 64, 1, 0, Pipeline())[0, 0]["image"]
    assert not image[:, 40:].any()
    assert not image[:, :, 50:].any()
