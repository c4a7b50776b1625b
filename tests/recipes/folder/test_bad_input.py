"""Every mistake in the user's files is one sentence that names the file, the value and the way out."""

import json
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recipes.folder.boxes.options import FolderOptions
from recipes.folder.boxes.scenes import read_folder
from recipes.folder.formats.reading import read_annotations
from recipes.folder.tree import Tree
from tests.recipes.folder import tiny
from zoo.errors import ZooError

ANNOTATION = {
    "voc": "Annotations/image_001.xml",
    "coco": "annotations.json",
    "yolo": "labels/image_001.txt",
    "csv": "boxes.csv",
}


def refused(root: Path, *parts: str, **options: object) -> str:
    """Return the sentence about `root`; every part must be in it."""
    with pytest.raises(ZooError) as error:
        read_folder(root, FolderOptions(**options))
    sentence = str(error.value)
    for part in parts:
        assert part in sentence, f"{part!r} is not in {sentence!r}"
    assert "\n" not in sentence
    return sentence


def change(path: Path, old: str, new: str, count: int = 1) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def voc_image(root: Path, number: int) -> Path:
    return root / "JPEGImages" / f"image_{number:03d}.png"


def test_missing_folder(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", "data.root=", "nowhere", "does not exist")


def test_file_instead_of_folder(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    refused(tmp_path / "a.csv", "is a file", "name the folder")


def test_empty_folder(tmp_path: Path) -> None:
    refused(tmp_path, "is empty", "voc, coco, yolo, yolo-obb, csv")


def test_no_annotations(tmp_path: Path) -> None:
    tiny.save(tmp_path / "a.png", np.zeros((3, 8, 8), np.uint8))
    (tmp_path / "notes.md").write_text("# notes")
    refused(tmp_path, "2 files (.md, .png)", "XML files", "data.yaml", "CSV file", "JSON files")


def test_several_formats(tmp_path: Path) -> None:
    tiny.make(tmp_path, "voc")
    (tmp_path / "boxes.csv").write_text("image,xmin,ymin,xmax,ymax,label\nimage_000.png,1,1,9,9,x")
    (tmp_path / "data.yaml").write_text("names: 3")
    (note,) = (note for note in read_folder(tmp_path).notes if "were read as voc" in note)
    assert "csv (boxes.csv) was left unread, with 1 object" in note
    assert "yolo (data.yaml) was left unread, for it cannot be read: data.yaml: names is '3'" in note
    refused(tmp_path, "names is '3'", format="yolo")


def test_unknown_format(tmp_path: Path) -> None:
    tiny.make(tmp_path, "coco")
    refused(tmp_path, "data.format=koko", "coco", format="koko")


@pytest.mark.parametrize("format", tiny.FORMATS)
def test_format_that_is_not_there(tmp_path: Path, format: str) -> None:
    tiny.save(tmp_path / "a.png", np.zeros((3, 8, 8), np.uint8))
    if format == "yolo":
        (tmp_path / "classes.txt").write_text("car\n")
    refused(tmp_path, "no object", "looked for", format=format)


@pytest.mark.parametrize("ratios", [(0.5, 0.5), (0.8, 0.2, 0.0), (0.5, 0.2, 0.2)])
def test_wrong_ratios(ratios: tuple[float, ...]) -> None:
    with pytest.raises(ZooError, match=r"data\.ratios=.*sum to 1"):
        FolderOptions(ratios=ratios)  # type: ignore[arg-type]


@pytest.mark.parametrize("group", ["(a", "a", "(a)(b)"])
def test_wrong_group(group: str) -> None:
    with pytest.raises(ZooError, match=r"data\.group=.*one group"):
        FolderOptions(group=group)


@pytest.mark.parametrize("format", ["voc", "yolo"])
def test_image_without_annotation(tmp_path: Path, format: str) -> None:
    tiny.make(tmp_path, format)
    (tmp_path / ANNOTATION[format]).unlink()
    split = read_folder(tmp_path)
    assert sum(map(len, split.parts.values())) == 6
    assert any("1 image has no annotation: " in note and "image_001.png" in note for note in split.notes)
    refused(tmp_path, "1 image has no annotation", "image_001.png", "data.negatives=keep", negatives="error")
    assert sum(map(len, read_folder(tmp_path, FolderOptions(negatives="drop")).parts.values())) == 5


@pytest.mark.parametrize("format", ["coco", "csv"])
def test_image_that_no_file_names_is_left_out_with_a_note(tmp_path: Path, format: str) -> None:
    tiny.make(tmp_path, format)
    tiny.save(tmp_path / "extra.png", np.zeros((3, 8, 8), np.uint8))
    split = read_folder(tmp_path)
    assert sum(map(len, split.parts.values())) == 6
    assert any("extra.png" in note and "left out" in note for note in split.notes)


@pytest.mark.parametrize("format", tiny.FORMATS)
def test_annotation_without_image(tmp_path: Path, format: str) -> None:
    tiny.make(tmp_path, format)
    (tmp_path / tiny.image_folder(format) / "image_001.png").unlink()
    refused(tmp_path, "no image", "image_001", "data.orphans=drop")
    split = read_folder(tmp_path, FolderOptions(orphans="drop"))
    assert sum(map(len, split.parts.values())) == 5
    assert any("image_001" in note and "left out" in note for note in split.notes)


def test_coco_annotation_of_no_image(tmp_path: Path) -> None:
    tiny.make(tmp_path, "coco")
    change(tmp_path / "annotations.json", '"image_id": 1', '"image_id": 99')
    refused(tmp_path, "annotations.json, annotation 1", "image_id 99", "data.orphans=drop")


@pytest.mark.parametrize("format", tiny.FORMATS)
@pytest.mark.parametrize(("suffix", "size"), [("png", 0), ("png", 30), ("tif", 0), ("tif", 30)])
def test_damaged_image(tmp_path: Path, format: str, suffix: str, size: int) -> None:
    tiny.make(tmp_path, format, bands=3 if suffix == "png" else 5)
    path = tmp_path / tiny.image_folder(format) / f"image_002.{suffix}"
    path.write_bytes(path.read_bytes()[:size])
    refused(tmp_path, "1 image cannot be read", path.name, "replace it", *(["0 bytes"] if size == 0 else []))


BOXES = {
    "outside": ((70, 2, 80, 9), "lies outside the image of 64 × 64"),
    "over": ((50, 2, 90, 9), "reaches out of the image of 64 × 64"),
    "flat": ((5, 9, 20, 9), "no positive width and height"),
    "reversed": ((20, 9, 5, 30), "no positive width and height"),
    "undefined": ((float("nan"), 9, 5, 30), "is not finite"),
    "endless": ((5, 9, float("inf"), 30), "is not finite"),
    "huge": ((5, 9, 1e300, 30), "is not finite"),
}
PLACE = {
    "voc": "Annotations/image_000.xml, line 6",
    "coco": "annotations.json, annotation 1",
    "yolo": "labels/image_000.txt, line 1",
    "csv": "boxes.csv, line 2",
}


def with_box(root: Path, format: str, box: tuple[float, ...]) -> None:
    truth = tiny.make(root, format)
    boxes = truth[0].boxes.astype(np.float64)
    boxes[0] = box
    truth[0] = replace(truth[0], boxes=boxes)
    tiny.write(root, format, truth, ("red car", "blue truck"))


@pytest.mark.parametrize("format", tiny.FORMATS)
@pytest.mark.parametrize("kind", BOXES)
def test_invalid_box(tmp_path: Path, format: str, kind: str) -> None:
    box, sentence = BOXES[kind]
    with_box(tmp_path, format, box)
    named, way_out = (
        ("has no area", "data.invalid=drop") if "no positive" in sentence else ("is not valid", "data.invalid=clip")
    )
    refused(tmp_path, f"1 box {named}", PLACE[format], "image_000.png", sentence, way_out)
    for invalid, kept in (("clip", 12 if kind == "over" else 11), ("drop", 11)):
        split = read_folder(tmp_path, FolderOptions(invalid=invalid))
        scenes = [scene for scenes in split.parts.values() for scene in scenes]
        assert sum(len(scene.boxes) for scene in scenes) == kept
        assert any(f"1 box {named}" in note and f"{12 - kept} dropped" in note for note in split.notes)
        boxes = np.concatenate([scene.boxes for scene in scenes])
        assert (boxes >= 0).all()
        assert (boxes <= 64).all()
    if kind == "over":
        clipped = read_folder(tmp_path, FolderOptions(invalid="clip"))
        boxes = np.concatenate([scene.boxes for scenes in clipped.parts.values() for scene in scenes])
        assert (np.abs(boxes - [50, 2, 64, 9]) < 1e-3).all(axis=1).any()


def test_box_a_pixel_over_the_edge_is_cut_with_a_note(tmp_path: Path) -> None:
    with_box(tmp_path, "voc", (50, 2, 65, 9))
    split = read_folder(tmp_path)
    assert max(scene.boxes.max() for scenes in split.parts.values() for scene in scenes) == 64
    assert any(note.startswith("1 box reached up to") for note in split.notes)


def test_all_invalid_boxes_are_counted(tmp_path: Path) -> None:
    truth = tiny.make(tmp_path, "csv")
    for picture in truth[:5]:
        picture.boxes[0] = (70, 2, 80, 9)
    tiny.write(tmp_path, "csv", truth, ("red car", "blue truck"))
    assert re.search(r"5 boxes are not valid: (.*; ){3}and 2 more", refused(tmp_path))


MALFORMED: list[tuple[str, str, Callable[[str], str], tuple[str, ...]]] = [
    ("voc", "cut", lambda text: text[:-30], ("image_001.xml, line 1", "whole XML")),
    ("voc", "empty", lambda text: "", ("image_001.xml, line 1", "no element found")),
    ("voc", "word", lambda text: re.sub("<xmin>.*?<", "<xmin>left<", text, count=1), ("line 6", "'left'")),
    ("voc", "corner", lambda text: text.replace("ymax", "top"), ("image_001.xml, line 6", "<ymax>")),
    ("voc", "box", lambda text: text.replace("bndbox", "box"), ("line 6 (object 1)", "no <bndbox>")),
    ("voc", "name", lambda text: text.replace("red car", " "), ("line 6 (object 1)", "the label is empty")),
    ("voc", "encoding", lambda text: '<?xml version="1.0" encoding="x-no"?>' + text, ("image_001.xml, line 1",)),
    ("coco", "cut", lambda text: text[:-30], ("annotations.json, line 1", "column")),
    ("coco", "box", lambda text: text.replace('"bbox": [', '"bbox": ["a", '), ("annotation 1", "bbox is")),
    ("coco", "no box", lambda text: text.replace('"bbox"', '"box"'), ("annotation 1", "bbox is None")),
    ("coco", "id", lambda text: text.replace('"image_id": 1', '"image_id": [1]'), ("annotations 1", "'image_id'")),
    ("coco", "file", lambda text: text.replace('"file_name"', '"file"'), ("image 1", "no 'file_name'")),
    ("coco", "twice", lambda text: text.replace('{"id": 2, "file', '{"id": 1, "file'), ("image 1", "twice")),
    ("yolo", "word", lambda text: "car" + text[1:], ("image_001.txt, line 1", "'car' is no number")),
    ("yolo", "short", lambda text: "0 0.5 0.5 0.1\n", ("image_001.txt, line 1", "4 columns, not 5")),
    ("csv", "short", lambda text: text + "image_001.png,1,2,3\n", ("boxes.csv, line 14", "4 columns, not 6")),
    (
        "csv",
        "word",
        lambda text: re.sub(r"png,[\d.]+", "png,left", text, count=1),
        ("boxes.csv, line 2", "xmin is 'left'"),
    ),
    ("csv", "label", lambda text: text.replace("red car", ""), ("boxes.csv, line 2", "the label is empty")),
    ("csv", "quote", lambda text: text + '"image', ("boxes.csv, line 14",)),
    ("csv", "column", lambda text: text.replace("label", "what"), ("boxes.csv, line 1", "no column for label")),
]


@pytest.mark.parametrize(("format", "name", "edit", "parts"), MALFORMED, ids=lambda part: str(part)[:12])
def test_malformed(tmp_path: Path, format: str, name: str, edit: Callable[[str], str], parts: tuple[str, ...]) -> None:
    tiny.make(tmp_path, format)
    path = tmp_path / ANNOTATION[format]
    path.write_text(edit(path.read_text()))
    refused(tmp_path, "cannot be read", *parts, "mend", format=format)


@pytest.mark.parametrize("format", tiny.FORMATS)
def test_not_utf8(tmp_path: Path, format: str) -> None:
    tiny.make(tmp_path, format)
    path = tmp_path / ANNOTATION[format]
    path.write_bytes(path.read_bytes()[:40] + b"\xff\xfe" + path.read_bytes()[40:])
    refused(tmp_path, path.name, format=format)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("names: [car\nval: x", ("data.yaml, line 2",)),
        ("names: !!python/object/apply:os.getcwd []", ("data.yaml: names is a list",)),
        ("- names: 1", ("data.yaml", "a list")),
        ("names: 3", ("data.yaml", "names is '3'")),
        ("names: {a: car}", ("data.yaml", "'a'", "whole number")),
        ("names: [car]\nnc: 2", ("nc is '2'", "names are 1")),
        ("names: [car, truck]\ntrain: {a: b}", ("data.yaml, train", "a dict")),
        ("names: [car, truck]\ntrain: nowhere", ("data.yaml, train", "'nowhere'")),
        ("names: [car, truck]\ntrain: gone.txt", ("data.yaml, train", "no file 'gone.txt'")),
        ("names: [car, truck]\ntrain: /etc", ("leaves the data folder", "'/etc'")),
        ("names: [car, truck]\ntrain: ../../elsewhere", ("leaves the data folder", "'../../elsewhere'")),
        ("names: [car, truck]\ntrain: /etc/passwd.txt", ("leaves the data folder",)),
    ],
)
def test_bad_yaml(tmp_path: Path, text: str, parts: tuple[str, ...]) -> None:
    tiny.make(tmp_path, "yolo")
    (tmp_path / "data.yaml").write_text(text)
    refused(tmp_path, *parts)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]>',
        '<!DOCTYPE a [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a SYSTEM "http://localhost/a.dtd">',
    ],
)
def test_entities_are_refused(tmp_path: Path, doctype: str) -> None:
    tiny.make(tmp_path, "voc")
    path = tmp_path / ANNOTATION["voc"]
    change(path, "red car", "&l9;")
    path.write_text(doctype + "\n" + path.read_text())
    refused(tmp_path, "image_001.xml, line 1", "DOCTYPE")


def test_yaml_aliases_do_not_grow(tmp_path: Path) -> None:
    tiny.make(tmp_path, "yolo")
    lines = ["l0: &l0 [ha]", *(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10))]
    (tmp_path / "data.yaml").write_text("\n".join([*lines, "names: [*l9, *l9]"]))
    assert len(refused(tmp_path, "data.yaml", "a list")) < 500


@pytest.mark.parametrize("name", ["../outside.png", "/etc/outside.png", "C:\\outside.png", "file:///etc/outside.png"])
@pytest.mark.parametrize("format", ["voc", "coco", "csv"])
def test_path_that_leaves_the_folder(tmp_path: Path, format: str, name: str) -> None:
    root = tmp_path / "root"
    tiny.make(root, format)
    tiny.save(tmp_path / "outside.png", np.zeros((3, 64, 64), np.uint8))
    written = "../" + name if format == "voc" and name.startswith("..") else name  # Annotations/ is one deeper
    change(root / ANNOTATION[format], "image_001.png", json.dumps(written)[1:-1] if format == "coco" else written)
    refused(root, "leaves the data folder", "relative to data.root")


def test_list_that_leaves_the_folder(tmp_path: Path) -> None:
    tiny.make(tmp_path / "root", "yolo")
    (tmp_path / "root" / "data.yaml").write_text("names: [car, truck]\ntrain: train.txt\n")
    (tmp_path / "root" / "train.txt").write_text("images/image_000.png\n../outside.png\n")
    refused(tmp_path / "root", "train.txt, line 2", "'../outside.png'")


def test_class_number_without_name(tmp_path: Path) -> None:
    tiny.make(tmp_path, "yolo")
    path = tmp_path / ANNOTATION["yolo"]
    path.write_text("7" + path.read_text()[1:])
    refused(tmp_path, "image_001.txt, line 1", "class 7 of 2 names")


@pytest.mark.parametrize("number", ["0.5", "-1", "nan", "9" * 5000])
def test_class_that_is_no_whole_number(tmp_path: Path, number: str) -> None:
    tiny.make(tmp_path, "yolo")
    (tmp_path / ANNOTATION["yolo"]).write_text(f"{number} 0.5 0.5 0.1 0.1\n")
    refused(tmp_path, f"class '{number[:20]}' is no whole number")


def test_numbers_beyond_any_image(tmp_path: Path) -> None:
    tiny.make(tmp_path, "coco")
    path = tmp_path / ANNOTATION["coco"]
    path.write_text(re.sub(r'"bbox": \[.*?\]', f'"bbox": [1, 1, {"9" * 400}, 5]', path.read_text(), count=1))
    refused(tmp_path, "annotation 1", "bbox is [1, 1, 999")


@pytest.mark.parametrize("format", tiny.FORMATS)
def test_broken_links(tmp_path: Path, format: str) -> None:
    tiny.make(tmp_path, format)
    for path in (tmp_path / ANNOTATION[format], tmp_path / tiny.image_folder(format) / "image_002.png"):
        path.unlink()
        path.symlink_to(tmp_path / "gone")
    refused(tmp_path, "cannot be opened (No such file or directory)", format=format)


def test_linked_folders_are_followed_once(tmp_path: Path) -> None:
    tiny.make(tmp_path / "there", "voc")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "data").symlink_to(tmp_path / "there")
    (tmp_path / "there" / "loop").symlink_to(tmp_path / "there")
    assert len(read_annotations(Tree(tmp_path / "here"), None).images) == 6


def test_coco_category_without_name(tmp_path: Path) -> None:
    tiny.make(tmp_path, "coco")
    change(tmp_path / "annotations.json", '"category_id": 1', '"category_id": 77')
    refused(tmp_path, "annotation 1", "category_id 77")


def test_yolo_without_names(tmp_path: Path) -> None:
    tiny.make(tmp_path, "yolo")
    (tmp_path / "classes.txt").unlink()
    refused(tmp_path, "no names", "classes.txt", "data.yaml")


def test_yolo_prediction_is_no_label(tmp_path: Path) -> None:
    tiny.make(tmp_path, "yolo")
    (tmp_path / ANNOTATION["yolo"]).write_text("0 0.5 0.5 0.1 0.1 0.93\n")
    refused(tmp_path, "a prediction with its score")


def test_ambiguous_name(tmp_path: Path) -> None:
    tiny.make(tmp_path, "csv")
    for folder in ("north", "south"):
        tiny.save(tmp_path / folder / "image_001.png", np.zeros((3, 64, 64), np.uint8))
    (tmp_path / "image_001.png").unlink()
    refused(tmp_path, "'image_001.png' can be north/image_001.png or south/image_001.png")


def test_several_csv_files(tmp_path: Path) -> None:
    tiny.make(tmp_path, "csv")
    (tmp_path / "other.csv").write_text((tmp_path / "boxes.csv").read_text())
    refused(tmp_path, "2 CSV files with boxes (boxes.csv, other.csv)")


def test_csv_with_unknown_split(tmp_path: Path) -> None:
    tiny.save(tmp_path / "a.png", np.zeros((3, 64, 64), np.uint8))
    (tmp_path / "boxes.csv").write_text("image,xmin,ymin,xmax,ymax,label,split\na.png,1,2,3,4,x,holdout\n")
    refused(tmp_path, "boxes.csv, line 2", "'holdout'")


def test_bands_that_differ_name_both_files(tmp_path: Path) -> None:
    tiny.make(tmp_path, "csv", bands=5)
    tiny.save(tmp_path / "image_003.tif", np.zeros((2, 64, 64), np.uint8))
    refused(tmp_path, "image_000.tif has 5 and", "image_003.tif has 2;")


def test_wrong_names_of_bands(tmp_path: Path) -> None:
    tiny.make(tmp_path, "voc", bands=5)
    refused(tmp_path, "data.bands=['red', 'green'] names 'red'", "has 5 bands", bands=["red", "green"])
    refused(tmp_path, "5 different names", bands=["a", "a", "b", "c", "d"])
    refused(tmp_path, "data.band_names=['a']", "5 different names", band_names=["a"])


def test_all_kinds_are_named_in_one_sentence(tmp_path: Path) -> None:
    tiny.make(tmp_path, "voc")
    voc_image(tmp_path, 1).write_bytes(b"")
    voc_image(tmp_path, 2).unlink()
    refused(tmp_path, "1 image cannot be read", "also 1 annotation has no image")


def test_detect_does_not_read_images(tmp_path: Path) -> None:
    tiny.make(tmp_path, "yolo")
    for path in (tmp_path / "images").iterdir():
        path.write_bytes(b"")
    assert read_annotations(Tree(tmp_path)).format == "yolo"
    assert len(read_annotations(Tree(tmp_path)).problems) == 6


def test_classes_of_one_name_but_for_their_case(tmp_path: Path) -> None:
    truth = tiny.make(tmp_path, "voc", classes=("car", "Car"))
    tiny.write(tmp_path, "voc", truth, ("car", "Car"))
    refused(tmp_path, "'Car' and 'car' are classes of one name but for how they are written")


def test_a_picture_that_declares_more_pixels_than_memory_holds(tmp_path: Path) -> None:
    tiny.make(tmp_path, "csv")
    head = struct.pack(">IIBBBBB", 200_000, 200_000, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts]
    (tmp_path / "image_001.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    refused(tmp_path, "image_001.png: 200000 × 200000 pixels are more than the 300,000,000")
