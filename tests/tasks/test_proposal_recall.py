"""The average recall of a run: of whole scenes, without difficult objects, only where it is asked for."""

import pytest
import torch
from torch import nn

from tasks.detection import Detection, SceneResult, proposal_recall
from zoo.errors import ZooError


def test_it_counts_objects_whatever_their_class_and_leaves_difficult_ones_out() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [50, 50, 60, 60], [80, 0, 90, 10]])
    truth = {"boxes": boxes, "labels": torch.tensor([0, 1, 1]), "difficult": torch.tensor([False, False, True])}
    found = {"boxes": boxes[:1], "labels": torch.tensor([1]), "scores": torch.tensor([0.5])}
    result = SceneResult("a", found, truth)
    assert proposal_recall([result], [10]) == {"ar_10": 0.5}
    assert proposal_recall([result], []) == {}


def test_rotated_boxes_have_none() -> None:
    with pytest.raises(ZooError, match=r"task.recall=\[10\]"):
        Detection(nn.Identity(), ["a"], "rotated_box", recall=[10], optimizer=None, scheduler=None)
