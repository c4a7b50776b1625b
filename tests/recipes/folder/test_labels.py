"""Folders of labelled images, as they come: a folder a class, tables, several labels, groups, and all that can be wrong."""

import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from recipes.folder.labels.options import LabelOptions
from recipes.folder.labels.reading import holds_labels, read_labels
from recipes.imagery.images import Values
from recipes.imagery.scene import Scene
from recipes.kit.split import SPLITS, Split
from zoo.errors import ZooError


def paint(path: Path, value: int = 0, size: tuple[int, int] = (8, 6)) -> None:
    """Write a grey picture that no other has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng([zlib.crc32(str(path).encode()), value]).integers(0, 255, size[::-1], np.uint8)
    Image.fromarray(pixels).save(path)


def folders(root: Path, classes: Sequence[str] = ("crack", "dent"), count: int = 8, below: str = "") -> Path:
    for name in classes:
        for number in range(count):
            paint(root / below / name / f"{name}{number}.png", number)
    return root


def read(root: Path, objective: str = "single_label", **options: Any) -> Split[Scene]:
    return read_labels(root, LabelOptions(**options), Values(), objective)


def labels(split: Split[Scene]) -> dict[str, str]:
    """The classes of each image, by its name."""
    return {scene.path.name: "|".join(split.classes[i] for i in scene.labels) for scene in split.every()}


def table(root: Path, text: str, name: str = "labels.csv") -> Path:
    root.mkdir(exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")
    return root


def test_a_folder_is_a_class_and_each_class_is_divided_alike(tmp_path: Path) -> None:
    split = read(folders(tmp_path, count=20))
    assert split.classes == ("crack", "dent")
    assert all(label in name for name, label in labels(split).items())
    for part, share in zip(SPLITS, (14, 3, 3), strict=True):
        held = [scene.labels[0] for scene in split.parts[part]]
        assert (held.count(0), held.count(1)) == (share, share)
    assert {scene.name for scene in split.parts["train"]} == {scene.name for scene in read(tmp_path).parts["train"]}


def test_folders_of_splits_hold(tmp_path: Path) -> None:
    for part, count in (("train", 4), ("valid", 2), ("test", 3)):
        folders(tmp_path, count=count, below=f"set/{part}")
    split = read(tmp_path)
    assert [len(split.parts[part]) for part in SPLITS] == [8, 4, 6]
    assert split.classes == ("crack", "dent")


def test_what_lies_deeper_is_of_the_nearest_class_to_the_root(tmp_path: Path) -> None:
    folders(tmp_path)
    paint(tmp_path / "crack" / "wide" / "deep.png")
    split = read(tmp_path)
    assert labels(split)["deep.png"] == "crack"
    assert any("1 image lies deeper" in note for note in split.notes)


def test_tables_of_names_and_labels(tmp_path: Path) -> None:
    rows = "".join(f"a{n}.png,{'dent' if n % 2 else 'crack'}\n" for n in range(12))
    table(tmp_path, f"image,label\n{rows}")
    for n in range(12):
        paint(tmp_path / "images" / f"a{n}.png", n)
    found = labels(read(tmp_path))
    assert (found["a0.png"], found["a1.png"], len(found)) == ("crack", "dent", 12)


def test_kaggles_layout_has_names_without_endings_and_a_folder_of_images(tmp_path: Path) -> None:
    rows = "".join(f"x{n},{n % 3}\n" for n in range(12))
    table(tmp_path, f"id,level\n{rows}", "train.csv")
    for n in range(12):
        paint(tmp_path / "train" / f"x{n}.png", n)
    split = read(tmp_path)
    assert split.classes == ("0", "1", "2")
    assert labels(split)["x5.png"] == "2"
    assert all(split.parts[part] for part in SPLITS), "val and test are drawn from train"


def test_classes_that_are_numbers_stand_in_their_order(tmp_path: Path) -> None:
    folders(tmp_path, ("10", "9", "0.5"))
    assert read(tmp_path, "grade").classes == ("0.5", "9", "10")


def test_classes_txt_and_the_setting_give_an_order(tmp_path: Path) -> None:
    folders(tmp_path, ("low", "high", "middle"))
    assert read(tmp_path, "grade", classes=["low", "middle", "high"]).classes == ("low", "middle", "high")
    (tmp_path / "classes.txt").write_text("high\nlow\nmiddle\n", encoding="utf-8")
    assert read(tmp_path).classes == ("high", "low", "middle")


@pytest.mark.parametrize(
    "text",
    [
        "image,labels\n{0},crack|dent\n{1},\n{2},dent\n",
        "image,crack,dent\n{0},1,1\n{1},0,0\n{2},0,1\n",
        "image,labels\n{0},crack\n{0},dent\n{1},\n{2},dent\n",
    ],
    ids=["joined", "columns", "rows"],
)
def test_several_labels(tmp_path: Path, text: str) -> None:
    names = [f"b{n}.png" for n in range(9)]
    more = "".join(text.partition("\n")[2].format(*names[n : n + 3]) for n in (3, 6))
    table(tmp_path, text.format(*names) + more)
    for number, name in enumerate(names):
        paint(tmp_path / name, number)
    found = labels(read(tmp_path, "multi_label"))
    assert [found[name] for name in names[:3]] == ["crack|dent", "", "dent"]


def test_groups_stay_together_and_copies_are_one(tmp_path: Path) -> None:
    for number in range(24):
        paint(tmp_path / "ab"[number % 2] / f"panel{number // 4}_{number}.png", number)
    (tmp_path / "a" / "copy.png").write_bytes((tmp_path / "a" / "panel0_0.png").read_bytes())
    split = read(tmp_path, group=r"(panel\d|copy)")
    of_panel: dict[str, set[str]] = {}
    for part in SPLITS:
        for scene in split.parts[part]:
            of_panel.setdefault(scene.path.name[:6], set()).add(part)
    assert all(len(parts) == 1 for parts in of_panel.values())
    split = read(tmp_path)
    places = {scene.path.name: part for part in SPLITS for scene in split.parts[part]}
    assert places["copy.png"] == places["panel0_0.png"]


def test_a_folder_is_told_to_be_of_labelled_images(tmp_path: Path) -> None:
    assert holds_labels(folders(tmp_path / "yes"))
    paint(tmp_path / "flat" / "a.png")
    assert not holds_labels(tmp_path / "flat")
    for folder in ("images", "masks"):
        paint(tmp_path / "masks" / folder / "a.png")
    assert not holds_labels(tmp_path / "masks")


def spoil_empty(root: Path) -> None:
    (root / "scratch").mkdir()


def spoil_case(root: Path) -> None:
    paint(root / "Crack" / "other.png")


def spoil_loose(root: Path) -> None:
    paint(root / "loose.png")


def spoil_pixel(root: Path) -> None:
    paint(root / "crack" / "one.png", size=(1, 1))


def spoil_broken(root: Path) -> None:
    (root / "crack" / "broken.png").write_bytes(b"\x89PNG\r\n")


BAD = {
    spoil_empty: (
        "1 class folder has no image: scratch; add images, remove it, or set data.empty=drop",
        {"empty": "drop"},
    ),
    spoil_case: ("named alike but for case or accents: 'Crack' and 'crack'; give them one name", {}),
    spoil_loose: ("1 image has no label: loose.png: it lies in no folder of a class", {"unlabelled": "drop"}),
    spoil_pixel: ("1 image has one pixel: crack/one.png", {"invalid": "drop"}),
    spoil_broken: ("1 image cannot be read: crack/broken.png", {"invalid": "drop"}),
}


@pytest.mark.parametrize("spoil", BAD, ids=lambda one: one.__name__)
def test_what_is_wrong_is_refused_with_the_way_out(tmp_path: Path, spoil: Any) -> None:
    said, way_out = BAD[spoil]
    spoil(folders(tmp_path))
    with pytest.raises(ZooError) as refused:
        read(tmp_path)
    assert said in str(refused.value)
    if way_out:
        split = read(tmp_path, **way_out)
        assert len(list(split.every())) == 16
        assert any("left out" in note for note in split.notes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,label\na.png,crack\ngone.png,dent\n", "labels.csv, line 3: image 'gone.png' is not there"),
        (
            "image,label\na.png,crack\na.png,dent\n",
            "a.png: 'crack' in labels.csv, line 2, 'dent' in labels.csv, line 3",
        ),
        (
            "image,label\na.png,crack|dent\n",
            "several labels where one is asked for: a.png: crack, dent (labels.csv, line 2)",
        ),
        ("image,label\na.png,\n", "1 image has no label: a.png: labels.csv, line 2"),
        ("image,label\na.png,NaN\n", "1 image has no label: a.png: labels.csv, line 2"),
        (
            "image,label\na.png,crack;dent\nb.png,crack\nc.png,dent\n",
            "1 label is several others joined: labels.csv, line 2: 'crack;dent', where ';' stands between; give the sign",
        ),
        ("image,label\n../a.png,crack\n", "1 path leaves the data folder: labels.csv, line 2: '../a.png'"),
        ("image,label,split\na.png,crack,later\n", "the split 'later' is not train, val or test"),
        ("image,label\na.png,crack\n", "b.png: no table names it"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_by_its_line(tmp_path: Path, text: str, said: str) -> None:
    for name in ("a.png", "b.png", "c.png"):
        if name in text + said:
            paint(tmp_path / "data" / name)
    with pytest.raises(ZooError) as refused:
        read(table(tmp_path / "data", text))
    assert said in str(refused.value)


def test_a_label_with_a_sign_in_it_is_a_class_where_it_is_named(tmp_path: Path) -> None:
    names = ["crack", "dent", "crack/dent"]
    rows = [f"{number}.png,{names[number % 3]}" for number in range(24)]
    for number in range(24):
        paint(tmp_path / "data" / f"{number}.png", number)
    root = table(tmp_path / "data", "\n".join(["image,label", *rows, ""]))
    with pytest.raises(ZooError, match="8 labels are several others joined: .*data.classes"):
        read(root)
    assert read(root, classes=tuple(names)).classes == tuple(names)


def test_labels_that_are_none_of_the_classes_are_told(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="'dent'"):
        read(folders(tmp_path), classes=["crack", "scratch"])


def test_a_class_that_training_lacks_is_refused_or_left_out(tmp_path: Path) -> None:
    for part in ("train", "val", "test"):
        folders(tmp_path, count=3, below=part)
    paint(tmp_path / "test" / "hole" / "h.png")
    with pytest.raises(ZooError, match="only val or test shows 'hole'"):
        read(tmp_path)
    split = read(tmp_path, unseen="ignore")
    assert (split.classes, len(split.parts["test"])) == (("crack", "dent"), 6)


def test_a_table_of_names_and_one_other_column_needs_no_word(tmp_path: Path) -> None:
    rows = ["id,breed"]
    for number in range(12):
        paint(tmp_path / "im" / f"{number}abc.jpg", number)
        rows.append(f"{number}abc,{'xy'[number % 2]}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    split = read(tmp_path)
    assert split.classes == ("x", "y")
    assert any("column 'breed' is taken as the label; data.label_column=NAME" in note for note in split.notes)


def test_a_picture_that_is_there_twice_with_two_labels_is_refused(tmp_path: Path) -> None:
    folders(tmp_path)
    shutil.copy(tmp_path / "crack/crack0.png", tmp_path / "dent/again.png")
    with pytest.raises(
        ZooError, match=r"dent/again.png: dent, and crack as crack/crack0.png, .*task.objective=multi_label"
    ):
        read(tmp_path)
    assert read(tmp_path, "multi_label").parts["train"]


def test_a_line_break_in_the_name_of_a_class_breaks_no_table(tmp_path: Path) -> None:
    for name in ("ca\nt", "dog"):
        (tmp_path / name).mkdir()
        for number in range(4):
            pixels = np.random.default_rng([len(name), number]).integers(0, 255, (24, 24, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number}{name[0]}.png")
    split = read_labels(tmp_path, LabelOptions(), Values(), "single_label")
    assert split.classes == ("ca\ufffdt", "dog")
