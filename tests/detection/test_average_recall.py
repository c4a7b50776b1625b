"""Average recall: known answers, and bounds."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zoo.detection.average_recall import average_recall, mask_iou


def boxes(*sides: tuple[float, float, float, float]) -> torch.Tensor:
    return torch.tensor(sides)


def test_an_object_counts_at_the_overlaps_that_it_is_found_at() -> None:
    truth = [{"boxes": boxes((0, 0, 100, 10), (200, 0, 210, 10))}]
    found = [{"boxes": boxes((0, 0, 72, 10), (200, 0, 210, 10)), "scores": torch.tensor([0.9, 0.1])}]
    # IoU 0.72 passes 0.5 to 0.7, five of ten; the second proposal finds its object at all ten
    assert average_recall(found, truth, limits=(1, 10)) == {"ar_1": pytest.approx(0.25), "ar_10": pytest.approx(0.75)}


def test_an_object_is_found_once_and_a_scene_without_objects_counts_nothing() -> None:
    truth = [{"boxes": boxes((0, 0, 10, 10), (0, 0, 10, 10.5))}, {"boxes": torch.zeros(0, 4)}]
    found = [
        {"boxes": boxes((0, 0, 10, 10)), "scores": torch.tensor([0.9])},
        {"boxes": boxes((0, 0, 5, 5)), "scores": torch.tensor([0.5])},
    ]
    assert average_recall(found, truth, limits=(10,)) == {"ar_10": 0.5}
    assert math.isnan(average_recall(found[1:], truth[1:])["ar_10"])
    assert average_recall([{"boxes": torch.zeros(0, 4), "scores": torch.zeros(0)}], truth[:1])["ar_100"] == 0


def test_masks_overlap_as_sets_of_pixels() -> None:
    masks = torch.zeros(2, 4, 4, dtype=torch.bool)
    masks[0, :2] = True
    others = torch.zeros(2, 4, 4, dtype=torch.bool)
    others[0, 1:3] = True
    assert mask_iou(masks, others).tolist() == [[pytest.approx(1 / 3), 0], [0, 0]]
    found = [{"masks": masks[:1], "scores": torch.tensor([1.0])}]
    assert average_recall(found, [{"masks": masks[:1]}], by="masks")["ar_10"] == 1


@given(st.integers(0, 12), st.integers(1, 6), st.integers(0, 99))
def test_more_proposals_find_no_less(count: int, objects: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(count + objects, 2, generator=generator) * 20
    all_boxes = torch.cat((corner, corner + 5 + 10 * torch.rand(count + objects, 2, generator=generator)), dim=1)
    found = [{"boxes": all_boxes[:count], "scores": torch.rand(count, generator=generator)}]
    recall = average_recall(found, [{"boxes": all_boxes[count:]}], limits=(1, 3, 12))
    assert 0 <= recall["ar_1"] <= recall["ar_3"] <= recall["ar_12"] <= 1
