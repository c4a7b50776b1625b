"""The confusion matrix: rows are the truth, columns the prediction, and nothing else is in it."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_confusion_matrix,
    multiclass_f1_score,
    multiclass_jaccard_index,
)

from zoo.errors import ZooError
from zoo.segmentation.confusion import Confusion, iou


def test_rows_are_the_truth_and_columns_the_prediction() -> None:
    confusion = Confusion(3)
    truth = torch.tensor([[0, 0, 1, 255], [2, 2, 2, 255]], dtype=torch.uint8)
    predicted = torch.tensor([[0, 1, 1, 1], [0, 0, 2, 0]], dtype=torch.uint8)
    expected = [[1, 1, 0], [0, 1, 0], [2, 0, 1]]
    assert confusion.add(truth, predicted).tolist() == expected
    assert confusion.add(truth[:1], predicted[:1]).tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert confusion.counts.tolist() == [[2, 2, 0], [0, 2, 0], [2, 0, 1]]
    assert confusion.accuracy() == 5 / 9


@given(st.lists(st.lists(st.integers(0, 2**40), min_size=3, max_size=3), min_size=3, max_size=3))
def test_iou_and_dice_are_bounded_and_of_one_mind(rows: list[list[int]]) -> None:
    confusion = Confusion(3)
    confusion.counts += torch.tensor(rows)
    j, d = confusion.iou(), confusion.dice()
    absent = (confusion.counts.sum(0) + confusion.counts.sum(1)) == 0
    assert torch.equal(j.isnan(), absent)
    assert torch.equal(d.isnan(), absent)
    assert ((j[~absent] >= 0) & (j[~absent] <= 1)).all()
    torch.testing.assert_close(d[~absent], 2 * j[~absent] / (1 + j[~absent]))
    torch.testing.assert_close(iou(confusion.counts.T), j, equal_nan=True)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    classes=st.integers(2, 6),
    pixels=st.sampled_from([1, 2, 7, 400]),
    ignored=st.sampled_from([0.0, 0.3, 1.0]),
    absent=st.booleans(),
    alone=st.booleans(),
)
def test_scores_are_those_of_torchmetrics(
    seed: int, classes: int, pixels: int, ignored: float, absent: bool, alone: bool
) -> None:
    """Absent classes, one class alone, one pixel, nothing known: torchmetrics counts the same, class by class."""
    rng = np.random.default_rng(seed)
    truth, found = (torch.from_numpy(rng.integers(0, classes - absent, pixels)) for _ in range(2))
    if alone:
        truth = torch.full_like(truth, classes - 1)
    truth[torch.from_numpy(rng.random(pixels) < ignored)] = 255
    confusion = Confusion(classes)
    confusion.add(truth, found)
    known = truth != 255
    expected = multiclass_confusion_matrix(found, truth, classes, ignore_index=255)
    assert torch.equal(confusion.counts, expected)
    there = (expected.sum(0) + expected.sum(1)) > 0
    for ours, theirs in (
        (confusion.iou(), multiclass_jaccard_index(found, truth, classes, average="none", ignore_index=255)),
        (confusion.dice(), multiclass_f1_score(found, truth, classes, average="none", ignore_index=255)),
    ):
        assert torch.equal(ours.isnan(), ~there)
        torch.testing.assert_close(ours[there].float(), theirs[there], atol=1e-6, rtol=0)
    if known.any():
        accuracy = multiclass_accuracy(found, truth, classes, average="micro", ignore_index=255)
        assert confusion.accuracy() == pytest.approx(float(accuracy), abs=1e-6)
    else:
        assert math.isnan(confusion.accuracy())


@pytest.mark.parametrize("value", [-1, 3, 128, 254])
def test_a_mask_with_values_outside_the_classes_is_refused(value: int) -> None:
    """A soft mask, 0 to 255, is one of these; 255 alone means that the class is not known."""
    confusion = Confusion(3)
    with pytest.raises(ZooError, match=rf"a mask holds the value {value}, but there are 3 classes: masks hold 0 to 2"):
        confusion.add(torch.tensor([0, 1, value, 255]), torch.zeros(4, dtype=torch.int64))
    assert int(confusion.counts.sum()) == 0


def test_one_class_alone_has_a_score() -> None:
    confusion = Confusion(1)
    confusion.add(torch.zeros(5, dtype=torch.uint8), torch.zeros(5, dtype=torch.int64))
    assert confusion.iou().tolist() == confusion.dice().tolist() == [confusion.accuracy()] == [1.0]
