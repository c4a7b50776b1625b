"""Crops and tiles follow the images of a folder, and photographs suggest how they are looked at."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from configuration.composition import compose, recompose, to_dict
from configuration.suggestions import suggest
from recipes.folder.boxes.module import FolderDetection
from recipes.folder.boxes.photographs import settings
from recipes.folder.masks.module import FolderSegmentation
from recipes.folder.sizes import settle
from recipes.imagery.module import SceneLoading
from recipes.imagery.scene import Scene
from tests.recipes.folder import tiny
from tests.recipes.folder.tiny import Picture
from tests.recipes.test_resizing import unchanged
from zoo.errors import ZooError

LEFT = SceneLoading(crop=None, tile=None, overlap=None)
WORDS = ["task=detection", "data=folder"]


def scenes(width: int, height: int, side: float) -> list[Scene]:
    box = np.array([[0, 0, side, side / 2]], np.float32)
    return [Scene("a", Path("a"), (0, 0, width, height), box, np.zeros(1, np.int64))]


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [
        ((101, 101), 20, (128, 128, 32)),  # no larger than the images
        ((5000, 4000), 20, (320, 640, 96)),  # the usual
        ((5000, 4000), 200, (416, 640, 96)),  # twice as long as the objects
        ((5000, 4000), 900, (640, 640, 96)),  # and no more than twice the usual
        ((400, 300), 900, (416, 416, 96)),
        ((300, 200), 20, (224, 320, 80)),  # no longer than their shorter side, and hardly padded
        ((300, 200), 280, (288, 320, 80)),  # unless objects are longer
    ],
)
def test_sizes_follow_the_data(size: tuple[int, int], side: float, expected: tuple[int, int, int]) -> None:
    assert settle(LEFT, scenes(*size, side), FolderDetection.usual).frame[:3] == expected


@pytest.mark.parametrize(("sides", "count"), [((300, 256, 225), 0), ((300, 101, 101), 2), ((101, 101, 101), 3)])
def test_images_that_crops_reach_beyond_are_counted(tmp_path: Path, sides: tuple[int, ...], count: int) -> None:
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    for number, (side, part) in enumerate(
        zip((*sides, 64, 64), ("train", "train", "train", "val", "test"), strict=True)
    ):
        pixels = np.random.default_rng(number).integers(0, 255, (side, side, 3)).astype(np.uint8)
        for folder, written in (("images", pixels), ("masks", pixels[..., 0] >> 7)):
            (tmp_path / folder / part).mkdir(exist_ok=True)
            Image.fromarray(written).save(tmp_path / folder / part / f"{number}.png")
    data = FolderSegmentation("mine", tmp_path, unchanged, crop=256, tile=256, overlap=0)
    said = [note for note in data.profile().notes if "smaller than a crop" in note]
    verb = "is" if count == 1 else "are"
    beyond = "crops show their mirror image, which counts as not known, beyond their edge; data.crop=128 keeps within"
    expected = f"{count} of 3 training images {verb} smaller than a crop of 256 px (the least 101 × 101), and {beyond}"
    assert said == ([expected] if count else [])


def test_what_is_said_stays() -> None:
    said = SceneLoading(crop=48, tile="crop", overlap=7)
    assert settle(said, scenes(101, 101, 20), FolderDetection.usual).frame[:3] == (48, 48, 7)
    with pytest.raises(ZooError, match=r"data.crop=null follows the images with data=folder alone"):
        LEFT.frame  # noqa: B018


def test_a_run_keeps_the_sizes_that_it_found(tmp_path: Path) -> None:
    tiny.make(tmp_path, "voc", size=100)
    data = FolderDetection("mine", tmp_path, unchanged, crop=None, tile=None, overlap=None)
    assert data.settings_from_data() == {"crop": 128, "tile": 128, "overlap": 32}


def photographs(root: Path, share: float, ending: str = "png") -> list[str]:
    """Write six pictures of 200 × 150 pixels with an object that takes this share of their width; return the words."""
    made = []
    for number in range(6):
        box = np.array([[5, 5, 5 + share * 200, 5 + share * 100]])
        made.append(Picture(f"{number}.{ending}", 200, 150, box, ("cat",)))
        path = root / tiny.image_folder("voc") / made[-1].name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((150, 200, 3), 40 * number, np.uint8)).save(path)
    tiny.write(root, "voc", made, ["cat"])
    return [*WORDS, f"data.root={root}"]


def test_photographs_suggest_a_run(tmp_path: Path) -> None:
    words = photographs(tmp_path, 0.6)
    assert suggest(words) == {"model": "nanodet_g", "data.resize": "320", "augment": "standard"}
    cfg = compose(words)
    assert (cfg.model.name, cfg.data.resize, cfg.trainer.max_epochs) == ("nanodet_g", 320, None)
    assert suggest([*words, "model=ssd512"]) == {"data.resize": "512", "augment": "standard"}
    assert suggest([*words, "model=kestrel_nano"])["model.views"] == "1"
    assert suggest([*words, "augment=none"]) == {"model": "nanodet_g", "data.resize": "320"}


def test_a_run_looks_at_other_data_as_at_its_own(tmp_path: Path) -> None:
    photos, run = photographs(tmp_path, 0.6)[1:], to_dict(compose(["task=detection", "data=satellite"]))
    sizes = {"crop": 96, "tile": 128, "overlap": 32}
    for before in ({**sizes, "resize": None}, sizes):  # a run of scenes, and one of before there was a choice
        data = recompose({**run, "data": before}, photos).data
        assert {name: data[name] for name in ("crop", "tile", "overlap", "resize")} == {**sizes, "resize": None}
    whole = {"crop": 320, "tile": 320, "overlap": 0, "resize": 320}
    for words in (photos, ["data=satellite"]):
        data = recompose({**run, "data": whole}, words).data
        assert {name: data[name] for name in whole} == whole


@pytest.mark.parametrize(
    "word", ["data.resize=null", "data.crop=64", "data.tile=64", "fit=warn", "data.geometry=rotated_box"]
)
def test_who_says_otherwise_is_suggested_nothing(word: str, tmp_path: Path) -> None:
    assert suggest([*photographs(tmp_path, 0.6), word]) == {}


@pytest.mark.parametrize(("share", "ending"), [(0.1, "png"), (0.6, "tif")])
def test_scenes_suggest_nothing(share: float, ending: str, tmp_path: Path) -> None:
    assert suggest(photographs(tmp_path, share, ending)) == {}


def test_what_cannot_be_read_suggests_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("nothing")
    for root in (tmp_path, tmp_path / "none"):
        assert suggest([*WORDS, f"data.root={root}"]) == {}


@pytest.mark.parametrize(("low", "side"), [(0.5, 320), (0.06, 544), (0.01, 640)])
def test_smaller_objects_are_shown_larger(low: float, side: int) -> None:
    assert settings("kestrel_tiny", low)["data.resize"] == str(side)
    assert settings("ssd300", low)["data.resize"] == "300"  # it scales what it sees
