"""Keypoints of the user's own are read alike from every format, and what is wrong with them is told by file and place."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from configuration.composition import compose
from configuration.instantiation import data_of
from recipes.keypoints.instance import Instance
from tests.pose.figures import (
    HEIGHT,
    NAMES,
    WIDTH,
    figures,
    write_coco,
    write_cvat,
    write_deeplabcut,
    write_labelstudio,
)
from tools.data.check import check
from tools.data.words import task_of
from zoo.errors import ZooError

WRITERS = {
    "deeplabcut": ("CollectedData_me.csv", write_deeplabcut),
    "coco": ("keypoints.json", write_coco),
    "cvat": ("annotations.xml", write_cvat),
    "labelstudio": ("export.json", write_labelstudio),
}


def folder(root: Path, *words: str) -> Any:
    data: Any = data_of(
        compose(["task=pose", "data=folder", f"data.root={root}", "trainer.workers=0", "data.size=64", *words])
    )
    data.setup()
    return data


def instances(data: Any) -> dict[str, Instance]:
    return {one.path.name: one for one in data.split.every()}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_says_the_same(tmp_path: Path, name: str) -> None:
    points = figures(tmp_path, 8)
    file, write = WRITERS[name]
    write(tmp_path / file, points)
    data = folder(tmp_path)
    assert sorted(data.classes) == sorted(NAMES)
    assert data.skeleton.pairs == (("left_paw", "right_paw"),)
    order = [NAMES.index(one) for one in data.classes]
    for rel, true in points.items():
        one = instances(data)[rel.rpartition("/")[2]]
        np.testing.assert_allclose(one.keypoints, true[order], atol=0.01)
        assert one.visible.all()


def test_a_folder_of_keypoints_is_one_of_pose(tmp_path: Path) -> None:
    write_deeplabcut(tmp_path / "CollectedData_me.csv", figures(tmp_path, 4))
    assert task_of(tmp_path).name == "pose"


def test_frames_of_one_video_stay_together(tmp_path: Path) -> None:
    write_deeplabcut(tmp_path / "CollectedData_me.csv", figures(tmp_path, 12), wide=True)
    parts = folder(tmp_path).split.parts
    held = [{one.path.parent for one in those} for those in parts.values()]
    assert sum(map(len, held)) == len(set().union(*held)) == 4


def test_the_skeleton_and_the_boxes_are_coco_s(tmp_path: Path) -> None:
    write_coco(tmp_path / "keypoints.json", figures(tmp_path, 6))
    data = folder(tmp_path)
    assert data.skeleton.edges == (("head", "left_paw"), ("head", "right_paw"))
    assert data.fitted()["boxes"]
    assert data.profile().individuals.largest == 1


def test_outside_is_kept_and_not_visible(tmp_path: Path) -> None:
    points = figures(tmp_path, 6)
    first = next(iter(points))
    points[first][0] = [WIDTH + 9, -3]
    write_deeplabcut(tmp_path / "CollectedData_me.csv", points)
    data = folder(tmp_path)
    one = instances(data)[first.rpartition("/")[2]]
    assert one.visible.tolist() == [False, True, True]
    assert one.keypoints[0].tolist() == [WIDTH + 9, -3]
    assert any("1 keypoint lies outside its image" in note for note in data.split.notes)


def test_empty_cells_are_not_seen(tmp_path: Path) -> None:
    points = figures(tmp_path, 6)
    first = next(iter(points))
    points[first][1] = np.nan
    write_deeplabcut(tmp_path / "CollectedData_me.csv", points)
    assert instances(folder(tmp_path))[first.rpartition("/")[2]].visible.tolist() == [True, False, True]


def test_another_order_is_followed_by_name(tmp_path: Path) -> None:
    points = figures(tmp_path, 8)
    here, there = dict(list(points.items())[:4]), dict(list(points.items())[4:])
    write_deeplabcut(tmp_path / "a.csv", here)
    turned = {rel: one[[2, 0, 1]] for rel, one in there.items()}
    write_deeplabcut(tmp_path / "b.csv", turned, (NAMES[2], NAMES[0], NAMES[1]))
    data = folder(tmp_path)
    for rel, true in points.items():
        np.testing.assert_allclose(instances(data)[rel.rpartition("/")[2]].keypoints, true, atol=0.01)
    assert any("another order" in note for note in data.split.notes)


def test_several_individuals_are_cut_out(tmp_path: Path) -> None:
    points = figures(tmp_path, 6)
    content = write_coco(tmp_path / "keypoints.json", points)
    second = {**content["annotations"][0], "id": 99, "keypoints": [1, 2, 2, 9, 8, 2, 30, 40, 0]}
    first = {key: value for key, value in second.items() if key != "bbox"}
    write_coco(tmp_path / "keypoints.json", points, annotations=[*content["annotations"], first])
    data = folder(tmp_path)
    pair = [one for one in data.split.every() if "#" in one.name]
    assert [one.name.rpartition(" ")[2] for one in pair] == ["#1", "#2"]
    assert pair[1].visible.tolist() == [True, True, False]
    np.testing.assert_allclose(pair[1].box, [-3, -3, 13, 13], atol=0.6)
    assert any("1 individual has no box" in note for note in data.split.notes)
    assert data.dataset("train")[(0, 0)]["image"].shape == (1, 64, 64)


def other_names(root: Path, points: dict[str, np.ndarray]) -> None:
    write_deeplabcut(root / "a.csv", points)
    write_deeplabcut(root / "b.csv", points, ("head", "left_paw", "tail"))


def other_number(root: Path, points: dict[str, np.ndarray]) -> None:
    content = write_coco(root / "keypoints.json", points)
    content["annotations"][0]["keypoints"].pop()
    (root / "keypoints.json").write_text(json.dumps(content))


def nothing_visible(root: Path, points: dict[str, np.ndarray]) -> None:
    next(iter(points.values()))[:] = np.nan
    write_deeplabcut(root / "a.csv", points)


def edge_to_nothing(root: Path, points: dict[str, np.ndarray]) -> None:
    category = {"id": 1, "name": "figure", "keypoints": list(NAMES), "skeleton": [[1, 9]]}
    write_coco(root / "keypoints.json", points, categories=[category])


def no_category(root: Path, points: dict[str, np.ndarray]) -> None:
    content = write_coco(root / "keypoints.json", points)
    content["annotations"][0]["category_id"] = 7
    (root / "keypoints.json").write_text(json.dumps(content))


def scores(root: Path, points: dict[str, np.ndarray]) -> None:
    content = write_coco(root / "keypoints.json", points)
    content["annotations"][0]["keypoints"][2] = 0.3
    (root / "keypoints.json").write_text(json.dumps(content))


def one_pixel(root: Path, points: dict[str, np.ndarray]) -> None:
    write_coco(root / "keypoints.json", points)
    Image.new("RGB", (1, 1)).save(sorted(root.rglob("*.png"))[0])


def no_number(root: Path, points: dict[str, np.ndarray]) -> None:
    write_deeplabcut(root / "a.csv", points)
    text = (root / "a.csv").read_text().splitlines()
    text[3] = text[3].rpartition(",")[0] + ",much"
    (root / "a.csv").write_text("\n".join(text))


def no_image(root: Path, points: dict[str, np.ndarray]) -> None:
    write_deeplabcut(root / "a.csv", {**points, "labels/video0/gone.png": np.ones((3, 2))})


BAD = {
    other_names: r"b.csv: 3 of them, where others have 3: right_paw, tail",
    other_number: r"keypoints.json, annotation 1: 8 numbers, not 3 finite ones for each of 3 keypoints",
    nothing_visible: r"1 individual has no visible keypoint: a.csv, line 4.*data.invalid=drop",
    edge_to_nothing: r"the edge \[1, 9\] leads to none of its 3 keypoints.*data.edges",
    no_category: r"keypoints.json, annotation 1: category_id 7 is not in 'categories'",
    scores: r"keypoints.json, annotation 1: visibility 0.3 of a keypoint is none of 0, 1 and 2",
    one_pixel: r"1 image has one pixel: .*png; replace it, or set data.invalid=drop",
    no_number: r"a.csv, line 4: could not convert string to float: 'much'",
    no_image: r"a.csv, line 10: 'labels/video0/gone.png'.*data.orphans=drop",
}


@pytest.mark.parametrize("spoil", BAD, ids=lambda one: one.__name__)
def test_what_is_wrong_is_told(tmp_path: Path, spoil: Any) -> None:
    spoil(tmp_path, figures(tmp_path, 6))
    with pytest.raises(ZooError, match=BAD[spoil]):
        folder(tmp_path)
    report = check(str(tmp_path), "task=pose", "data.size=64")
    assert report.exit_code == 1
    assert any(finding.level == "error" for finding in report.findings)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("data.pairs=[[left_paw,right_pow]]", "names 'right_pow'; did you mean"),
        ("data.pairs=[[left_paw,right_paw],[left_paw,head]]", "'left_paw' is in two of the pairs"),
        ("data.edges=[[head,head]]", "joins a keypoint with itself"),
        ("data.torso=[head]", "joins no two keypoints"),
        ("data.sigmas=[0.1]", "3 positive numbers"),
        ("data.size=50", "multiple of 32"),
        ("data.format=voc", "deeplabcut"),
    ],
)
def test_settings_that_make_no_sense(tmp_path: Path, words: str, said: str) -> None:
    write_deeplabcut(tmp_path / "a.csv", figures(tmp_path, 6))
    with pytest.raises(ZooError, match=said):
        folder(tmp_path, words)


def test_an_image_that_cannot_be_read_is_left_out_where_asked(tmp_path: Path) -> None:
    write_coco(tmp_path / "keypoints.json", figures(tmp_path, 8))
    broken = sorted(tmp_path.rglob("*.png"))[0]
    broken.write_bytes(b"no image")
    with pytest.raises(ZooError, match=rf"1 image cannot be read: .*{broken.name}"):
        folder(tmp_path)
    data = folder(tmp_path, "data.invalid=drop")
    assert broken not in {one.path for one in data.split.every()}
    assert any("they were left out" in note for note in data.split.notes)


def test_invalid_ones_are_left_out_where_asked(tmp_path: Path) -> None:
    nothing_visible(tmp_path, figures(tmp_path, 8))
    data = folder(tmp_path, "data.invalid=drop")
    assert len(list(data.split.every())) == 7
    assert any("no visible keypoint" in note for note in data.split.notes)


def test_samples_show_the_keypoints_where_they_are(tmp_path: Path) -> None:
    write_coco(tmp_path / "keypoints.json", figures(tmp_path, 8))
    data = folder(tmp_path, "augment=none")
    for part in ("train", "test"):
        dataset = data.dataset(part)
        sample = dataset[(0, 0) if part == "train" else 0]
        image = sample["image"].as_subclass(torch.Tensor)[0]
        for (x, y), value in zip(sample["keypoints"].tolist(), (255, 170, 85), strict=True):
            assert float(image[int(y), int(x)]) == pytest.approx(value / 255, abs=0.02)
    assert HEIGHT < WIDTH
