"""`data.resize`: whole pictures are seen scaled, and what is said of them is in their own pixels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor, nn

from recipes.folder.boxes.module import FolderDetection
from recipes.folder.masks.module import FolderSegmentation
from recipes.imagery.images import Values
from recipes.imagery.parts import read_part
from recipes.imagery.resizing import resized, scale_image, scale_mask
from recipes.imagery.scene import Scene
from recipes.imagery.tiled import Tiles
from tasks.detection import Detection
from tasks.segmentation import Segmentation
from tests.inference.test_contract import opened
from tests.recipes.folder import tiny
from zoo.detection.scene import SceneMerger, to_scene
from zoo.errors import ZooError
from zoo.geometry.tiles import fitted, whole
from zoo.inference.load import predictor_of

SIDE = 64
sides = st.integers(8, 3000)
places = st.lists(st.tuples(*[st.floats(0, 1, width=32)] * 4), min_size=1, max_size=8)


def unchanged(sample: dict[str, Any]) -> dict[str, Any]:
    return sample


def boxes_in(width: int, height: int, shares: list[tuple[float, ...]]) -> np.ndarray:
    """Return boxes (N, 4) xyxy in a picture."""
    points = np.array(shares).reshape(-1, 2, 2) * (width, height)
    return np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1).astype(np.float32)


@given(sides, sides, st.integers(16, 1024), places)
def test_boxes_go_there_and_back(width: int, height: int, side: int, shares: list[tuple[float, ...]]) -> None:
    boxes = boxes_in(width, height, shares)
    seen = resized(Scene("a", Path("a"), (0, 0, width, height), boxes, np.zeros(len(boxes), np.int64)), side)
    assert max(seen.width, seen.height) == side == max(fitted(width, height, side))
    assert (seen.boxes <= np.array([seen.width, seen.height] * 2) + 1e-2).all()
    back = to_scene(whole(width, height, side), torch.from_numpy(seen.boxes)).numpy()
    np.testing.assert_allclose(back, boxes, atol=1e-2)


@given(st.integers(60, 2000), st.integers(60, 2000), st.floats(0, 360))
def test_rotated_boxes_keep_their_angle(width: int, height: int, angle: float) -> None:
    box = np.array([[width / 2, height / 3, width / 4, height / 5, angle]], np.float32)
    seen = resized(Scene("a", Path("a"), (0, 0, width, height), box, np.zeros(1, np.int64)), 320)
    back = to_scene(whole(width, height, 320), torch.from_numpy(seen.boxes)).numpy()
    np.testing.assert_allclose(back, box, atol=0.5)
    assert back[0, 4] == np.float32(angle)


def test_what_is_found_in_a_scaled_picture_is_merged_in_its_own_pixels() -> None:
    boxes = boxes_in(300, 200, [(0.1, 0.2, 0.9, 0.95), (0.0, 0.0, 1.0, 1.0)])
    tile, merger = whole(300, 200, SIDE, "a"), SceneMerger()
    seen = resized(Scene("a", Path("a"), (0, 0, 300, 200), boxes, np.zeros(2, np.int64)), SIDE).boxes
    merger.add(
        tile, {"boxes": torch.from_numpy(seen), "scores": torch.tensor([0.9, 0.8]), "labels": torch.tensor([0, 1])}
    )
    np.testing.assert_allclose(merger.scenes()["a"]["boxes"].numpy(), boxes, atol=1e-3)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 5))
def test_masks_go_there_and_back(height: int, width: int, factor: int) -> None:
    mask = np.random.default_rng(0).integers(0, 5, (height, width)).astype(np.uint8)
    larger = scale_mask(mask, (width * factor, height * factor))
    assert np.array_equal(larger, np.kron(mask, np.ones((factor, factor), np.uint8)))
    assert np.array_equal(scale_mask(larger, (width, height)), mask)


def test_what_is_no_data_darkens_nothing() -> None:
    image, valid = np.full((3, 60, 90), 0.5, np.float32), np.ones((60, 90), bool)
    image[:, :, :40], valid[:, :40] = 0, False
    pixels, there = scale_image(image, valid, (31, 20))
    assert there is not None
    assert 0.5 < there.mean() < 0.6
    np.testing.assert_allclose(pixels[:, there], 0.5, atol=1e-5)
    assert (pixels[:, ~there] == 0).all()
    assert scale_image(image, None, (31, 20))[1] is None


def picture(path: Path, width: int = 300, height: int = 200) -> tuple[int, int, int, int]:
    """Save a black picture with one white rectangle, and return that."""
    pixels = np.zeros((height, width, 3), np.uint8)
    left, top, right, bottom = 60, 40, 181, 160
    pixels[top:bottom, left:right] = 255
    Image.fromarray(pixels).save(path)
    return left, top, right, bottom


def test_a_part_of_a_scaled_scene_is_a_part_of_the_scaled_picture(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    seen = resized(Scene("a", tmp_path / "a.png", (0, 0, 300, 200)), SIDE)
    every = read_part(seen, (0, 0, SIDE, SIDE), Values())
    assert every.window == (0, 0, 64, 43)
    assert (every.image[:, 43:] == 0).all()
    part = read_part(seen, (10, 5, 20, 20), Values())
    assert np.array_equal(part.image, every.image[:, 5:25, 10:30])
    assert every.image[:, 20, 25].min() > 0.99
    assert every.image[:, 2, 2].max() < 0.01


class Bright(nn.Module):
    """Finds the box around what is bright, and says which pixels are."""

    def forward(self, images: Tensor, targets: Any = None) -> Any:
        """Return the detections of each image."""
        found = []
        for image in images:
            y, x = torch.nonzero(image.mean(dim=0) > 0.5).T
            box = torch.stack((x.min(), y.min(), x.max() + 1, y.max() + 1))[None].float()
            found.append({"boxes": box, "scores": torch.ones(1), "labels": torch.ones(1).long()})
        return found


class BrightPixels(nn.Module):
    """Gives bright pixels the class 1."""

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, 2, H, W)."""
        bright = 20 * (images.mean(dim=1, keepdim=True) - 0.5)
        return torch.cat((-bright, bright), dim=1)


RESIZED = {"tile": SIDE, "overlap": 0, "resize": SIDE}
PIXEL = 300 / SIDE  # of the picture, for one that is seen


def test_objects_are_told_in_the_pictures_own_pixels(tmp_path: Path) -> None:
    box = picture(tmp_path / "a.png")
    predictor = predictor_of(opened(Bright(), {"name": "detection"}, data=RESIZED))
    for source in (tmp_path / "a.png", np.array(Image.open(tmp_path / "a.png")).transpose(2, 0, 1)):
        found = predictor(source)
        assert len(found.boxes) == 1
        np.testing.assert_allclose(found.boxes[0], box, atol=PIXEL)
    with pytest.raises(ZooError, match=r"trained on whole images scaled to data.resize=64 pixels.*leave out --tile"):
        predictor.prepare(tmp_path / "a.png", tile=32)


def test_masks_are_as_large_as_the_picture(tmp_path: Path) -> None:
    left, top, right, bottom = picture(tmp_path / "a.png")
    found = predictor_of(opened(BrightPixels(), {"name": "segmentation"}, data=RESIZED))(tmp_path / "a.png")
    truth = np.zeros((200, 300), bool)
    truth[top:bottom, left:right] = True
    assert found.mask.shape == truth.shape
    assert (found.mask.astype(bool) & truth).sum() / (found.mask.astype(bool) | truth).sum() > 0.93


def test_evaluation_counts_boxes_in_the_pictures_own_pixels(tmp_path: Path) -> None:
    tiny.make(tmp_path, "voc", images=8, size=100)
    data = FolderDetection("mine", tmp_path, unchanged, resize=SIDE, crop=None, tile=None, overlap=None, batch_size=2)
    data.setup()
    assert data.settings_from_data() == {"crop": SIDE, "tile": SIDE, "overlap": 0}
    assert data.profile().scenes == ((SIDE, SIDE),)
    assert "whole pictures are scaled to 64 px" in data.profile().notes[-1]
    task = Detection(Bright(), data.classes, optimizer=None, scheduler=None)
    task.answer = lambda batch: [{**target, "scores": torch.ones(len(target["labels"]))} for target in batch["targets"]]  # type: ignore[assignment]
    for batch in data.test_dataloader():
        assert batch["images"].shape[2:] == (SIDE, SIDE)
        task.update(batch, "test")
    assert task.compute("test")["map"] == pytest.approx(1)
    for result in task.results:
        expected = data.find(result.name).boxes
        np.testing.assert_allclose(result.truth["boxes"].numpy(), expected, atol=1e-3)
        np.testing.assert_allclose(np.sort(result.found["boxes"].numpy(), axis=0), np.sort(expected, axis=0), atol=1e-3)
    crops = next(iter(data.train_dataloader()))
    assert crops["images"].shape == (2, 3, SIDE, SIDE)


def test_evaluation_counts_the_pixels_of_the_pictures_own_masks(tmp_path: Path) -> None:
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
    for number in range(8):
        width, height = 150 + 10 * number, 100 + number
        left, top, right, bottom = picture(tmp_path / "images" / f"{number}.png", width, height)
        mask = np.zeros((height, width), np.uint8)
        mask[top:bottom, left:right] = 1
        Image.fromarray(mask).save(tmp_path / "masks" / f"{number}.png")
    data = FolderSegmentation(
        "mine", tmp_path, unchanged, resize=SIDE, crop=None, tile=None, overlap=None, batch_size=2
    )
    data.setup()
    task = Segmentation(BrightPixels(), data.classes, optimizer=None, scheduler=None)
    for batch in data.test_dataloader():
        task.update(batch, "test")
    assert task.compute("test")["iou"] > 0.9
    for result in task.results:
        scene = data.find(result.name)
        assert result.truth.shape == result.predicted.shape == (scene.height, scene.width)
    crops = next(iter(data.train_dataloader()))
    assert crops["masks"].shape == (2, SIDE, SIDE)
    assert set(crops["masks"].unique().tolist()) <= {0, 1, 255}


def test_tiles_of_another_size_beside_resize_are_refused(tmp_path: Path) -> None:
    tiny.make(tmp_path, "voc")
    with pytest.raises(ZooError, match=r"data.crop=32 says nothing beside data.resize=64"):
        FolderDetection("mine", tmp_path, unchanged, resize=SIDE, crop=32, tile=None, overlap=None).setup()
    again = FolderDetection("mine", tmp_path, unchanged, resize=SIDE, crop=SIDE, tile=SIDE, overlap=0)
    again.setup()  # as the configuration of a run has it
    assert isinstance(again.dataset("val"), Tiles)
