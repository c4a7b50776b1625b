"""Folders of images with boxes as people have them: read with no option but the root, and what was done is said."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from recipes.folder.boxes.options import FolderOptions
from recipes.folder.boxes.scenes import read_folder
from recipes.folder.formats.reading import read_annotations
from recipes.folder.rle import decode_rle
from recipes.folder.tree import Tree
from tests.recipes.folder import tiny
from zoo.errors import ZooError

W, H = 60, 40
BOX = (10, 4, 30, 20)


def save(path: Path, number: int = 0, orientation: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[274] = orientation
    pixels = np.random.default_rng(number).integers(0, 255, (H, W, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, exif=exif, format="JPEG")
    return path


def coco(root: Path, images: list[dict[str, Any]], *annotations: dict[str, Any]) -> None:
    numbered = [{"id": n, "category_id": 1, "image_id": n % len(images), **one} for n, one in enumerate(annotations)]
    names = [{"id": 1, "name": "a"}]
    (root / "boxes.json").write_text(json.dumps({"images": images, "annotations": numbered, "categories": names}))


def only_box(root: Path, name: str = "0.jpg") -> np.ndarray:
    (image,) = (image for image in read_annotations(Tree(root)).images if image.name.endswith(name))
    return image.boxes


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [(5, (4, 10, 20, 30)), (6, (20, 10, 36, 30)), (7, (20, 30, 36, 50)), (8, (4, 30, 20, 50))],
)
def test_boxes_of_the_stored_picture_are_turned_with_it(
    tmp_path: Path, orientation: int, expected: tuple[int, ...]
) -> None:
    save(tmp_path / "0.jpg", 0, orientation)
    x, y, x2, y2 = BOX
    record = {"bbox": [x, y, x2 - x, y2 - y]}
    coco(tmp_path, [{"id": 0, "file_name": "0.jpg", "width": W, "height": H}], record)
    np.testing.assert_allclose(only_box(tmp_path), [expected])
    # a file that declares the size as it is seen has its boxes there, and so has one that declares none
    for size in ({"width": H, "height": W}, {}):
        coco(tmp_path, [{"id": 0, "file_name": "0.jpg", **size}], record)
        np.testing.assert_allclose(only_box(tmp_path), [BOX])


def test_fractions_are_of_the_picture_as_it_is_seen(tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / f"images/{number}.jpg", number, 6)
        (tmp_path / "labels").mkdir(exist_ok=True)
        (tmp_path / f"labels/{number}.txt").write_text("0 0.5 0.5 0.5 0.5")
    (tmp_path / "data.yaml").write_text("names: [a]")
    split = read_folder(tmp_path)
    np.testing.assert_allclose(split.parts["train"][0].boxes, [[10, 15, 30, 45]])
    assert any("3 pictures are turned as their EXIF says" in note for note in split.notes)


def test_a_resized_image_takes_its_boxes_along_and_an_unclear_one_is_refused(tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / f"{number}.jpg", number)
    record = {"bbox": [20, 8, 40, 32]}
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 2 * W, "height": 2 * H} for n in range(3)]
    coco(tmp_path, images, record, record, record)
    np.testing.assert_allclose(only_box(tmp_path), [(10, 4, 30, 20)])
    assert any(
        "3 images were resized" in note and "0.jpg is 60 × 40, not 120 × 80" in note
        for note in read_folder(tmp_path).notes
    )
    coco(tmp_path, [{**image, "height": 3 * H} for image in images], record, record, record)
    with pytest.raises(ZooError, match=r"3 images have another size.*0.jpg: 60 × 40, not 120 × 120.*data\.sizes=file"):
        read_folder(tmp_path)
    assert read_folder(tmp_path, FolderOptions(sizes="file")).parts["train"][0].boxes.tolist() == [[20, 8, 60, 40]]


def test_one_file_name_for_two_images_is_an_error(tmp_path: Path) -> None:
    for number in range(2):
        save(tmp_path / f"{number}.jpg", number)
    coco(tmp_path, [{"id": n, "file_name": f"{n % 2}.jpg"} for n in range(3)], {"bbox": [1, 1, 9, 9]})
    with pytest.raises(ZooError, match=r"boxes\.json, image 2: its file_name '0\.jpg' is that of image 0 too"):
        read_folder(tmp_path)


RING = [10, 4, 30, 4, 30, 20, 10, 20]
MASK = np.zeros((H, W), bool)
MASK[4:20, 10:30] = True


def runs_of(mask: np.ndarray) -> list[int]:
    """The run lengths of a mask down its columns, beginning with 0."""
    flat = mask.T.ravel().astype(int)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flat, [1 - flat[-1]]])))
    return np.diff(np.concatenate([[0], edges])).tolist()


def packed(runs: list[int]) -> str:
    """The string that COCO's code makes of runs."""
    text = ""
    for index, run in enumerate(runs):
        left = run - runs[index - 2] if index > 2 else run
        more = True
        while more:
            bits, left = left & 31, left >> 5
            more = left != (-1 if bits & 16 else 0)
            text += chr(bits + 32 * more + 48)
    return text


@pytest.mark.parametrize("seed", range(5))
def test_runs_there_and_back(seed: int) -> None:
    mask = np.random.default_rng(seed).random((13, 17)) < 0.2 * seed
    for counts in (runs_of(mask), packed(runs_of(mask))):
        np.testing.assert_array_equal(decode_rle({"size": [13, 17], "counts": counts}), mask)
    assert decode_rle({"size": [13, 18], "counts": runs_of(mask)}) is None
    assert decode_rle({"size": [1 << 40, 1 << 40], "counts": "0"}) is None


@pytest.mark.parametrize(
    "segmentation",
    [
        [RING],
        [[10, 4, 20, 4, 20, 20, 10, 20], [25, 10, 30, 10, 30, 15]],
        {"size": [H, W], "counts": runs_of(MASK)},
        {"size": [H, W], "counts": packed(runs_of(MASK))},
    ],
)
def test_without_a_bbox_the_box_is_that_of_the_outline(tmp_path: Path, segmentation: object) -> None:
    save(tmp_path / "0.jpg")
    coco(tmp_path, [{"id": 0, "file_name": "0.jpg"}], {"segmentation": segmentation})
    np.testing.assert_allclose(only_box(tmp_path), [BOX])
    coco(tmp_path, [{"id": 0, "file_name": "0.jpg"}], {"segmentation": {"size": [9, 9], "counts": [3]}})
    with pytest.raises(ZooError, match=r"annotation 0: bbox is None, and no segmentation says where"):
        read_folder(tmp_path)


def test_all_crowd_is_dropped_or_kept(tmp_path: Path) -> None:
    images = [{"id": n, "file_name": save(tmp_path / f"{n}.jpg", n).name} for n in range(3)]
    coco(tmp_path, images, *({"bbox": [1, 1, 9, 9], "iscrowd": 1} for _ in range(3)))
    with pytest.raises(ZooError, match=r"no object.*3 annotations stand for a crowd.*data\.crowds=keep keeps them"):
        read_folder(tmp_path)
    split = read_folder(tmp_path, FolderOptions(crowds="keep"))
    assert len(split.parts["train"][0].boxes) == 1
    assert any("were kept as objects" in note for note in split.notes)


def yolo(root: Path, described: str, *folders: str) -> Path:
    for index, folder in enumerate(folders):
        for number in range(3):
            save(root / folder / f"images/{number}.jpg", 10 * index + number)
            (root / folder / "labels").mkdir(exist_ok=True)
            (root / folder / f"labels/{number}.txt").write_text("0 0.5 0.5 0.2 0.2\n1 0.2 0.2 0.2 0.2")
    (root / "data.yaml").write_text(described)
    return root


@pytest.mark.parametrize("path", ["train/images", "../train/images", "/content/datasets/pets-3/train/images"])
def test_a_test_folder_that_is_absent_is_made_of_train(tmp_path: Path, path: str) -> None:
    there = path.replace("train", "valid")
    gone = path.replace("train", "test")
    yolo(tmp_path, f"train: {path}\nval: {there}\ntest: {gone}\nnames: [a, b]", "train", "valid")
    split = read_folder(tmp_path)
    assert {part: len(those) for part, those in split.parts.items()} == {"train": 2, "val": 3, "test": 1}
    assert any("test: there is no image in folder" in note for note in split.notes)
    yolo(tmp_path, f"train: {gone}\nval: {there}\nnames: [a, b]")
    with pytest.raises(ZooError, match="train: no image in folder|data.yaml, train: '"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("[no, yes]", ("no", "yes")),
        ("{0: on, 1: 2020-01-01}", ("on", "2020-01-01")),
        ("[1_0, 0x1]", ("1_0", "0x1")),
        ("[null, ~]", ("null", "~")),
    ],
)
def test_names_are_texts_whatever_yaml_takes_them_for(tmp_path: Path, names: str, expected: tuple[str, ...]) -> None:
    root = yolo(tmp_path, f"train: train/images\ntest:\nnc: 2\nnames: {names}", "train")
    assert read_folder(root).classes == expected


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_tables_of_spreadsheets_are_read_in_their_encoding(tmp_path: Path, encoding: str) -> None:
    rows = ["filename,xmin,ymin,xmax,ymax,class"]
    for number in range(4):
        save(tmp_path / f"Bilder/Ünit {number}.jpg", number)
        rows.append(f"Bilder/Ünit {number}.jpg,10,4,30,20,Größe")
    (tmp_path / "labels.csv").write_bytes("\r\n".join(rows).encode(encoding))
    split = read_folder(tmp_path)
    assert split.classes == ("Größe",)
    assert any("labels.csv" in note and "cp1252" in note for note in split.notes) == (encoding == "cp1252")


def test_an_image_of_a_kind_that_is_not_read_is_named_with_its_suffix(tmp_path: Path) -> None:
    save(tmp_path / "0.jpg")
    (tmp_path / "1.heic").write_bytes(b"\0\0\0\x18ftypheic")
    coco(
        tmp_path,
        [{"id": n, "file_name": f"{n}.{kind}"} for n, kind in enumerate(("jpg", "heic"))],
        {"bbox": [1, 1, 9, 9]},
    )
    with pytest.raises(
        ZooError, match=r"image '1\.heic' is there as 1\.heic, and is no image that is read here.*PNG or JPEG"
    ):
        read_folder(tmp_path)


def test_pictures_of_all_modes_and_suffixes_are_one_data_set(tmp_path: Path) -> None:
    kinds = {"gif": "P", "jfif": "RGB", "bmp": "L", "png": "P", "jpg": "CMYK", "webp": "RGBA"}
    rows = ["image,xmin,ymin,xmax,ymax,label"]
    formats = {"jfif": "JPEG", "jpg": "JPEG"}
    for number, (kind, mode) in enumerate(kinds.items()):
        picture = Image.fromarray(np.random.default_rng(number).integers(0, 255, (H, W, 3), dtype=np.uint8)).convert(
            mode
        )
        picture.save(tmp_path / f"{number}.{kind}", formats.get(kind))
        rows.append(f"{number}.{kind},10,4,30,20,x")
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    split = read_folder(tmp_path)
    assert split.bands == ("red", "green", "blue")
    assert any("1 image is grey beside others in colours" in note for note in split.notes)


def test_of_two_formats_the_likelier_reading_is_taken_and_said(tmp_path: Path) -> None:
    tiny.make(tmp_path, "voc")
    rows = ["filename,xmin,ymin,xmax,ymax,class", "image_000.png,1,1,9,9,red car"]
    (tmp_path / "some.csv").write_text("\n".join(rows))
    (tmp_path / "labels").mkdir()
    for number in range(6):  # YOLO of the same pictures, and no list of names
        (tmp_path / f"labels/image_{number:03d}.txt").write_text("0 0.5 0.5 0.2 0.2")
    split = read_folder(tmp_path)
    (note,) = (note for note in split.notes if "annotations were read as voc" in note)
    assert "with 12 objects and 0 problems" in note
    assert "csv (some.csv) was left unread, with 1 object and 0 problems: data.format=csv reads it" in note
    assert sum(len(scene.boxes) for those in split.parts.values() for scene in those) == 12
    chosen = read_annotations(Tree(tmp_path), "csv")
    assert sum(len(image.boxes) for image in chosen.images) == 1


def test_two_boxes_of_many_without_area_are_dropped_with_a_note(tmp_path: Path) -> None:
    rows = ["image,xmin,ymin,xmax,ymax,label"]
    for number in range(4):
        save(tmp_path / f"{number}.jpg", number)
        rows += [f"{number}.jpg,{x},1,{x + 5},9,x" for x in range(50)]
    (tmp_path / "boxes.csv").write_text("\n".join([*rows, "0.jpg,5,5,5,9,x", "1.jpg,5,5,9,5,x"]))
    split = read_folder(tmp_path)
    assert any(
        "2 boxes have no area: boxes.csv, line 202" in note and "2 dropped of 202 objects" in note
        for note in split.notes
    )
    (tmp_path / "boxes.csv").write_text("\n".join([*rows, *("0.jpg,5,5,5,9,x",) * 3]))
    with pytest.raises(ZooError, match=r"3 boxes have no area.*data\.invalid=drop"):
        read_folder(tmp_path)
    assert len(read_folder(tmp_path, FolderOptions(invalid="drop")).parts["train"])
