"""What people label amiss is told, or kept, alike by the readers of all formats."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.pose.figures import NAMES, WIDTH, figures, write_coco, write_deeplabcut
from tests.pose.test_folder import WRITERS, folder, instances
from zoo.errors import ZooError

#: What each format says of a number that is none; of a table an empty cell, or NaN, is a keypoint that nobody set.
NO_NUMBER = {
    "coco": "annotation 1: 9 numbers, not 3 finite ones for each of 3 keypoints",
    "cvat": "skeleton 1: the point 'left_paw' is at 'nan,nan'",
    "labelstudio": "the point 'left_paw' has no place",
}


@pytest.mark.parametrize("name", WRITERS)
def test_outside_of_the_image_is_kept_and_not_visible(tmp_path: Path, name: str) -> None:
    points = figures(tmp_path, 6)
    first = next(iter(points))
    points[first][0] = [WIDTH + 9, -3]
    file, write = WRITERS[name]
    write(tmp_path / file, points)
    data = folder(tmp_path)
    one, at = instances(data)[first.rpartition("/")[2]], data.classes.index(NAMES[0])
    np.testing.assert_allclose(one.keypoints[at], [WIDTH + 9, -3], atol=0.01)
    assert one.visible.tolist() == [number != at for number in range(3)]


@pytest.mark.parametrize("name", WRITERS)
def test_an_individual_of_which_nothing_is_visible_is_told(tmp_path: Path, name: str) -> None:
    points = figures(tmp_path, 6)
    points[next(iter(points))][:] = -9.0
    file, write = WRITERS[name]
    write(tmp_path / file, points)
    with pytest.raises(ZooError, match=f"1 individual has no visible keypoint: {file}.*data.invalid=drop"):
        folder(tmp_path)


@pytest.mark.parametrize("name", NO_NUMBER)
def test_no_numbers_are_told_by_their_place(tmp_path: Path, name: str) -> None:
    points = figures(tmp_path, 6)
    points[next(iter(points))][1] = np.nan
    file, write = WRITERS[name]
    write(tmp_path / file, points)
    with pytest.raises(ZooError, match=NO_NUMBER[name]):
        folder(tmp_path)


def test_a_category_in_another_order_is_followed_by_name(tmp_path: Path) -> None:
    points = figures(tmp_path, 8)
    here, there = dict(list(points.items())[:4]), dict(list(points.items())[4:])
    write_coco(tmp_path / "a.json", here)
    turned = write_coco(tmp_path / "b.json", {rel: one[[2, 0, 1]] for rel, one in there.items()})
    turned["categories"][0] |= {"keypoints": [NAMES[2], NAMES[0], NAMES[1]], "skeleton": [[2, 3], [2, 1]]}
    (tmp_path / "b.json").write_text(json.dumps(turned))
    data = folder(tmp_path)
    for rel, true in points.items():
        np.testing.assert_allclose(instances(data)[rel.rpartition("/")[2]].keypoints, true, atol=0.01)
    assert data.skeleton.edges == (("head", "left_paw"), ("head", "right_paw"))


@pytest.mark.parametrize("name", WRITERS)
def test_a_place_that_no_image_has_is_told(tmp_path: Path, name: str) -> None:
    points = figures(tmp_path, 6)
    points[next(iter(points))][1] = 1e9
    file, write = WRITERS[name]
    write(tmp_path / file, points)
    with pytest.raises(
        ZooError, match=rf"1 place is none of keypoints in an image: {file}.* a keypoint is 1e\+09 pixels"
    ):
        folder(tmp_path)


@pytest.mark.parametrize("name", ["coco", "deeplabcut"])
def test_shares_of_the_sides_are_not_taken_for_pixels(tmp_path: Path, name: str) -> None:
    file, write = WRITERS[name]
    write(tmp_path / file, {rel: one / WIDTH for rel, one in figures(tmp_path, 6).items()})
    with pytest.raises(ZooError, match=r"all 18 keypoints lie between 0 and 1.*64 × 48.*write them in pixels"):
        folder(tmp_path)


@pytest.mark.parametrize(("width", "said"), [(2 * WIDTH, "its objects were scaled with it"), (3 * WIDTH, None)])
def test_keypoints_of_another_size_than_the_image_s(tmp_path: Path, width: int, said: str | None) -> None:
    points = figures(tmp_path, 6)
    first = next(iter(points))
    written = write_coco(tmp_path / "k.json", {**points, first: 2 * points[first]})
    written["images"][0] |= {"width": width, "height": 2 * written["images"][0]["height"]}
    (tmp_path / "k.json").write_text(json.dumps(written))
    if said is None:
        with pytest.raises(ZooError, match="192 × 96 pixels are declared, and it has 64 × 48"):
            folder(tmp_path)
        return
    data = folder(tmp_path)
    np.testing.assert_allclose(instances(data)[first.rpartition("/")[2]].keypoints, points[first], atol=0.01)
    assert any(said in note for note in data.split.notes)


def test_individuals_that_stand_there_twice_or_in_no_box(tmp_path: Path) -> None:
    written = write_coco(tmp_path / "k.json", figures(tmp_path, 6))
    changed = json.loads(json.dumps(written))
    changed["annotations"].append({**changed["annotations"][0], "id": 99})
    changed["annotations"][1]["bbox"] = [1, 1, -4, 5]
    (tmp_path / "k.json").write_text(json.dumps(changed))
    with pytest.raises(ZooError, match=r"2 places are .*annotation 99: it is that of k.json, annotation 1 again"):
        folder(tmp_path)
    with pytest.raises(ZooError, match=r"annotation 2: its box has no area"):
        folder(tmp_path)


def test_a_table_with_two_rows_of_one_image(tmp_path: Path) -> None:
    write_deeplabcut(tmp_path / "CollectedData_me.csv", figures(tmp_path, 6))
    text = (tmp_path / "CollectedData_me.csv").read_text()
    last = text.strip().splitlines()[-1]
    (tmp_path / "CollectedData_me.csv").write_text(f"{text}{last}\n")
    with pytest.raises(ZooError, match=r"line 10: .*img05.png has a row already, CollectedData_me.csv, line 9"):
        folder(tmp_path)
    (tmp_path / "CollectedData_me.csv").write_text(text.replace(last, last.rpartition(",")[0] + ",inf"))
    with pytest.raises(ZooError, match="'inf' is no place in an image"):
        folder(tmp_path)
