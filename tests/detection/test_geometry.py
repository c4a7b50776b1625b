"""Boxes: there and back, bounds, equivariance, and torchvision's answers."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.ops import box_iou, generalized_box_iou

from zoo.detection.box import Box
from zoo.detection.geometry import GEOMETRIES, geometry
from zoo.detection.points import grid, pyramid
from zoo.errors import ZooError


def random_boxes(count: int, size: float = 100) -> Tensor:
    corners = torch.rand(count, 2, 2) * size
    low, high = corners.amin(1), corners.amax(1)
    return torch.cat((low, high + 1), 1)


@given(st.integers(0, 10_000), st.sampled_from([4, 8, 16, 32]))
@settings(max_examples=30, deadline=None)
def test_code_and_box_there_and_back(seed: int, stride: int) -> None:
    torch.manual_seed(seed)
    boxes = random_boxes(20)
    points = boxes[:, :2] + (0.01 + 0.98 * torch.rand(20, 2)) * (boxes[:, 2:] - boxes[:, :2])
    strides = torch.full((20,), float(stride))
    code = Box().encode(points, strides, boxes)
    torch.testing.assert_close(Box().decode(points, strides, code), boxes, atol=2e-2, rtol=1e-3)


def test_decoded_boxes_hold_their_point_and_are_finite() -> None:
    points, strides = torch.rand(50, 2) * 100, torch.full((50,), 8.0)
    boxes = Box().decode(points, strides, torch.randn(50, 4) * 100)
    assert boxes.isfinite().all()
    assert (Box().depth(points, boxes).diagonal() > 0).all()


def test_decode_flips_with_the_image() -> None:
    width, stride = 64, 8
    points, strides = pyramid([torch.zeros(1, 1, 8, 8)], [stride])
    code = torch.randn(64, 4)
    boxes = Box().decode(points, strides, code)
    mirrored = code.view(8, 8, 4).flip(1)[..., [2, 1, 0, 3]].reshape(64, 4)
    flipped = Box().decode(points, strides, mirrored).view(8, 8, 4).flip(1).reshape(64, 4)
    torch.testing.assert_close(
        flipped[:, [2, 1, 0, 3]] * torch.tensor([-1.0, 1, -1, 1]) + torch.tensor([width, 0.0, width, 0]), boxes
    )


def test_iou_and_loss_are_torchvisions() -> None:
    boxes, others = random_boxes(12), random_boxes(9)
    torch.testing.assert_close(Box().iou(boxes, others), box_iou(boxes, others))
    torch.testing.assert_close(
        Box().loss(boxes[:9], others), 1 - generalized_box_iou(boxes[:9], others).diagonal(), atol=1e-5, rtol=1e-4
    )
    torch.testing.assert_close(Box().loss(boxes, boxes), torch.zeros(12), atol=1e-5, rtol=0)


def test_depth_is_positive_inside_alone() -> None:
    boxes, points = random_boxes(10), torch.rand(200, 2) * 100
    x, y = points.T
    inside = (x > boxes[:, :1]) & (x < boxes[:, 2:3]) & (y > boxes[:, 1:2]) & (y < boxes[:, 3:])
    assert torch.equal(Box().depth(points, boxes) > 0, inside)


def test_suppress_keeps_other_classes_and_far_boxes() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 10], [50, 50, 60, 60]])
    kept = Box().suppress(boxes, torch.tensor([0.5, 0.9, 0.4, 0.1]), torch.tensor([0, 0, 1, 0]), 0.5)
    assert kept.tolist() == [1, 2, 3]


def test_centres_are_in_the_middle() -> None:
    assert Box().centres(torch.tensor([[2.0, 4, 6, 20]])).tolist() == [[4, 12]]


def test_clip() -> None:
    assert Box().clip(torch.tensor([[-3.0, 4, 50, 90]]), height=40, width=30).tolist() == [[0, 4, 30, 40]]


def test_points_are_cell_centres_row_by_row() -> None:
    assert grid(2, 3, 8).tolist() == [[4, 4], [12, 4], [20, 4], [4, 12], [12, 12], [20, 12]]
    points, strides = pyramid([torch.zeros(1, 1, 4, 6), torch.zeros(1, 1, 2, 3)], [8, 16])
    assert points.shape == (30, 2)
    assert strides.tolist() == [8.0] * 24 + [16.0] * 6


def test_unknown_geometry_lists_the_known() -> None:
    with pytest.raises(ZooError, match=f"'circle'.*{next(iter(GEOMETRIES))}"):
        geometry("circle")
