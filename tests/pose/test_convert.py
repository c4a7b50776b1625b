"""Keypoints are written in every format and read back the same; what a format cannot carry is told, and refused."""

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from recipes.folder.keypoints.found import Found
from recipes.folder.keypoints.options import KeypointOptions
from recipes.folder.keypoints.reading import find
from recipes.folder.keypoints.table import FORMATS
from recipes.folder.tree import Tree
from tests.pose.figures import figures, write_coco, write_deeplabcut
from tools.data.convert import Choices, convert
from zoo.errors import ZooError

LOSSY = Choices(lossy=True)


def rich(root: Path) -> Path:
    """Write COCO's keypoints with all that it knows: two individuals, hidden and missing keypoints, splits, edges."""
    points = figures(root, 6)
    content = write_coco(root / "train.json", points)
    first, second = content["annotations"][:2]
    first["keypoints"][5], first["keypoints"][6:9] = 1, [0, 0, 0]
    first["num_keypoints"], first["individual"] = 2, "anna"
    second["keypoints"][0:2] = [-3.25, 70.125]  # outside of its image
    more = {**second, "id": 99, "image_id": 1, "individual": "berta", "keypoints": [1.5, 2.25, 2, 9, 8, 2, 30, 40.5, 1]}
    content["annotations"].append({key: value for key, value in more.items() if key not in ("bbox", "area")})
    (root / "train.json").write_text(json.dumps(content))
    return root


def read(root: Path) -> Found:
    return find(Tree(root), KeypointOptions())


def figures_of(found: Found) -> dict[str, list[np.ndarray]]:
    """Return the keypoints by the name of their image, in the order of their names."""
    order = np.argsort(found.names)
    return {
        image.rpartition("/")[2]: [np.where(one.seen[:, None], one.keypoints, np.nan)[order] for one in those]
        for image, those in found.images.items()
    }


@pytest.mark.parametrize(("first", "second"), list(permutations(FORMATS, 2)))
def test_out_and_back_gives_the_same_keypoints(tmp_path: Path, first: str, second: str) -> None:
    rich(tmp_path / "in")
    convert(tmp_path / "in", first, tmp_path / "once", LOSSY)
    convert(tmp_path / "once", second, tmp_path / "twice", LOSSY)
    before, after = figures_of(read(tmp_path / "in")), figures_of(read(tmp_path / "twice"))
    assert before.keys() == after.keys()
    for image, those in before.items():
        np.testing.assert_allclose(after[image], those, atol=0.01)


@pytest.mark.parametrize("name", ["coco", "cvat"])
def test_what_is_hidden_and_joined_stays_so(tmp_path: Path, name: str) -> None:
    convert(rich(tmp_path / "in"), name, tmp_path / "out", LOSSY)
    found = read(tmp_path / "out")
    hidden = {found.names[at] for _, one in found.every() for at in one.hidden}
    assert hidden == {"left_paw", "right_paw"}
    assert set(found.edges or []) == {("head", "left_paw"), ("head", "right_paw")}
    assert {one.name for _, one in found.every()} == {"anna", "berta", ""}
    assert set(found.splits.values()) == {"train"}


@pytest.mark.parametrize(("name", "said"), {
    "labelstudio": "no longer marked hidden: 2 .*the skeleton loses its edges.*areas.*names",
    "cvat": "boxes: 6 .*areas: 6",
    "deeplabcut": "marked hidden: 2 .*boxes: 6 .*in no split",
}.items())  # fmt: skip
def test_what_a_format_cannot_carry_is_refused(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(ZooError, match=f"--to {name} cannot carry all of it .*{said}.*--lossy"):
        convert(rich(tmp_path / "in"), name, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_all_of_it_is_carried_where_the_format_can(tmp_path: Path) -> None:
    done = convert(rich(tmp_path / "in"), "coco", tmp_path / "out")
    assert (done.lost, done.images, done.objects, done.of) == ({}, 6, 7, "keypoints")
    boxes = [one.box for _, one in read(tmp_path / "out").every()]
    assert sum(box is None for box in boxes) == 1


def test_boxes_of_individuals_lose_their_keypoints_only_where_that_is_wanted(tmp_path: Path) -> None:
    rich(tmp_path / "in")
    choices = Choices(on_error="skip")
    with pytest.raises(ZooError, match="--to voc cannot carry all of it .*individuals lose their keypoints: 7"):
        convert(tmp_path / "in", "voc", tmp_path / "out", choices)
    done = convert(tmp_path / "in", "voc", tmp_path / "out", Choices(on_error="skip", lossy=True))
    assert len(done.lost["keypoints"]) == 7


def test_no_keypoints_are_none(tmp_path: Path) -> None:
    figures(tmp_path / "in", 2)
    with pytest.raises(ZooError, match="--to deeplabcut carries keypoints, and .* holds none"):
        convert(tmp_path / "in", "deeplabcut", tmp_path / "out")


def test_what_is_wrong_stops_or_is_left_out(tmp_path: Path) -> None:
    points = figures(tmp_path / "in", 6)
    next(iter(points.values()))[:] = np.nan
    write_deeplabcut(tmp_path / "in/a.csv", points)
    with pytest.raises(ZooError, match="1 individual has no visible keypoint.*--on-error skip"):
        convert(tmp_path / "in", "coco", tmp_path / "out")
    done = convert(tmp_path / "in", "coco", tmp_path / "out", Choices(on_error="skip"))
    assert (done.objects, {kind: len(those) for kind, those in done.left_out.items()}) == (5, {"invisible": 1})
