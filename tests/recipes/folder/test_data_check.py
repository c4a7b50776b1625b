"""`zoo data check` lists everything that is wrong, and its exit code can be trusted."""

import json
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import typer
from PIL import Image
from rasterio.transform import Affine
from rich.console import Console

from configuration.composition import compose
from configuration.instantiation import data_of
from recipes.folder.boxes.options import FolderOptions
from recipes.folder.boxes.scenes import read_folder
from recipes.kit.split import SPLITS
from tests.recipes.folder import tiny
from tools.data.check import check, command
from tools.data.report import Report, show
from zoo.errors import ZooError


def found(report: Report, level: str) -> dict[str, tuple[str, ...]]:
    return {finding.kind: finding.examples for finding in report.findings if finding.level == level}


@pytest.mark.parametrize("format", tiny.FORMATS)
def test_sound_data_have_no_errors(tmp_path: Path, format: str) -> None:
    tiny.make(tmp_path, format)
    report = check(tmp_path)
    assert report.exit_code == 0
    assert (report.format, report.images, report.objects) == (format, 6, 12)
    assert dict(report.splits) == {"train": 4, "val": 1, "test": 1}
    assert {name: dict(counts) for name, counts in report.classes.items()} == {
        "red car": {"train": 4, "val": 1, "test": 1},
        "blue truck": {"train": 4, "val": 1, "test": 1},
    }
    assert found(report, "warning") == {}


def test_all_errors_are_found_at_once(tmp_path: Path) -> None:
    truth = tiny.make(tmp_path, "voc", images=10)
    truth[0].boxes[0] = (70, 2, 80, 9)
    truth[1].boxes[1] = (9, 9, 9, 30)
    tiny.write(tmp_path, "voc", truth, ("red car", "blue truck"))
    images, annotations = tmp_path / "JPEGImages", tmp_path / "Annotations"
    path = images / "image_002.png"
    path.write_bytes(path.read_bytes()[:-900])  # the head is whole
    (images / "image_003.png").write_bytes(b"")
    (images / "image_004.png").unlink()
    (annotations / "image_005.xml").write_text("<annotation><object>")
    (annotations / "image_006.xml").unlink()
    report = check(tmp_path)
    errors = found(report, "error")
    assert {kind: len(examples) for kind, examples in errors.items()} == {
        "box": 1,
        "flat": 1,
        "image": 2,
        "malformed": 1,
        "orphan": 1,
    }
    assert "JPEGImages/image_003.png: 0 bytes" in errors["image"]
    assert any("image_002.png: " in example and "truncated" in example for example in errors["image"])
    assert found(report, "warning")["negative"] == ("JPEGImages/image_005.png", "JPEGImages/image_006.png")
    assert report.exit_code == 1
    levels = [finding.level for finding in report.findings]
    assert levels == sorted(levels, key=("error", "warning", "note").index)


def test_cut_rasters_are_found(tmp_path: Path) -> None:
    tiny.make(tmp_path, "coco", bands=5)
    path = tmp_path / "images" / "image_001.tif"
    path.write_bytes(path.read_bytes()[:-3000])
    assert "image_001.tif" in found(check(tmp_path), "error")["image"][0]


def test_split_errors_are_found(tmp_path: Path) -> None:
    tiny.make(tmp_path, "csv", bands=5)
    tiny.save(tmp_path / "image_003.tif", np.ones((2, 64, 64), np.uint8))
    report = check(tmp_path)
    (finding,) = (finding for finding in report.findings if finding.kind == "split")
    assert "image_000.tif has 5 and image_003.tif has 2" in finding.sentence
    assert report.exit_code == 1
    assert {name: dict(counts) for name, counts in report.classes.items()} == {
        "red car": {"all": 6},
        "blue truck": {"all": 6},
    }


def test_a_class_that_training_never_shows_is_an_error(tmp_path: Path) -> None:
    rows = ["image,xmin,ymin,xmax,ymax,label,split"]
    for number, (name, split) in enumerate((("a", "train"), ("b", "val"), ("c", "test"))):
        pixels = np.arange(64 * 64, dtype=np.uint16).reshape(1, 64, 64) % 251 + number
        tiny.save(tmp_path / f"{name}.png", pixels.astype(np.uint8))
        rows += [f"{name}.png,1,1,9,9,x,{split}"]
    (tmp_path / "boxes.csv").write_text("\n".join([*rows, "c.png,20,20,40,40,ant,test"]))
    report = check(tmp_path)
    (finding,) = (finding for finding in report.findings if finding.level == "error")
    assert "'ant' (c.png in test)" in finding.sentence


def test_what_may_be_a_mistake_is_a_warning(tmp_path: Path) -> None:
    truth = tiny.make(tmp_path, "csv", images=8)
    truth[0].boxes[1], labels = truth[0].boxes[0], ("red car", "red car")
    truth[0] = tiny.Picture(truth[0].name, 64, 64, truth[0].boxes, labels)
    truth[1].boxes[0] = (5, 5, 6, 30)
    tiny.write(tmp_path, "csv", truth, ("red car", "blue truck"))
    tiny.save(tmp_path / "image_002.png", np.full((3, 64, 64), 7, np.uint8))
    (tmp_path / "image_004.png").write_bytes((tmp_path / "image_003.png").read_bytes())  # both are drawn for train
    with Image.open(tmp_path / "image_005.png") as image:
        exif = image.getexif()
        exif[274] = 6
        image.save(tmp_path / "image_005.png", exif=exif)
    report = check(tmp_path)
    warned = found(report, "warning")
    assert report.exit_code == 0
    assert {kind: len(examples) for kind, examples in warned.items()} == {
        "twice": 1,
        "small": 1,
        "blank": 1,
        "copies": 1,
    }
    assert any("1 picture is turned as its EXIF says" in finding.sentence for finding in report.findings)
    assert warned["copies"] == ("image_004.png = image_003.png",)
    assert warned["small"] == ("boxes.csv, line 4 (image_001.png)",)


def test_images_of_one_value_are_noted_however_they_are_stored(tmp_path: Path) -> None:
    pictures = tiny.make(tmp_path, "coco", images=10, size=200)
    rng = np.random.default_rng(0)
    stored = {
        "a.tif": {"compression": None},
        "b.bmp": {},
        "c.jpg": {"subsampling": 0, "comment": bytes(30_000)},
        "d.png": {},
    }
    for number, (name, options) in enumerate(stored.items()):
        content = json.loads((tmp_path / "annotations.json").read_text())
        content["images"][number]["file_name"] = name
        (tmp_path / "annotations.json").write_text(json.dumps(content))
        (tmp_path / "images" / pictures[number].name).unlink()
        Image.new("RGB", (200, 200), (90, 90, 90)).save(tmp_path / "images" / name, **options)
    nearly = np.full((200, 200, 3), 90, np.uint8)
    nearly[199, 199, 0] = 91
    Image.fromarray(nearly).save(tmp_path / "images" / pictures[4].name)
    tiny.save(tmp_path / "images" / pictures[5].name, rng.integers(0, 255, (3, 200, 200)).astype(np.uint8))
    notes = [note for note in read_folder(tmp_path).notes if "one value only" in note]
    assert notes == ["4 images have one value only (images/a.tif; images/b.bmp; images/c.jpg; and 1 more)"]


def boxes_by_split(root: Path) -> tuple[str, str]:
    """A picture of training that is one of the test, both named so."""
    for part in SPLITS:
        tiny.make(root / part, "csv", images=4, seed=len(part))
    shutil.copy(root / "test/image_000.png", root / "train/image_001.png")
    return "train/image_001.png", "test/image_000.png"


def masks_by_split(root: Path) -> tuple[str, str]:
    for part in SPLITS:
        for number in range(4):
            pixels = np.random.default_rng([len(part), number]).integers(0, 255, (3, 32, 32))
            tiny.save(root / part / f"images/{number}.png", pixels.astype(np.uint8))
            tiny.save(root / part / f"masks/{number}.png", 255 * (pixels[:1] > 99).astype(np.uint8))
    shutil.copy(root / "test/images/0.png", root / "train/images/1.png")
    return "train/images/1.png", "test/images/0.png"


def labels_by_split(root: Path) -> tuple[str, str]:
    for part in SPLITS:
        for number in range(8):
            pixels = np.random.default_rng([len(part), number]).integers(0, 255, (3, 32, 32))
            tiny.save(root / part / "ab"[number % 2] / f"{number}.png", pixels.astype(np.uint8))
    shutil.copy(root / "test/a/0.png", root / "train/a/2.png")
    return "train/a/2.png", "test/a/0.png"


@pytest.mark.parametrize(
    ("task", "make"),
    [("detection", boxes_by_split), ("segmentation", masks_by_split), ("classification", labels_by_split)],
)
def test_copies_across_the_splits_of_the_data_are_refused_and_may_be_left_out(
    task: str, make: Callable[[Path], tuple[str, str]], tmp_path: Path
) -> None:
    copy, original = make(tmp_path)
    words = [f"task={task}", "data=folder", f"data.root={tmp_path}", "augment=none"]
    with pytest.raises(ZooError, match=rf"1 image is a copy .*{copy} = {original}\), or set data\.leakage=drop"):
        data_of(compose(words)).setup()
    assert check(*words).exit_code == 1
    for choice, there in (("note", True), ("drop", False)):
        data: Any = data_of(compose([*words, f"data.leakage={choice}"]))
        data.setup()
        assert (copy in {scene.name for scene in data.split.parts["train"]}) is there
        assert any(f"{copy} = {original}" in note for note in data.split.notes)
        assert check(*words, f"data.leakage={choice}").exit_code == 0


@pytest.mark.parametrize("seed", range(4))
def test_copies_are_drawn_together(tmp_path: Path, seed: int) -> None:
    tiny.make(tmp_path, "csv", images=6)
    for copy, original in ((5, 0), (4, 1)):
        shutil.copy(tmp_path / f"image_00{original}.png", tmp_path / f"image_00{copy}.png")
    split = read_folder(tmp_path, FolderOptions(split_seed=seed))
    of = {scene.name[8]: part for part, scenes in split.parts.items() for scene in scenes}
    assert (of["5"], of["4"]) == (of["0"], of["1"])
    assert any("2 images are copies of one; keep one" in note for note in split.notes)


@pytest.mark.parametrize(
    ("dtype", "scale", "level", "said"),
    [
        ("uint16", 10, "note", "data.value_range=[0,255] was read off them"),
        ("float32", 10, "error", "set data.value_range=["),
    ],
)
def test_values_that_do_not_fill_the_range(tmp_path: Path, dtype: str, scale: float, level: str, said: str) -> None:
    rng = np.random.default_rng(0)
    rows = ["image,xmin,ymin,xmax,ymax,label"]
    for number in range(3):
        tiny.save(tmp_path / f"{number}.tif", (rng.random((2, 64, 64)) * scale + 1).astype(dtype))
        rows.append(f"{number}.tif,1,1,20,20,x")
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    report = check(tmp_path)
    assert any(said in finding.sentence for finding in report.findings if finding.level == level)
    low, high = report.values[dtype]
    assert 1 <= low < 2
    assert 10 <= high <= 11
    assert check(tmp_path, "data.value_range=[0,11]").exit_code == 0


def test_a_check_takes_the_words_of_training(tmp_path: Path) -> None:
    tiny.make(tmp_path, "voc")
    (tmp_path / "some.csv").write_text("image,xmin,ymin,xmax,ymax,label\nimage_000.png,1,1,9,9,x")
    assert check(tmp_path).format == "voc"
    assert check(tmp_path, "data.format=csv").format == "csv"
    with pytest.raises(ZooError, match=r"data\.negatives"):
        check(tmp_path, "data.negatives=perhaps")
    (tmp_path / "Annotations/image_001.xml").unlink()
    assert "negative" in found(check(tmp_path, "data.negatives=error"), "error")


def test_names_do_not_steer_the_terminal(tmp_path: Path) -> None:
    evil = "a\x1b[2J\x9bb"
    rows = ["image,xmin,ymin,xmax,ymax,label"]
    for number in range(3):
        tiny.save(tmp_path / f"{number}{evil}.png", np.full((3, 64, 64), 7, np.uint8))
        rows.append(f"{number}{evil}.png,1,1,9,9,{evil}")
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    out = StringIO()
    show(check(tmp_path), Console(file=out, width=200))
    assert "\x1b" not in out.getvalue()
    assert "\x9b" not in out.getvalue()
    assert "a\ufffd[2J" in out.getvalue()
    (tmp_path / "boxes.csv").write_text("\n".join([*rows, f"{evil}.png,1,1,9,9,x"]))
    with pytest.raises(ZooError) as error:
        read_folder(tmp_path)
    assert "\x1b" not in str(error.value)


def test_images_without_any_data_are_an_error(tmp_path: Path) -> None:
    tiny.make(tmp_path, "csv", bands=5)
    kind = {
        "width": 64,
        "height": 64,
        "count": 5,
        "dtype": "uint8",
        "nodata": 7,
        "transform": Affine(1, 0, 9, 0, -1, 9),
    }
    with rasterio.open(tmp_path / "image_002.tif", "w", driver="GTiff", **kind) as raster:
        raster.write(np.full((5, 64, 64), 7, np.uint8))
    report = check(tmp_path)
    (finding,) = (one for one in report.findings if one.kind == "nothing")
    assert (finding.level, finding.examples, report.exit_code) == ("error", ("image_002.tif",), 1)


def test_annotations_without_an_object_are_told_as_such(tmp_path: Path) -> None:
    tiny.save(tmp_path / "a.png", np.zeros((3, 8, 8), np.uint8))
    (tmp_path / "a.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    (finding,) = (one for one in check(tmp_path).findings if one.level == "error")
    assert "has 1 image to use, and no object in 1 file of annotations (a.geojson)" in finding.sentence
    (tmp_path / "a.geojson").write_text('{"type": "FeatureCollection", "features": 3}')
    (finding,) = (one for one in check(tmp_path).findings if one.level == "error")
    assert "cannot be read" in finding.sentence


def test_facts_are_plain_and_the_table_shows_them(tmp_path: Path) -> None:
    truth = tiny.make(tmp_path, "voc", images=16)
    for picture in truth[:12]:
        picture.boxes[0] = (70, 2, 80, 9)
    tiny.write(tmp_path, "voc", truth, ("red car", "blue truck"))
    report = check(tmp_path)
    assert json.loads(json.dumps(report.facts()))["exit_code"] == 1
    out = StringIO()
    show(report, Console(file=out, soft_wrap=True))
    text = out.getvalue()
    assert "12 boxes are not valid" in text
    assert "    and 2 more" in text
    assert "voc, 16 images, 32 objects" in text


@pytest.mark.parametrize(("broken", "code"), [(False, 0), (True, 1)])
def test_command_exits_with_the_verdict(
    tmp_path: Path, broken: bool, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.make(tmp_path, "yolo")
    if broken:
        (tmp_path / "labels" / "image_000.txt").write_text("0 1 2\n")
    with pytest.raises(typer.Exit) as exit_:
        command([str(tmp_path)], json_=True)
    assert exit_.value.exit_code == code
    assert json.loads(capsys.readouterr().out)["exit_code"] == code


def test_folder_in_no_format(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="is empty"):
        check(tmp_path)


def test_rotated_data_are_described(tmp_path: Path) -> None:
    for index in range(6):
        tiny.save(tmp_path / f"images/{index}.png", np.full((3, 64 + 2 * index, 64), index + 1, np.uint8))
        long, square = "10 10 30 20 27 26 7 16 ship 0", "40 40 50 44 46 54 36 50 tank 1"
        path = tmp_path / f"labelTxt/{index}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{long}\n{square}\n" + (f"{long}\n5 5 6 5.5 5.8 6 4.8 5.5 ship 0\n" if index == 0 else ""))
    (tmp_path / "classes.txt").write_text("ship\n")
    report = check(tmp_path)
    assert (report.format, report.objects) == ("dota", 14)
    told = found(report, "warning")
    assert len(told["twice"]) == 1
    assert told["small"] == ("labelTxt/0.txt, line 4 (images/0.png)",)
    assert told["unlisted"] == ("'tank': 6 objects",)
    sentences = {finding.kind: finding.sentence for finding in report.findings}
    assert sentences["shapes"].startswith("14 of 14 objects are rotated boxes, 6 of them nearly square")
    assert sentences["sizes"] == "images are of 6 sizes"
    assert "6 objects are marked difficult" in " ".join(finding.sentence for finding in report.findings)


def test_several_coordinate_systems_are_told(tmp_path: Path) -> None:
    tiny.make(tmp_path, "coco", bands=5)
    for index, crs in enumerate(("EPSG:32632", "EPSG:32632", "EPSG:32633")):
        path = tmp_path / f"images/image_{index:03d}.tif"
        pixels = np.random.default_rng(index).integers(1, 255, (5, 64, 64)).astype(np.uint8)
        profile = {"driver": "GTiff", "width": 64, "height": 64, "count": 5, "dtype": "uint8"}
        with rasterio.open(path, "w", crs=crs, transform=Affine(1, 0, 500_000, 0, -1, 5e6), **profile) as raster:
            raster.write(pixels)
    assert found(check(tmp_path), "warning")["crs"] == (
        "EPSG:32632: 2 (images/image_000.tif)",
        "EPSG:32633: 1 (images/image_002.tif)",
        "none: 3 (images/image_003.tif)",
    )
