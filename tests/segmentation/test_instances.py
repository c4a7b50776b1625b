"""Instances: one label for each object, also where objects touch; and the metric of the task over whole scenes."""

import logging

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_opening

from tests.segmentation.conftest import make_task, told_by
from zoo.errors import ZooError
from zoo.geometry.tiles import grid
from zoo.segmentation import foreground_of
from zoo.segmentation.instances import Method, bordered, components, grown, watershed

BORDERED = ("background", "building", "border")


def twins() -> np.ndarray:
    """Two houses (40, 60), labelled 1 and 2, with a common wall."""
    labels = np.zeros((40, 60), np.int32)
    labels[5:25, 5:25], labels[5:25, 25:50] = 1, 2
    return labels


def with_border(labels: np.ndarray) -> np.ndarray:
    """The mask in which the houses are parted by a class of their own."""
    return np.where(bordered(labels), 2, (labels > 0).astype(np.uint8)).astype(np.uint8)


def test_a_border_parts_what_touches_and_is_given_back() -> None:
    labels = twins()
    mask = with_border(labels)
    assert components(labels > 0).max() == 1
    found = Method.of("borders", BORDERED)(mask)
    assert found.classes.tolist() == [0, 1, 1]
    for label in (1, 2):
        own = labels == label
        disc = np.hypot(*np.mgrid[-2:3, -2:3]) <= 2
        assert not (found.labels == label)[binary_opening(own, disc) & ~own].any()
        assert (found.labels == label)[binary_opening(own, disc)].all()
    assert np.isin(found.labels[labels == 0], 0).all()


def test_the_border_is_as_wide_on_either_side() -> None:
    labels = np.zeros((20, 20), np.int32)
    labels[6:14, 6:14] = 1
    line = bordered(labels)[10]
    assert line.nonzero()[0].tolist() == [4, 5, 6, 7, 12, 13, 14, 15]


def test_a_watershed_parts_at_a_waist_alone() -> None:
    mask = np.zeros((40, 70), bool)
    mask[5:25, 5:25] = mask[5:25, 30:50] = True
    mask[12:17, 25:30] = True  # a passage between two houses
    mask[30:32, 5:60] = True  # too slender for a maximum of its own
    mask[5:25, 55:65] = True
    labels = watershed(mask)
    assert ((labels > 0) == mask).all()
    assert labels.max() == 4
    assert len({labels[10, 10], labels[10, 40], labels[10, 60], labels[30, 10]}) == 4
    angle = np.deg2rad(27)
    y, x = np.mgrid[-50:50, -50:50]
    turned = (abs(x * np.cos(angle) + y * np.sin(angle)) < 40) & (abs(y * np.cos(angle) - x * np.sin(angle)) < 12)
    assert watershed(turned).max() == 1  # the stairs of a slanting wall are no waists


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), name=st.sampled_from(["components", "watershed"]))
def test_every_pixel_of_a_class_is_in_one_instance_of_one_component(seed: int, name: str) -> None:
    rng = np.random.default_rng(seed)
    mask = np.kron(rng.integers(0, 3, (8, 8)), np.ones((4, 4))).astype(np.uint8)
    labels, classes = Method.of(name, ("background", "building", "water"))(mask)
    np.testing.assert_array_equal(classes[labels], mask)
    whole, _ = Method.of("components", ("background", "building", "water"))(mask)
    pairs = np.unique(np.stack((labels[mask > 0], whole[mask > 0])), axis=1)
    assert len(np.unique(pairs[0])) == pairs.shape[1] == len(classes) - 1


def test_masks_without_an_object_have_no_instance() -> None:
    for name in ("components", "borders", "watershed"):
        for value in (0, 2, 255):
            labels, classes = Method.of(name, BORDERED)(np.full((9, 9), value, np.uint8))
            assert labels.max() == 0
            assert classes.tolist() == [0]
    full = np.ones((9, 9), bool)
    assert watershed(full).max() == components(full).max() == 1
    assert grown(np.zeros((3, 3), np.int32), np.ones((3, 3), bool)).max() == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [("watersheds", "did you mean watershed"), ("borders", "data.borders=true makes one for buildings")],
)
def test_methods_that_cannot_be_are_refused(name: str, said: str) -> None:
    with pytest.raises(ZooError, match=said):
        make_task(("background", "building"), instances=name)


def test_a_border_is_a_means_unless_there_is_nothing_else() -> None:
    assert foreground_of(BORDERED) == [1]
    assert foreground_of(("background", "border")) == [1]


def evaluate(truth: np.ndarray, found: np.ndarray, classes: tuple[str, ...], **options: object) -> dict[str, float]:
    task = make_task(classes, **options)
    tiles = list(grid(truth.shape[1], truth.shape[0], 24, 8, "scene"))
    for tile in reversed(tiles):
        cut = (slice(tile.y, tile.y + tile.height), slice(tile.x, tile.x + tile.width))
        image, mask = np.zeros((1, 24, 24), np.float32), np.full((24, 24), 255)
        image[:, : tile.height, : tile.width] = told_by(found[cut])
        mask[: tile.height, : tile.width] = truth[cut]
        batch = {"images": torch.from_numpy(image)[None], "masks": torch.from_numpy(mask)[None], "tiles": [tile]}
        task.update(batch, "val")
    metrics = task.compute("val")
    task.warn_of_undefined("val", metrics)
    return metrics


def test_instance_f1_over_the_tiles_of_a_scene() -> None:
    truth = with_border(twins())
    truth[30:38, 30:38] = 1  # missed
    found = with_border(np.where(twins() == 2, 0, twins()))
    found[30:38, 5:13] = 1  # false
    scores = evaluate(truth, found, BORDERED, instances="borders")
    assert scores["instance_f1"] == scores["instance_f1/building"] == pytest.approx(2 / 5)
    assert scores["instance_precision"] == pytest.approx(1 / 2)
    assert scores["instance_recall"] == pytest.approx(1 / 3)
    assert "instance_f1" not in evaluate(truth, found, BORDERED)
    assert "boundary_f1" not in evaluate(truth, found, BORDERED, boundary_tolerance=None)


def test_what_is_found_where_nothing_is_known_is_no_false_alarm() -> None:
    truth, found = np.zeros((40, 60), np.uint8), np.zeros((40, 60), np.uint8)
    truth[2:12, 2:12] = found[2:12, 2:12] = 1
    truth[:, 30:], found[20:35, 32:50] = 255, 1
    scores = evaluate(truth, found, ("background", "building"), instances="components")
    assert scores["instance_f1"] == scores["boundary_f1"] == 1


def test_touching_houses_are_one_without_borders_and_two_by_watershed() -> None:
    found = np.zeros((40, 60), np.uint8)
    found[5:25, 5:25] = found[5:25, 30:50] = 1
    truth = found.copy()
    found[13:16, 25:30] = 1
    classes = ("background", "building")
    assert evaluate(truth, found, classes, instances="components")["instance_f1"] == 0
    assert evaluate(truth, found, classes, instances="watershed")["instance_f1"] == 1
    assert evaluate(found, found, classes, instances="components")["instance_f1"] == 1
    assert evaluate(found, found, classes, instances="watershed")["instance_f1"] == pytest.approx(2 / 3)  # truth is one


def test_a_scene_that_is_not_known_has_no_instances(caplog: pytest.LogCaptureFixture) -> None:
    nothing = np.full((30, 30), 255, np.uint8)
    scores = evaluate(nothing, np.ones((30, 30), np.uint8), ("background", "building"), instances="components")
    assert np.isnan(scores["instance_f1"])
    assert np.isnan(scores["boundary_f1"])
    empty = np.zeros((30, 30), np.uint8)
    with caplog.at_level(logging.WARNING):
        scores = evaluate(empty, empty, ("background", "building"), instances="watershed")
    assert np.isnan(scores["instance_f1"])
    assert (
        "val/instance_f1 is not defined: neither the truth nor the prediction has an instance of building"
        in caplog.text
    )
