"""What is written in a format is read back; the conventions of each format are followed."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recipes.folder.annotations import Annotations
from recipes.folder.boxes.scenes import read_folder
from recipes.folder.formats.reading import read_annotations
from recipes.folder.tree import Tree
from tests.recipes.folder import tiny
from tests.recipes.folder.tiny import Picture

WIDTH, HEIGHT = 97, 61
#: A YOLO line holds eight decimals of the image's side; float32 holds seven digits.
TOLERANCE = 1e-3
NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8)


@st.composite
def pictures(draw: st.DrawFn, names: list[str]) -> list[Picture]:
    side = st.floats(0.5, 20, width=32)
    found = []
    for index in range(2):
        boxes, labels = [], []
        for _ in range(draw(st.integers(0, 3))):
            width, height = draw(side), draw(side)
            x, y = draw(st.floats(0, WIDTH - width)), draw(st.floats(0, HEIGHT - height))
            boxes.append((x, y, x + width, y + height))
            labels.append(draw(st.sampled_from(names)))
        array = np.array(boxes, np.float32).reshape(-1, 4)
        found.append(Picture(f"picture {index} é.png", WIDTH, HEIGHT, array, tuple(labels)))
    return found


@pytest.fixture(scope="module")
def with_images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    roots = {format: tmp_path_factory.mktemp(format) for format in tiny.FORMATS}
    for format, root in roots.items():
        for index in range(2):
            pixels = np.zeros((3, HEIGHT, WIDTH), np.uint8)
            tiny.save(root / tiny.image_folder(format) / f"picture {index} é.png", pixels)
    return roots


def by_name(annotations: Annotations) -> dict[str, tuple[np.ndarray, tuple[str, ...]]]:
    return {image.path.name: (image.boxes, image.labels) for image in annotations.images}


@pytest.mark.parametrize("format", tiny.FORMATS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_written_is_read(format: str, data: st.DataObject, with_images: dict[str, Path]) -> None:
    names = data.draw(st.lists(NAMES, min_size=2, max_size=3, unique=True))
    truth = data.draw(pictures(names))
    root = with_images[format]
    tiny.write(root, format, truth, names)
    read = read_annotations(Tree(root), format)
    assert read.problems == ()
    found = by_name(read)
    for picture in truth:
        boxes, labels = found[picture.name]
        np.testing.assert_allclose(boxes, picture.boxes, atol=TOLERANCE)
        assert boxes.dtype == np.float64
        assert labels == picture.labels
    if format in ("coco", "yolo"):
        assert read.classes == tuple(names)


@pytest.mark.parametrize("format", tiny.FORMATS)
@pytest.mark.parametrize("bands", [1, 3, 4, 5])
def test_tiny_data_are_found_and_split(tmp_path: Path, format: str, bands: int) -> None:
    truth = tiny.make(tmp_path, format, bands=bands)
    assert read_annotations(Tree(tmp_path)).format == format
    split = read_folder(tmp_path)
    assert sorted(split.classes) == ["blue truck", "red car"]
    assert len(split.bands) == (3 if bands == 4 else bands)  # the fourth of a PNG is its transparency
    scenes = [scene for scenes in split.parts.values() for scene in scenes]
    assert {scene.path.name for scene in scenes} == {picture.name for picture in truth}
    boxes = {picture.name: picture for picture in truth}
    for scene in scenes:
        np.testing.assert_allclose(scene.boxes, boxes[scene.path.name].boxes, atol=TOLERANCE)
        assert tuple(split.classes[number] for number in scene.labels) == boxes[scene.path.name].labels


@pytest.mark.parametrize("format", tiny.FORMATS)
def test_crlf_marks_and_upper_case_change_nothing(tmp_path: Path, format: str) -> None:
    tiny.make(tmp_path / "a", format, seed=3)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for path in sorted((tmp_path / "b").rglob("*")):
        if path.suffix in (".xml", ".json", ".txt", ".csv"):
            text = path.read_text(encoding="utf-8").replace("\r\n", "\n").replace("\n", "\r\n")
            name = path.name if path.name == "classes.txt" else path.with_suffix(path.suffix.upper()).name
            path.unlink()
            path.with_name(name).write_bytes(("\ufeff" + text).encode())
        elif path.suffix == ".png":
            path.rename(path.with_suffix(".PNG"))
    assert read_annotations(Tree(tmp_path / "b")).format == format
    plain, changed = (read_annotations(Tree(tmp_path / name), None) for name in "ab")
    assert changed.problems == ()
    assert changed.classes == plain.classes
    for one, other in zip(plain.images, changed.images, strict=True):
        np.testing.assert_array_equal(one.boxes, other.boxes)
        assert one.labels == other.labels


@pytest.mark.parametrize("format", tiny.FORMATS)
def test_equal_names_in_two_folders_are_two_images(tmp_path: Path, format: str) -> None:
    folder = tmp_path / tiny.image_folder(format)
    truth = []
    for index, place in enumerate(("north", "south")):
        box = np.array([[4 * index + 1, 2, 30, 40]], np.float32)
        truth.append(Picture(f"{place}/0001.png", 64, 64, box, (place,)))
        tiny.save(folder / truth[-1].name, np.zeros((3, 64, 64), np.uint8))
    tiny.write(tmp_path, format, truth, ["north", "south"])
    read = read_annotations(Tree(tmp_path), format)
    assert read.problems == ()
    assert [image.labels for image in read.images] == [("north",), ("south",)]
    assert [image.boxes[0, 0] for image in read.images] == [
        pytest.approx(1, abs=TOLERANCE),
        pytest.approx(5, abs=TOLERANCE),
    ]


def test_voc_lists_of_image_sets_are_the_splits(tmp_path: Path) -> None:
    tiny.make(tmp_path, "voc", images=5)
    lists = tmp_path / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("image_000\nimage_001\n")
    (lists / "val.txt").write_text("image_002\n")
    (lists / "test.txt").write_text("image_003\n")
    (lists / "trainval.txt").write_text("image_000\nimage_001\nimage_002\n")
    (lists / "car_train.txt").write_text("image_004 1\n")
    split = read_folder(tmp_path)
    assert {name: [scene.path.stem for scene in scenes] for name, scenes in split.parts.items()} == {
        "train": ["image_000", "image_001"],
        "val": ["image_002"],
        "test": ["image_003"],
    }
    assert any("in no list" in note and "image_004" in note for note in split.notes)


def test_voc_trainval_is_train_where_there_is_no_train(tmp_path: Path) -> None:
    tiny.make(tmp_path, "voc", images=5)
    lists = tmp_path / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "trainval.txt").write_text("image_000\nimage_001\nimage_002\n")
    (lists / "test.txt").write_text("image_003\nimage_004\n")
    split = read_folder(tmp_path)
    assert [len(split.parts[name]) for name in ("train", "val", "test")] == [2, 1, 2]


def test_voc_xml_beside_the_image_with_a_stale_file_name(tmp_path: Path) -> None:
    picture = Picture("a.png", 64, 64, np.array([[1, 2, 3, 40]], np.float32), ("x",))
    tiny.save(tmp_path / "a.png", np.zeros((3, 64, 64), np.uint8))
    (tmp_path / "a.xml").write_text(tiny.voc_xml(picture).replace("a.png", "before_it_was_renamed.jpg"))
    (image,) = read_annotations(Tree(tmp_path), "voc").images
    assert image.name == "a.png"
    np.testing.assert_array_equal(image.boxes, picture.boxes)  # as given: nothing is taken off VOC's indices
    assert image.source == "a.xml"
    assert image.places == (6,)


def test_voc_difficult_objects_stay_with_a_note(tmp_path: Path) -> None:
    tiny.make(tmp_path, "voc", images=3)
    path = tmp_path / "Annotations" / "image_001.xml"
    path.write_text(path.read_text().replace("</object>", "<difficult>1</difficult></object>", 1))
    read = read_annotations(Tree(tmp_path), "voc")
    assert [len(image.boxes) for image in read.images] == [2, 2, 2]
    assert any(note.startswith("1 object is marked difficult") for note in read.notes)


@pytest.mark.parametrize(
    ("images", "annotations"),
    [
        ("{0}2017", "annotations/instances_{0}2017.json"),
        ("images/{0}", "annotations/{0}.json"),
        ("images", "{0}.json"),
        ("{0}", "{0}/_annotations.coco.json"),
    ],
)
def test_coco_splits_by_name(tmp_path: Path, images: str, annotations: str) -> None:
    for index, (split, word) in enumerate((("train", "train"), ("val", "valid"), ("test", "test"))):
        tiny.make(tmp_path / split, "coco", images=2, seed=index)
        for number, image in enumerate(sorted((tmp_path / split / "images").iterdir())):
            target = tmp_path / "out" / images.format(word) / f"{split}_{number}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(image, target)
        content = json.loads((tmp_path / split / "annotations.json").read_text())
        for number, record in enumerate(content["images"]):
            record["file_name"] = f"{split}_{number}.png"
        path = tmp_path / "out" / annotations.format(word)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    split_ = read_folder(tmp_path / "out")
    for name, scenes in split_.parts.items():
        assert [scene.path.stem for scene in scenes] == [f"{name}_0", f"{name}_1"]
    assert split_.notes == ()


def coco_with(root: Path, **changes: object) -> None:
    """Change the first annotation of a tiny COCO file."""
    content = json.loads((root / "annotations.json").read_text())
    content["annotations"][0] |= changes
    (root / "annotations.json").write_text(json.dumps(content))


def test_coco_heading_of_roboflow_is_no_class(tmp_path: Path) -> None:
    tiny.make(tmp_path, "coco", classes=("tree", "bush"))
    content = json.loads((tmp_path / "annotations.json").read_text())
    for category in content["categories"]:
        category["supercategory"] = "plants"
    content["categories"].insert(0, {"id": 0, "name": "plants", "supercategory": "none"})
    (tmp_path / "annotations.json").write_text(json.dumps(content))
    assert read_annotations(Tree(tmp_path), "coco").classes == ("tree", "bush")


def test_yolo_of_ultralytics(tmp_path: Path) -> None:
    for split in ("train", "val"):
        tiny.make(tmp_path / split, "yolo", images=3, seed=len(split))
        for kind in ("images", "labels"):
            shutil.copytree(tmp_path / split / kind, tmp_path / "out" / kind / split)
    (tmp_path / "out" / "data.yaml").write_text(
        "path: ../somewhere/else\ntrain: images/train\nval: [images/val]\ntest:\nnc: 2\nnames: {0: car, 1: truck}\n"
    )
    split_ = read_folder(tmp_path / "out")
    assert split_.classes == ("car", "truck")
    assert {name: len(scenes) for name, scenes in split_.parts.items()} == {"train": 2, "val": 3, "test": 1}
    assert any("path: ../somewhere/else" in note for note in split_.notes)


def test_yolo_of_roboflow(tmp_path: Path) -> None:
    for index, split in enumerate(("train", "valid", "test")):
        tiny.make(tmp_path / split, "yolo", images=2, seed=index)
        (tmp_path / split / "classes.txt").unlink()
    (tmp_path / "data.yaml").write_text(
        "train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnames: ['car', 'truck']\n"
    )
    split_ = read_folder(tmp_path)
    assert {name: {scene.name.split("/")[0] for scene in scenes} for name, scenes in split_.parts.items()} == {
        "train": {"train"},
        "val": {"valid"},
        "test": {"test"},
    }


def test_yolo_lists_of_images(tmp_path: Path) -> None:
    tiny.make(tmp_path, "yolo", images=4)
    (tmp_path / "classes.txt").unlink()
    (tmp_path / "train.txt").write_text("./images/image_000.png\nimages/image_001.png\n")
    (tmp_path / "val.txt").write_text("./images/image_002.png\n")
    (tmp_path / "data.yaml").write_text("train: train.txt\nval: val.txt\ntest: val.txt\nnames: [car, truck]\n")
    read = read_annotations(Tree(tmp_path), "yolo")
    assert [image.split for image in read.images] == ["train", "train", "val"]
    assert [problem.kind for problem in read.problems] == ["leak"]
    assert any("image_003.png" in note for note in read.notes)


def test_yolo_folders_without_description_tell_the_split(tmp_path: Path) -> None:
    tiny.make(tmp_path, "yolo", images=4)
    for index, split in enumerate(("train", "train", "val", "test")):
        for kind, suffix in (("images", "png"), ("labels", "txt")):
            (tmp_path / kind / split).mkdir(exist_ok=True)
            name = f"image_{index:03d}.{suffix}"
            (tmp_path / kind / name).rename(tmp_path / kind / split / name)
    assert [image.split for image in read_annotations(Tree(tmp_path), "yolo").images] == [
        "test",
        "train",
        "train",
        "val",
    ]


def test_csv_of_retinanet_without_header(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        tiny.save(tmp_path / name, np.zeros((3, 64, 64), np.uint8))
    (tmp_path / "boxes.csv").write_text("a.png,1,2,30,40,zebra\nb.png,,,,,\nc.png,5,6,7,8,ant\n")
    (tmp_path / "classes.csv").write_text("zebra,0\nant,1\n")
    assert read_annotations(Tree(tmp_path)).format == "csv"
    read = read_annotations(Tree(tmp_path), "csv")
    assert read.classes == ("zebra", "ant")
    assert [image.labels for image in read.images] == [("zebra",), (), ("ant",)]
    np.testing.assert_array_equal(read.images[0].boxes, [[1, 2, 30, 40]])


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_columns_by_name_with_split_and_group(tmp_path: Path, separator: str) -> None:
    header = ["filename", "width", "height", "class", "xmin", "ymin", "xmax", "ymax", "split", "group"]
    rows = [header]
    for name, split, group in (("a.png", "train", "1"), ("b.png", "valid", "2"), ("c.png", "test", "3")):
        tiny.save(tmp_path / "images" / name, np.zeros((3, 64, 64), np.uint8))
        rows.append([name, "64", "64", "car", "1", "2", "30", "40", split, group])
    rows.append(["a.png", "64", "64", "car", "0", "0", "0", "0", "train", "1"])  # an empty frame adds no box
    (tmp_path / "all.csv").write_text("\n".join(separator.join(row) for row in rows))
    read = read_annotations(Tree(tmp_path))
    assert [(image.split, image.group, len(image.boxes)) for image in read.images] == [
        ("train", "1", 1),
        ("val", "2", 1),
        ("test", "3", 1),
    ]


def test_csv_files_by_split(tmp_path: Path) -> None:
    for split in ("train", "val", "test"):
        tiny.make(tmp_path / split, "csv", images=1)
        (tmp_path / split / "image_000.png").rename(tmp_path / f"{split}.png")
        text = (tmp_path / split / "boxes.csv").read_text().replace("image_000", split)
        shutil.rmtree(tmp_path / split)
        (tmp_path / f"{split}.csv").write_text(text)
    assert [image.split for image in read_annotations(Tree(tmp_path)).images] == ["test", "train", "val"]
