"""What holds of every assignment of points to objects."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.detection.assigner import Candidates, TaskAlignedAssigner
from zoo.detection.box import Box
from zoo.detection.losses import quality_focal_loss
from zoo.detection.points import grid


def scene(seed: int, objects: int) -> tuple[Candidates, torch.Tensor, torch.Tensor]:
    """An untrained detector's candidates on a grid of stride 8, and boxes whose centres lie in cells of their own."""
    torch.manual_seed(seed)
    points = grid(16, 16, 8)
    predicted = Box().decode(points, torch.full((256,), 8.0), torch.randn(256, 4))
    cells = torch.randperm(64)[:objects]
    centres = torch.stack((cells % 8, cells // 8), 1) * 16 + 8.0
    half = 9 + torch.rand(objects, 2) * 25
    boxes = torch.cat((centres - half, centres + half), 1)
    return Candidates(points, predicted, torch.rand(256, 3)), boxes, torch.randint(3, (objects,))


@given(st.integers(0, 10_000), st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_every_object_gets_points_and_only_from_inside(seed: int, count: int) -> None:
    candidates, boxes, labels = scene(seed, count)
    found = TaskAlignedAssigner(topk=13)(Box(), candidates, boxes, labels)
    positive = found.objects >= 0
    owners = found.objects[positive]
    assert sorted(owners.unique().tolist()) == list(range(count))
    depth = Box().depth(candidates.points, boxes)
    assert (depth[owners, positive.nonzero().flatten()] > 0).all()
    assert owners.bincount(minlength=count).max() <= 13 + 1  # one more where a lost object takes a point back


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_quality_is_the_best_overlap_at_the_best_point(seed: int) -> None:
    candidates, boxes, labels = scene(seed, 8)
    found = TaskAlignedAssigner()(Box(), candidates, boxes, labels)
    assert ((found.quality >= 0) & (found.quality <= 1)).all()
    assert (found.quality[found.objects < 0] == 0).all()
    iou = Box().iou(boxes, candidates.boxes)
    for n in range(8):
        mine = found.objects == n
        torch.testing.assert_close(found.quality[mine].max(), iou[n, mine].max())


def test_no_objects_no_points() -> None:
    candidates, boxes, labels = scene(0, 1)
    found = TaskAlignedAssigner()(Box(), candidates, boxes[:0], labels[:0])
    assert (found.objects == -1).all()
    assert (found.quality == 0).all()


def test_an_object_between_the_points_gets_none() -> None:
    candidates, _, labels = scene(0, 1)
    found = TaskAlignedAssigner()(Box(), candidates, torch.tensor([[5.0, 5, 11, 11]]), labels)
    assert (found.objects == -1).all()


def test_the_better_aligned_points_win() -> None:
    candidates, boxes, labels = scene(3, 1)
    exact = candidates.boxes.clone()
    inside = (Box().depth(candidates.points, boxes)[0] > 0).nonzero().flatten()
    exact[inside[:2]] = boxes[0]
    found = TaskAlignedAssigner(topk=2)(Box(), Candidates(candidates.points, exact, torch.ones(256, 3)), boxes, labels)
    assert (found.objects >= 0).nonzero().flatten().tolist() == inside[:2].tolist()


def test_quality_focal_loss_is_zero_at_its_target_and_grows_with_the_error() -> None:
    target = torch.tensor([0.2, 0.7])
    assert quality_focal_loss(torch.logit(target), target) < 1e-8
    logits = torch.linspace(0, 4, 9)
    losses = torch.stack([quality_focal_loss(x, torch.tensor(0.5)) for x in logits])
    assert (losses.diff() > 0).all()
