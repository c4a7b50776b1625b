"""The average recall of a run: of whole scenes, without difficult objects, only where it is asked for."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tasks.detection import Detection, proposal_recall
from tasks.results.detection import DetectionResult
from zoo.errors import ZooError


def result(found: Tensor, truth: Tensor, scores: Tensor | None = None) -> DetectionResult:
    scores = torch.linspace(0.9, 0.1, len(found)) if scores is None else scores
    labels = torch.arange(len(truth)) % 2  # whatever their class
    return DetectionResult(
        "a",
        {"boxes": found, "scores": scores, "labels": torch.zeros(len(found), dtype=torch.long)},
        {"boxes": truth, "labels": labels},
    )


def test_it_counts_objects_whatever_their_class_and_leaves_difficult_ones_out() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [50, 50, 60, 60], [80, 0, 90, 10]])
    truth = {"boxes": boxes, "labels": torch.tensor([0, 1, 1]), "difficult": torch.tensor([False, False, True])}
    found = {"boxes": boxes[:1], "labels": torch.tensor([1]), "scores": torch.tensor([0.5])}
    scene = DetectionResult("a", found, truth)
    assert proposal_recall([scene], [10]) == {"ar_10": 0.5}
    assert proposal_recall([scene], []) == {}


def test_an_object_counts_at_the_overlaps_that_it_is_found_at() -> None:
    truth = torch.tensor([[0.0, 0, 100, 10], [200, 0, 210, 10]])
    found = torch.tensor([[0.0, 0, 72, 10], [200, 0, 210, 10]])
    # IoU 0.72 passes 0.5 to 0.7, five of ten; the second proposal finds its object at all ten
    recall = proposal_recall([result(found, truth)], [1, 10, 20, 30])
    assert recall == {"ar_1": 0.25, "ar_10": 0.75, "ar_20": 0.75, "ar_30": 0.75}


def test_an_object_is_found_once_and_a_scene_without_objects_counts_nothing() -> None:
    pair = result(torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 10.5]]))
    empty = result(torch.tensor([[0.0, 0, 5, 5]]), torch.zeros(0, 4))
    assert proposal_recall([pair, empty], [10]) == {"ar_10": 0.5}
    assert math.isnan(proposal_recall([empty], [10])["ar_10"])
    assert proposal_recall([result(torch.zeros(0, 4), pair.truth["boxes"])], [100]) == {"ar_100": 0.0}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 12), st.integers(1, 6), st.integers(0, 99))
def test_more_proposals_find_no_less(count: int, objects: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(count + objects, 2, generator=generator) * 20
    boxes = torch.cat((corner, corner + 5 + 10 * torch.rand(count + objects, 2, generator=generator)), dim=1)
    recall = proposal_recall([result(boxes[:count], boxes[count:])], [12, 1, 3])
    assert 0 <= recall["ar_1"] <= recall["ar_3"] <= recall["ar_12"] <= 1


def test_rotated_boxes_have_none() -> None:
    with pytest.raises(ZooError, match=r"task.recall=\[10\]"):
        Detection(nn.Identity(), ["a"], "rotated_box", recall=[10], optimizer=None, scheduler=None)
