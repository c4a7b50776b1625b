"""What people label amiss is told, or kept, alike by the readers of all formats."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.pose.figures import NAMES, WIDTH, figures, write_coco
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
