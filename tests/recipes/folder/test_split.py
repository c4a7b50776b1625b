"""Splits: as the data say, else by group from a seed; nothing leaks; one image is cut in regions."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipes.folder.annotations import ImageAnnotation
from recipes.folder.boxes.options import FolderOptions
from recipes.folder.boxes.scenes import read_folder
from recipes.folder.split import assign, portion
from recipes.imagery.images import ImageFacts
from recipes.imagery.scene import Scene
from recipes.kit.split import SPLITS, Split
from tests.recipes.folder import tiny
from tests.recipes.folder.tiny import Picture
from zoo.errors import ZooError


def image(name: str, split: str | None = None, group: str | None = None) -> ImageAnnotation:
    box = np.array([[1, 2, 3, 4]], np.float32)
    return ImageAnnotation(name, Path(name), ImageFacts(64, 64, 3, "uint8"), box, ("a",), split=split, group=group)


def names(split: Split) -> dict[str, list[str]]:
    return {part: [scene.name for scene in scenes] for part, scenes in split.parts.items()}


def test_shares_of_a_hundred_images() -> None:
    parts, notes = assign([image(f"{number}.png") for number in range(100)], FolderOptions())
    assert {split: len(those) for split, those in parts.items()} == {("train",): 70, ("val",): 15, ("test",): 15}
    assert notes == ["the data name no split; 100 images were drawn with data.split_seed=0: train 70, val 15, test 15"]


@given(st.permutations(range(20)), st.integers(0, 5))
def test_order_of_listing_changes_nothing(order: list[int], seed: int) -> None:
    images = [image(f"{number:02d}.png") for number in range(20)]
    options = FolderOptions(split_seed=seed)
    drawn, _ = assign([images[index] for index in order], options)
    usual, _ = assign(images, options)
    assert {key: [i.name for i in those] for key, those in drawn.items()} == {
        key: [i.name for i in those] for key, those in usual.items()
    }


def test_another_seed_draws_otherwise() -> None:
    images = [image(f"{number:02d}.png") for number in range(20)]
    tests = {tuple(i.name for i in assign(images, FolderOptions(split_seed=seed))[0][("test",)]) for seed in range(6)}
    assert len(tests) > 3


@given(st.dictionaries(st.text(min_size=1), st.integers(1, 30), min_size=3, max_size=40), st.integers(0, 99))
def test_portion_gives_every_name_once_and_every_split_one(sizes: dict[str, int], seed: int) -> None:
    drawn = portion(sizes, dict(zip(SPLITS, (0.7, 0.15, 0.15), strict=True)), seed)
    assert sorted(name for those in drawn.values() for name in those) == sorted(sizes)
    assert all(drawn.values())
    backwards = dict(reversed(sizes.items()))
    assert portion(backwards, dict(zip(SPLITS, (0.7, 0.15, 0.15), strict=True)), seed) == drawn


@given(st.lists(st.integers(1, 9), min_size=12, max_size=40), st.integers(0, 99))
def test_portion_is_near_the_shares(counts: list[int], seed: int) -> None:
    sizes = {str(index): count for index, count in enumerate(counts)}
    shares = dict(zip(SPLITS, (0.7, 0.15, 0.15), strict=True))
    drawn = portion(sizes, shares, seed)
    for split, share in shares.items():
        assert abs(sum(sizes[name] for name in drawn[split]) - share * sum(counts)) <= max(counts)


@pytest.mark.parametrize(("group", "count"), [("(f[0-9])_", 4), ("folder", 3)])
def test_groups_stay_together(group: str, count: int) -> None:
    images = [image(f"d{number % 3}/f{number % 4}_{number}.png") for number in range(24)]
    parts, notes = assign(images, FolderOptions(group=group))
    key = (lambda name: name[3:5]) if group != "folder" else (lambda name: name[:2])
    found = [{key(i.name) for i in those} for those in parts.values()]
    assert len(set.union(*found)) == sum(map(len, found)) == count
    assert f"24 images in {count} groups" in notes[0]


def test_group_of_the_data_is_used() -> None:
    images = [image(f"{number}.png", group=f"flight {number % 3}") for number in range(12)]
    parts, _ = assign(images, FolderOptions())
    assert sorted(len({i.group for i in those}) for those in parts.values()) == [1, 1, 1]


def test_pattern_that_finds_nothing() -> None:
    with pytest.raises(ZooError, match=r"data\.group=\(x\) finds no group in the file name 'a\.png'"):
        assign([image("x/a.png")], FolderOptions(group="(x)"))


def test_too_few_groups() -> None:
    images = [image(f"f{number % 2}_{number}.png") for number in range(8)]
    with pytest.raises(ZooError, match=r"8 images are in 2 groups \(f0; f1\), too few for train, val, test"):
        assign(images, FolderOptions(group="(f[0-9])_"))


def test_group_in_two_splits() -> None:
    images = [image("f0_a.png", "train"), image("f1.png", "val"), image("f0_b.png", "test")]
    sentence = r"group 'f0' is in train \(f0_a\.png\) and in test \(f0_b\.png\); .*data\.group"
    with pytest.raises(ZooError, match=sentence):
        assign(images, FolderOptions(group="(f[0-9])"))


def test_what_is_missing_is_cut_from_train() -> None:
    images = [image(f"{number:02d}.png", "train") for number in range(17)] + [image("v.png", "val")]
    parts, notes = assign(images, FolderOptions())
    assert {split: len(those) for split, those in parts.items()} == {("val",): 1, ("train",): 14, ("test",): 3}
    assert notes[0].startswith("the data name no test; 17 images of train were drawn")


def test_data_without_train() -> None:
    with pytest.raises(ZooError, match="the data name val and no train"):
        assign([image("a.png", "val"), image("b.png", None)], FolderOptions())


def test_images_in_no_split_are_noted() -> None:
    images = [image("a.png", "train"), image("b.png", "val"), image("c.png", "test"), image("d.png")]
    parts, notes = assign(images, FolderOptions())
    assert [i.name for those in parts.values() for i in those] == ["a.png", "b.png", "c.png"]
    assert notes == ["1 image is in no split and was left out (d.png)"]


def one_image(root: Path, width: int, height: int, boxes: np.ndarray) -> Split:
    tiny.save(root / "JPEGImages" / "a.png", np.zeros((3, height, width), np.uint8))
    tiny.write(root, "voc", [Picture("a.png", width, height, boxes, ("x",) * len(boxes))], ["x"])
    return read_folder(root)


@pytest.mark.parametrize("wide", [True, False])
def test_one_image_is_cut_in_regions(tmp_path: Path, wide: bool) -> None:
    centres = np.array([[x, 25] for x in range(10, 200, 20)], np.float32)
    boxes = np.concatenate([centres - 4, centres + 4], axis=1)
    width, height = (200, 50) if wide else (50, 200)
    split = one_image(tmp_path, width, height, boxes if wide else boxes[:, [1, 0, 3, 2]])
    windows = {part: scenes[0].window for part, scenes in split.parts.items()}
    lows, highs = zip(*[(w[0], w[0] + w[2]) if wide else (w[1], w[1] + w[3]) for w in windows.values()], strict=True)
    assert (lows, highs) == ((0, 124, 164), (116, 156, 200))  # a margin of 8, the objects' size, at 120 and 160
    assert sum(len(scenes[0].boxes) for scenes in split.parts.values()) == 10
    assert any("cut in regions (train 60%, val 20%, test 20%), 0 objects in the margins" in n for n in split.notes)
    assert names(split)["val"] == ["JPEGImages/a.png:val"]


def test_two_images_are_both_cut(tmp_path: Path) -> None:
    tiny.make(tmp_path, "csv", images=2, size=200, classes=("x",))
    rows = [f"image_00{n}.png,{x},10,{x + 9},20,x" for n in range(2) for x in (10, 140, 180)]
    (tmp_path / "boxes.csv").write_text("\n".join(["image_path,xmin,ymin,xmax,ymax,label", *rows]))
    split = read_folder(tmp_path)
    assert {part: len(scenes) for part, scenes in split.parts.items()} == {"train": 2, "val": 2, "test": 2}
    assert [scene.path.name for scene in split.parts["val"]] == ["image_000.png", "image_001.png"]


def test_one_training_image_gives_what_is_missing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        tiny.save(tmp_path / f"{name}.png", np.zeros((3, 50, 200), np.uint8))
    rows = ["image,xmin,ymin,xmax,ymax,label,split"]
    rows += [f"a.png,{x},10,{x + 9},20,x,train" for x in (10, 180)] + ["b.png,1,1,9,9,x,test"]
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    split = read_folder(tmp_path)
    assert names(split) == {"train": ["a.png:train"], "val": ["a.png:val"], "test": ["b.png"]}
    assert any("train 75%, val 25%" in note for note in split.notes)


def scenes_of(split: Split) -> list[Scene]:
    return [scene for scenes in split.parts.values() for scene in scenes]


def rare(root: Path) -> None:
    """Three images by split; class `ant` in val and `bee` in test are in no training image."""
    rows = ["image,xmin,ymin,xmax,ymax,label,split"]
    for name, split, labels in (("a", "train", "xz"), ("b", "val", ["ant", "x"]), ("c", "test", ["bee", "z", "ant"])):
        tiny.save(root / f"{name}.png", np.zeros((3, 50, 50), np.uint8))
        rows += [f"{name}.png,{i + 1},1,20,20,{label},{split}" for i, label in enumerate(labels)]
    (root / "boxes.csv").write_text("\n".join(rows))


def test_classes_that_training_never_shows_are_refused(tmp_path: Path) -> None:
    rare(tmp_path)
    with pytest.raises(ZooError) as error:
        read_folder(tmp_path)
    for part in ("'ant' (b.png in val; c.png in test)", "'bee' (c.png in test)", "data.unseen=ignore"):
        assert part in str(error.value)


def test_classes_that_training_never_shows_can_be_left_out(tmp_path: Path) -> None:
    rare(tmp_path)
    split = read_folder(tmp_path, FolderOptions(unseen="ignore"))
    assert split.classes == ("x", "z")
    assert [scene.labels.tolist() for scene in scenes_of(split)] == [[0, 1], [0], [1]]
    assert [scene.boxes[:, 0].tolist() for scene in scenes_of(split)] == [[1, 2], [2], [2]]
    assert any(note.startswith("3 objects of classes that training never shows") for note in split.notes)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_drawn_leaves_every_class_in_training(tmp_path: Path, seed: int) -> None:
    rows = ["image,xmin,ymin,xmax,ymax,label"]
    for index in range(12):
        tiny.save(tmp_path / f"{index}.png", np.zeros((3, 50, 50), np.uint8))
        labels = ["car", *(["rare"] if index == 3 else ["scarce"] if index in (5, 6) else [])]
        rows += [f"{index}.png,{place + 1},1,20,20,{label}" for place, label in enumerate(labels)]
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    split = read_folder(tmp_path, FolderOptions(split_seed=seed))
    assert {part: len(scenes) for part, scenes in split.parts.items()} == {"train": 8, "val": 2, "test": 2}
    assert {int(label) for scene in split.parts["train"] for label in scene.labels} == {0, 1, 2}
    assert any(f"data.split_seed={seed}" in note for note in split.notes)


def test_a_split_without_objects_is_noted(tmp_path: Path) -> None:
    tiny.make(tmp_path, "yolo", images=3, classes=("x",))
    for split, number in (("train", 0), ("val", 1), ("test", 2)):
        (tmp_path / f"{split}.txt").write_text(f"images/image_00{number}.png\n")
    (tmp_path / "data.yaml").write_text("names: [x, spare]\ntrain: train.txt\nval: val.txt\ntest: test.txt\n")
    (tmp_path / "labels" / "image_001.txt").write_text("")
    split = read_folder(tmp_path)
    assert "val holds no object, so it measures nothing" in split.notes
    assert "1 class is declared and has no object: spare" in split.notes
