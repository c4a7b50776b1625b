"""Average precision by class, against what is counted by hand."""

import pytest
import torch

from tasks.detection import average_precision
from tasks.results.detection import DetectionResult


def test_average_precision_at_half_overlap_is_told_by_class() -> None:
    boxes = [[0, 0, 10, 10], [20, 20, 40, 40], [50, 50, 60, 60]]
    truth = {"boxes": torch.tensor(boxes, dtype=torch.float32), "labels": torch.tensor([0, 0, 2])}
    found = {
        **truth,
        "boxes": truth["boxes"] + torch.tensor([[0], [500], [0]]),
        "scores": torch.tensor([0.9, 0.8, 0.7]),
    }
    values = average_precision([DetectionResult("a", found, truth)], ["car", "truck", "bus"])
    half = 51 / 101  # COCO samples 101 recalls, of which one car of two reaches the first 51
    assert values["map_50/car"] == pytest.approx(half)
    assert values["map_50/bus"] == pytest.approx(1.0)
    assert values["map_50"] == pytest.approx((half + 1) / 2)
    assert "map_50/truck" not in values
