"""Marks go out to a labelling tool and come back the same, to the pixel; what disagrees is seen."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from recipes.annotation.annotator import Annotator, Marked
from recipes.annotation.labels import Labels
from recipes.annotation.masks import Masks, packed, unpacked
from recipes.annotation.objects import Objects
from zoo.errors import ZooError
from zoo.geometry.box_geometry import corners
from zoo.inference.answers import Detections, Label, Mask, Tags
from zoo.registry.tasks import tasks

CLASSES = ("car", "van")


def picture(folder: Path, name: str = "a.png", size: tuple[int, int] = (80, 60)) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (90, 90, 90)).save(folder / name)
    return folder / name


def found(rotated: bool, count: int = 40) -> Detections:
    rng = np.random.default_rng(0)
    if rotated:
        boxes = np.stack(
            [*rng.uniform(20, 50, (2, count)), *rng.uniform(4, 12, (2, count)), rng.uniform(-89, 89, count)], 1
        )
        outlines = corners(boxes)
    else:
        first = rng.uniform(5, 30, (count, 2))
        boxes = np.concatenate([first, first + rng.uniform(4, 20, (count, 2))], 1)
        outlines = corners(boxes)
    labels = tuple(CLASSES[i % 2] for i in range(count))
    return Detections(boxes, np.linspace(0.9, 0.5, count), labels, outlines)


@pytest.mark.parametrize("format", ["coco", "cvat", "labelstudio"])
@pytest.mark.parametrize("rotated", [False, True])
def test_objects_come_back_within_a_hundredth_of_a_pixel(format: str, rotated: bool, tmp_path: Path) -> None:
    annotator, path = Objects(), picture(tmp_path / "in")
    truth = annotator.truth(found(rotated))
    annotator.write([Marked(path, truth, "v1")], CLASSES, format, tmp_path / "out")
    if format == "labelstudio":  # a person accepts what was predicted
        assert annotator.read(tmp_path / "out", format, CLASSES) == {}
        tasks_file = tmp_path / "out" / "tasks.json"
        content = json.loads(tasks_file.read_text())
        content[0]["annotations"] = content[0]["predictions"]
        tasks_file.write_text(json.dumps(content))
    again = annotator.read(tmp_path / "out", format, CLASSES)["a.png"]
    assert annotator.names(again) == annotator.names(truth)
    for before, after in zip(truth["objects"], again["objects"], strict=True):
        key = "points" if rotated else "box"
        one, other = (np.sort(np.array(those[key]).reshape(-1, 2), axis=0) for those in (before, after))
        np.testing.assert_allclose(one, other, atol=0.01)
        assert "score" not in after
    assert annotator.agreement(truth, again) == 1


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_masks_are_packed_without_a_loss(height: int, width: int, seed: int) -> None:
    mask = np.random.default_rng(seed).choice([0, 1, 255], (height, width)).astype(np.uint8)
    np.testing.assert_array_equal(unpacked(packed(mask)), mask)


def test_masks_come_back_to_the_pixel_and_other_numbers_are_refused(tmp_path: Path) -> None:
    annotator, path = Masks(), picture(tmp_path / "in")
    mask = (np.arange(80 * 60).reshape(60, 80) // 700 % 2).astype(np.uint8)
    truth = annotator.truth(Mask(mask, ("ground", "road")))
    annotator.write([Marked(path, truth)], ("ground", "road"), "masks", tmp_path / "out")
    again = annotator.read(tmp_path / "out", None, ("ground", "road"))
    assert again == {"a.png": truth}
    mirrored = annotator.mirrored(truth, 80)
    assert annotator.agreement(truth, mirrored) < 1
    assert annotator.agreement(truth, annotator.mirrored(mirrored, 80)) == 1
    Image.fromarray(mask * 7).save(tmp_path / "out" / "masks" / "a.png")
    with pytest.raises(ZooError, match="holds 7, and there are 2 classes"):
        annotator.read(tmp_path / "out", None, ("ground", "road"))


@pytest.mark.parametrize("format", ["csv", "labelstudio"])
def test_labels_come_back_once_a_person_filled_them_in(format: str, tmp_path: Path) -> None:
    annotator, path = Labels(), picture(tmp_path / "in")
    truth = annotator.truth(Label("car", 0.6, {"car": 0.6, "van": 0.4}))
    annotator.write([Marked(path, truth, "v1")], CLASSES, format, tmp_path / "out")
    assert annotator.read(tmp_path / "out", None, CLASSES) == {}
    assert (tmp_path / "out" / "files" / "a.png").read_bytes() == path.read_bytes()
    if format == "csv":
        table = tmp_path / "out" / "labels.csv"
        table.write_text(table.read_text().replace("a.png,,", "a.png,van|car,"))
    else:
        tasks_file = tmp_path / "out" / "tasks.json"
        content = json.loads(tasks_file.read_text())
        value = {"type": "choices", "value": {"choices": ["van", "car"]}}
        content[0]["annotations"] = [{"result": [value]}]
        tasks_file.write_text(json.dumps(content))
    again = annotator.read(tmp_path / "out", None, CLASSES)
    assert again == {"a.png": {"classes": ["van", "car"]}}
    assert annotator.agreement(truth, again["a.png"]) == 0.5


def test_doubt_is_between_0_and_1_and_most_where_nothing_is_told() -> None:
    annotator = Labels()
    shares = (1.0, 0.9, 0.6, 0.5)
    doubts = [annotator.uncertainty(Label("a", p, {"a": p, "b": 1 - p})) for p in shares]
    assert doubts == sorted(doubts)
    assert 0 <= doubts[0] < 0.01
    assert doubts[-1] == pytest.approx(1)
    assert annotator.uncertainty(Tags(["x", "y"], [0.9, 0.7])) == pytest.approx(0.2)
    assert Objects().uncertainty(found(False)) > 0.5
    assert np.isnan(Masks().uncertainty(Mask(np.zeros((2, 2), np.uint8), ("a",))))


def test_outcomes_tell_right_wrong_and_missed() -> None:
    annotator = Objects()
    truth = {"objects": [{"label": "car", "box": [0, 0, 10, 10]}, {"label": "van", "box": [20, 20, 30, 30]}]}
    said = {"objects": [
        {"label": "car", "box": [1, 0, 10, 10], "score": 0.9},
        {"label": "car", "box": [0, 0, 10, 10], "score": 0.5},  # the same once more
        {"label": "car", "box": [20, 20, 30, 30], "score": 0.8},  # of another class
    ]}  # fmt: skip
    outcomes, missed = annotator.outcomes(said, truth)
    assert [one.right for one in outcomes] == [True, False, False]
    assert missed == ["van"]
    assert annotator.agreement(said, truth) == pytest.approx(0.4)
    right, none = Labels().outcomes({"classes": ["a"], "scores": [0.7]}, {"classes": ["b"]})
    assert ([(one.label, one.right) for one in right], none) == ([("a", False)], [])


def test_tasks_name_what_marks_their_inputs() -> None:
    made = {name: record.load("annotator") for name, record in tasks().items() if record.annotator}
    assert {"classification", "detection", "segmentation", "sequence"} <= set(made)
    assert all(issubclass(kind, Annotator) for kind in made.values())
