"""The confusion matrix: rows are the truth, columns the prediction, and nothing else is in it."""

import torch
from hypothesis import given
from hypothesis import strategies as st

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
