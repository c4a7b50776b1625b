"""Overlap and suppression of rotated boxes: shapely's answers, bounds, symmetries; torchvision's for what is upright."""

import numpy as np
import pytest
import shapely
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.ops import batched_nms, box_convert, box_iou

from zoo.detection import nearby
from zoo.detection import rotated_iou as module
from zoo.detection.nearby import near_pairs
from zoo.detection.rotated_iou import aligned_rotated_iou, hulls, rotated_iou, rotated_nms
from zoo.geometry import box_geometry


def turned(count: int, span: float = 100, largest: float = 60) -> Tensor:
    """Boxes (N, 5) of any angle, float64."""
    draw = torch.rand(count, 5, dtype=torch.double)
    return draw * torch.tensor([span, span, largest, largest, 720]) - torch.tensor([0, 0, 0, 0, 360])


def by_shapely(boxes: Tensor, others: Tensor) -> np.ndarray:
    mine, theirs = (shapely.polygons(box_geometry.corners(b.numpy())) for b in (boxes, others))
    shared = shapely.area(shapely.intersection(mine, theirs))
    return shared / np.maximum(shapely.area(mine) + shapely.area(theirs) - shared, 1e-300)


side = st.floats(1e-3, 1e4) | st.floats(5, 50) | st.sampled_from([10.0, 20.0])
angle = st.floats(-400, 400) | st.sampled_from([0.0, 45.0, 90.0, -90.0, 180.0, 30.0])
shift = st.floats(-1, 1) | st.sampled_from([0.0, 0.5, 1.0, 1e-9])


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Two boxes of which the second is near the first in the first's measures: apart, touching, equal, or almost."""
    w, h, r = draw(side), draw(side), draw(angle)
    first = [draw(st.floats(-1e4, 1e4)), draw(st.floats(-1e4, 1e4)), w, h, r]
    sides = draw(st.sampled_from([(w, h), (h, w), (w * (1 + 1e-7), h), (10.0, 10.0)]) | st.tuples(side, side))
    second = [
        first[0] + draw(shift) * w,
        first[1] + draw(shift) * h,
        *sides,
        draw(angle | st.just(r) | st.just(r + 90)),
    ]
    return torch.tensor([first], dtype=torch.double), torch.tensor([second], dtype=torch.double)


@settings(max_examples=300, deadline=None)
@given(pairs())
def test_it_is_shapelys(pair: tuple[Tensor, Tensor]) -> None:
    a, b = pair
    found = rotated_iou(a, b)
    assert abs(float(found) - by_shapely(a, b)[0]) < 1e-6
    assert 0 <= float(found) <= 1
    torch.testing.assert_close(rotated_iou(b, a).T, found, atol=1e-9, rtol=0)
    torch.testing.assert_close(aligned_rotated_iou(a, b), found[0], atol=1e-12, rtol=0)


def test_all_pairs_are_shapelys_and_far_ones_are_none() -> None:
    torch.manual_seed(0)
    boxes, others = turned(60), turned(40)
    every = by_shapely(boxes.repeat_interleave(40, 0), others.repeat(60, 1)).reshape(60, 40)
    torch.testing.assert_close(rotated_iou(boxes, others), torch.from_numpy(every), atol=1e-9, rtol=0)
    assert not rotated_iou(boxes, others + torch.tensor([1e4, 0, 0, 0, 0])).any()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_a_box_is_the_same_however_it_is_written_and_wherever_it_lies(seed: int) -> None:
    torch.manual_seed(seed)
    a, b = turned(20, 50), turned(20, 50)
    found = aligned_rotated_iou(a, b)
    swapped = a[:, [0, 1, 3, 2, 4]] + torch.tensor([0, 0, 0, 0, 90.0])
    torch.testing.assert_close(aligned_rotated_iou(swapped, b), found)
    torch.testing.assert_close(aligned_rotated_iou(a, a), torch.ones(20, dtype=torch.double), atol=1e-9, rtol=0)
    moved = [box + torch.tensor([300.0, -70, 0, 0, 0]) for box in (a, b)]
    torch.testing.assert_close(aligned_rotated_iou(*moved), found, atol=1e-9, rtol=0)
    quarter = [torch.stack((x[:, 1], -x[:, 0], x[:, 2], x[:, 3], x[:, 4] + 90), 1) for x in (a, b)]
    torch.testing.assert_close(aligned_rotated_iou(*quarter), found, atol=1e-9, rtol=0)


@pytest.mark.parametrize(
    ("other", "iou"),
    [
        ((0, 0, 10, 10, 45), 0.5**0.5),  # a regular octagon in common
        ((10, 0, 10, 10, 0), 0),  # one side in common
        ((10, 10, 10, 10, 0), 0),  # one corner
        ((5, 0, 10, 10, 0), 1 / 3),
        ((0, 0, 4, 5, 0), 0.2),  # inside
        ((0, 0, 5, 4, 90), 0.2),
        ((0, 0, 10, 0, 0), 0),  # no area
        ((0, 0, -3, 10, 0), 0),
    ],
)
def test_known_overlaps(other: tuple[float, ...], iou: float) -> None:
    box = torch.tensor([[0.0, 0, 10, 10, 0]])
    assert float(rotated_iou(box, torch.tensor([other], dtype=torch.float))) == pytest.approx(iou, abs=1e-6)


def test_two_boxes_without_area_overlap_nowhere() -> None:
    nothing = torch.tensor([[3.0, 3, 0, 0, 10]])
    assert float(rotated_iou(nothing, nothing)) == 0


@pytest.mark.parametrize(("n", "m"), [(0, 3), (3, 0), (0, 0)])
def test_without_boxes(n: int, m: int) -> None:
    assert rotated_iou(turned(n), turned(m)).shape == (n, m)


def test_without_rotation_it_is_torchvisions() -> None:
    torch.manual_seed(1)
    low = torch.rand(80, 2) * 100
    boxes = torch.cat((low, low + 3 + torch.rand(80, 2) * 40), 1)
    upright = torch.cat((box_convert(boxes, "xyxy", "cxcywh"), torch.zeros(80, 1)), 1)
    torch.testing.assert_close(rotated_iou(upright, upright), box_iou(boxes, boxes), atol=1e-5, rtol=0)
    scores, labels = torch.rand(80), torch.randint(3, (80,))
    assert torch.equal(rotated_nms(upright, scores, labels, 0.3), batched_nms(boxes, scores, labels, 0.3))


def test_corners_are_torchvisions_there_and_back() -> None:
    torch.manual_seed(2)
    boxes = turned(30)
    there = box_convert(boxes, "cxcywhr", "xyxyxyxy")
    np.testing.assert_allclose(box_geometry.corners(boxes.numpy()), there.reshape(30, 4, 2).numpy(), atol=1e-9)
    torch.testing.assert_close(
        aligned_rotated_iou(box_convert(there, "xyxyxyxy", "cxcywhr"), boxes), torch.ones(30).double()
    )
    low, high = there.view(30, 4, 2).amin(1), there.view(30, 4, 2).amax(1)
    torch.testing.assert_close(hulls(boxes), torch.cat((low, high), 1))


@pytest.mark.parametrize("limit", [7, nearby.PAIRS])
def test_near_pairs_are_all_that_touch_each_once(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(nearby, "PAIRS", limit)
    a, b = (torch.randint(0, 30, (40, 4)).double() for _ in range(2))  # many equal beginnings
    a[:, 2:] = a[:, :2] + a[:, 2:] / 5
    b[:, 2:] = b[:, :2] + b[:, 2:] / 5
    touch = ((a[:, None, :2] <= b[None, :, 2:]) & (b[None, :, :2] <= a[:, None, 2:])).all(-1)
    found = [torch.stack(pair, 1) for pair in near_pairs(a, b)]
    assert max(map(len, found)) <= limit
    assert sorted(torch.cat(found).tolist()) == touch.nonzero().tolist()


def greedy(boxes: Tensor, scores: Tensor, labels: Tensor, threshold: float) -> list[int]:
    """The definition, one box after the other."""
    overlaps, kept = rotated_iou(boxes, boxes), []
    for i in torch.argsort(scores, descending=True, stable=True).tolist():
        if not any(labels[i] == labels[k] and overlaps[i, k] > threshold for k in kept):
            kept.append(i)
    return kept


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.1, 0.5, 0.9]), st.sampled_from([1, 5, 64, 1000]))
def test_suppression_is_greedy(seed: int, threshold: float, block: int) -> None:
    torch.manual_seed(seed)
    boxes, labels = turned(120, 80), torch.randint(3, (120,))
    scores = torch.randint(20, (120,)) / 20  # ties
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", block)
        assert rotated_nms(boxes, scores, labels, threshold).tolist() == greedy(boxes, scores, labels, threshold)


def test_a_chain_of_boxes_loses_every_other_one() -> None:
    chain = torch.tensor([[6.0 * i, 0, 10, 10, 20] for i in range(300)])
    kept = rotated_nms(chain, torch.linspace(1, 0, 300), torch.zeros(300), 0.2)
    assert kept.tolist() == list(range(0, 300, 2))


def test_suppression_of_nothing_and_of_copies() -> None:
    assert rotated_nms(turned(0), torch.zeros(0), torch.zeros(0), 0.5).tolist() == []
    copies = torch.tensor([[5.0, 5, 9, 3, 10]]).repeat(3000, 1)
    assert rotated_nms(copies, torch.arange(3000.0), torch.zeros(3000), 0.5).tolist() == [2999]


def test_its_gradient_is_right() -> None:
    torch.manual_seed(3)
    a, b = turned(15, 10), turned(15, 10)
    a[:, 2:4] += 5
    assert torch.autograd.gradcheck(lambda x: aligned_rotated_iou(x, b), (a.requires_grad_(),))
