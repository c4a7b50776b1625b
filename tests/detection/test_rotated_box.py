"""Rotated boxes as a geometry: there and back, one box however it is written, turned and mirrored images, gradients."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from zoo.detection.points import pyramid
from zoo.detection.rotated_box import RotatedBox, bhattacharyya, longer_side_first
from zoo.detection.rotated_iou import aligned_rotated_iou
from zoo.detection.views import SQUARE, View

BOX = RotatedBox()
seeds = st.integers(0, 10_000)


def turned(count: int, size: float = 96) -> Tensor:
    """Boxes (N, 5) of any angle, of sides of 4 to 64 pixels."""
    return torch.rand(count, 5, dtype=torch.double) * torch.tensor([size, size, 60, 60, 720]) + torch.tensor(
        [0, 0, 4, 4, -360]
    )


def rewritten(boxes: Tensor) -> list[Tensor]:
    """The same boxes with width and height exchanged, and half a turn on."""
    swapped = boxes[:, [0, 1, 3, 2, 4]] + torch.tensor([0, 0, 0, 0, 90.0])
    return [swapped, boxes + torch.tensor([0, 0, 0, 0, 180.0]), swapped - torch.tensor([0, 0, 0, 0, 360.0])]


@given(seeds, st.sampled_from([8, 32]))
@settings(max_examples=30, deadline=None)
def test_code_and_box_there_and_back(seed: int, stride: int) -> None:
    torch.manual_seed(seed)
    boxes, strides = turned(20), torch.full((20,), float(stride))
    points = boxes[:, :2] + torch.rand(20, 2) * 20 - 10  # some lie outside
    back = BOX.decode(points, strides, BOX.encode(points, strides, boxes)).double()
    torch.testing.assert_close(aligned_rotated_iou(back, boxes), torch.ones(20).double(), atol=1e-4, rtol=0)


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_a_box_has_one_code_and_costs_nothing_however_it_is_written(seed: int) -> None:
    torch.manual_seed(seed)
    boxes, strides = turned(20), torch.full((20,), 8.0)
    boxes[:5, 3] = boxes[:5, 2]  # squares
    code = BOX.encode(boxes[:, :2], strides, boxes)
    for other in rewritten(boxes):
        torch.testing.assert_close(BOX.encode(boxes[:, :2], strides, other), code, atol=1e-6, rtol=0)
        assert BOX.loss(other, boxes).max() < 1e-6
    assert BOX.loss(boxes, boxes).max() < 1e-6


@pytest.mark.parametrize("height", [20.0, 19.9, 6.0])
def test_the_code_has_no_seam(height: float) -> None:
    """A box that turns once around has a code that moves in small steps and comes back, square or not."""
    steps = 720
    boxes = torch.tensor([[0.0, 0, 20, height, 0]]).repeat(steps, 1)
    boxes[:, 4] = torch.arange(steps) / 2
    code = BOX.encode(torch.zeros(steps, 2), torch.full((steps,), 8.0), longer_side_first(boxes))
    leap = (code - code.roll(1, 0)).norm(dim=1)
    # half a degree is 4 · 0.5° on the circle of 4r; 2 · 0.5° on that of 2r, whose radius is half the log of the aspect
    bound = math.radians(2) + math.radians(1) * math.log(20 / height) / 2
    assert leap.max() < bound * 1.001
    assert leap.min() > 0.5 * bound  # and it tells the angle of a square as well as any other's


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_loss_turns_with_the_image(seed: int) -> None:
    torch.manual_seed(seed)
    a, b = turned(30), turned(30)
    quarter = [torch.stack((x[:, 1], -x[:, 0], x[:, 2], x[:, 3], x[:, 4] + 90), 1) for x in (a, b)]
    torch.testing.assert_close(BOX.loss(*quarter), BOX.loss(a, b), atol=1e-6, rtol=1e-6)
    assert (BOX.loss(a, b) > 0).all()


def test_loss_has_a_right_gradient_and_pulls_from_afar() -> None:
    torch.manual_seed(0)
    a, b = turned(12, 30).requires_grad_(), turned(12, 30)
    assert torch.autograd.gradcheck(lambda x: BOX.loss(x, b), (a,))
    far = torch.tensor([[500.0, 0, 10, 10, 0]], requires_grad=True)
    BOX.loss(far, torch.tensor([[0.0, 0, 10, 10, 0]])).backward()
    assert far.grad is not None
    assert far.grad[0, 0] > 0


def test_a_square_that_is_turned_costs_and_is_turned_back() -> None:
    truth = torch.tensor([[0.0, 0, 20, 20, 10]])
    costs = [float(BOX.loss(truth + torch.tensor([0, 0, 0, 0, float(d)]), truth)) for d in (0, 10, 20, 30, 40, 45)]
    assert costs == sorted(costs)
    assert costs[0] < 1e-6
    assert costs[-1] > 0.4
    predicted = truth + torch.tensor([0, 0, 0, 0, 30.0])
    predicted.requires_grad_()
    BOX.loss(predicted, truth).backward()
    assert predicted.grad is not None
    assert predicted.grad[0, 4] > 0  # less angle, less cost


def test_the_distance_of_gaussians_is_the_formulas() -> None:
    """Two circles of deviation s apart by d: d² / (8 s²); one of twice the deviation: ln(1.25), both by hand."""
    s = 12**0.5  # a uniform density over a side of 12**0.5 · s has the deviation s
    box = torch.tensor([[0.0, 0, s, s, 33]], dtype=torch.double)
    assert float(bhattacharyya(box, box + torch.tensor([3.0, 4, 0, 0, 0]))) == pytest.approx(25 / 8)
    assert float(bhattacharyya(box, torch.tensor([[0, 0, 2 * s, 2 * s, 0]]).double())) == pytest.approx(math.log(1.25))


def test_degenerate_boxes_have_finite_costs_and_gradients() -> None:
    boxes = torch.tensor([[5.0, 5, 0, 10, 0], [5, 5, 1e4, 1e-6, 77], [5, 5, 0, 0, 0]], requires_grad=True)
    cost = BOX.loss(boxes, torch.tensor([[5.0, 5, 10, 10, 0], [5, 5, 0, 3, 3], [5, 5, 0, 0, 0]]))
    cost.sum().backward()
    assert cost.isfinite().all()
    assert boxes.grad is not None
    assert boxes.grad.isfinite().all()


def test_any_code_gives_a_finite_box() -> None:
    code = torch.cat((torch.randn(50, 7) * 100, torch.zeros(1, 7)))
    boxes = BOX.decode(torch.rand(51, 2) * 100, torch.full((51,), 8.0), code)
    assert boxes.isfinite().all()
    assert (boxes[:, 2:4] > 0).all()


@pytest.mark.parametrize("view", SQUARE)
def test_reflected_codes_are_those_of_reflected_boxes(view: View) -> None:
    """Decoding what a view sees, put right, is putting right what was decoded."""
    points, strides = pyramid([torch.zeros(1, 1, 6, 8)], [8])
    boxes = turned(48, 60).float()
    shown = boxes.clone()
    if view.transpose:
        shown = torch.stack((shown[:, 1], shown[:, 0], shown[:, 2], shown[:, 3], -90 - shown[:, 4]), 1)
    width, height = (48, 64) if view.transpose else (64, 48)
    if view.mirror:
        shown = torch.stack((width - shown[:, 0], shown[:, 1], shown[:, 2], shown[:, 3], -shown[:, 4]), 1)
    if view.flip:
        shown = torch.stack((shown[:, 0], height - shown[:, 1], shown[:, 2], shown[:, 3], -shown[:, 4]), 1)
    theirs, _ = pyramid([torch.zeros(1, 1, height // 8, width // 8)], [8])
    place = view.undo(torch.arange(48.0).view(1, 48, 1), [(6, 8)]).flatten().long()  # of our points among the view's
    code = BOX.encode(theirs[place], strides, shown)
    back = BOX.reflect(code, view.transpose, view.mirror, view.flip)
    torch.testing.assert_close(back, BOX.encode(points, strides, boxes), atol=1e-4, rtol=1e-4)


def test_depth_is_positive_inside_alone() -> None:
    boxes, points = turned(20).float(), torch.rand(300, 2) * 96
    dots = torch.cat((points, torch.full((300, 2), 1e-3), torch.zeros(300, 1)), 1)
    inside = BOX.iou(boxes, dots) > 0
    assert torch.equal(BOX.depth(points, boxes) > 0, inside)


def test_longer_side_first_is_the_same_box() -> None:
    boxes = turned(50)
    found = longer_side_first(boxes)
    assert (found[:, 2] >= found[:, 3]).all()
    assert ((found[:, 4] >= -90) & (found[:, 4] < 90)).all()
    torch.testing.assert_close(aligned_rotated_iou(found, boxes), torch.ones(50).double())
    assert torch.equal(BOX.clip(boxes, 10, 10), found)
    assert torch.equal(BOX.centres(boxes), boxes[:, :2])
