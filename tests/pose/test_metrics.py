"""Metrics of poses: those of a perfect answer, known distances, COCO's precision by its own formula, and naive answers."""

import math

import pytest
import torch
from torch import Tensor

from tasks.metrics.keypoints import keypoint_metrics, oks_precision, rmse_interval
from tasks.results.pose import PoseResult
from zoo.pose.baselines import mean_pose, nearest_pose, thumbnails
from zoo.pose.framing import frame_of
from zoo.pose.skeleton import SIGMA, skeleton_of

NAMES = ("nose", "left_paw", "right_paw", "tail")
SKELETON = skeleton_of(NAMES, torso=("nose", "tail"))


def result(shift: Tensor, count: int = 6, visible: Tensor | None = None) -> PoseResult:
    torch.manual_seed(0)
    truth = 100 * torch.rand(count, 4, 2)
    predicted = torch.cat((truth + shift, torch.rand(count, 4, 1)), dim=2)
    seen = torch.ones(count, 4, dtype=torch.bool) if visible is None else visible
    names = tuple(f"img{i}" for i in range(count))
    return PoseResult(names, predicted, truth, seen, torch.full((count,), 400.0), names)


def test_a_perfect_answer() -> None:
    found = keypoint_metrics(result(torch.zeros(2)), SKELETON)
    assert found["rmse"] == 0
    assert found["pck_5"] == found["pck_10"] == found["pck_torso"] == 1
    assert found["oks_map"] == pytest.approx(1.0)


def test_known_distances() -> None:
    found = keypoint_metrics(result(torch.tensor([3.0, 4.0])), SKELETON)
    assert found["rmse"] == pytest.approx(5, abs=1e-4)
    assert found["rmse_low"] == pytest.approx(5, abs=1e-4)
    far = keypoint_metrics(result(torch.tensor([0.0, 7.0])), SKELETON)
    assert (far["pck_5"], far["pck_10"]) == (0, 1)
    assert far["rmse/tail"] == pytest.approx(7, abs=1e-4)


def test_what_is_not_visible_counts_nowhere() -> None:
    visible = torch.ones(6, 4, dtype=torch.bool)
    visible[:, 1] = False
    one = result(torch.zeros(2), visible=visible)
    one.predicted[:, 1, :2] += 1000
    found = keypoint_metrics(one, SKELETON)
    assert found["rmse"] == 0
    assert "rmse/left_paw" not in found
    assert found["oks_map"] == pytest.approx(1.0)


def test_nothing_visible_is_no_figure() -> None:
    found = keypoint_metrics(result(torch.zeros(2), 1, torch.zeros(1, 4, dtype=torch.bool)), SKELETON)
    assert set(found) == {"rmse"}
    assert math.isnan(found["rmse"])


@pytest.mark.parametrize("pixels", [1.0, 1.4, 2.0])
def test_precision_of_one_likeness_is_the_share_of_thresholds_below_it(pixels: float) -> None:
    one = result(torch.tensor([pixels, 0.0]))
    likeness = math.exp(-(pixels**2) / (2 * 400 * (2 * SIGMA) ** 2))
    passed = [threshold for threshold in [0.5 + 0.05 * i for i in range(10)] if likeness >= threshold]
    assert oks_precision(one, SKELETON.sigmas)["oks_map"] == pytest.approx(len(passed) / 10, abs=1e-6)


def test_the_interval_holds_the_value_and_narrows() -> None:
    torch.manual_seed(0)
    few, many = (torch.rand(count, 4).double() * 10 for count in (10, 1000))
    for distances in (few, many):
        low, high = rmse_interval(distances)
        assert low < float(distances.square().mean().sqrt()) < high
    assert high - low < 0.3 * (rmse_interval(few)[1] - rmse_interval(few)[0])


def test_naive_answers() -> None:
    images = torch.rand(3, 1, 48, 48)
    keypoints, visible = torch.rand(3, 2, 2), torch.tensor([[True, True], [True, False], [True, True]])
    mean = mean_pose(keypoints, visible)
    torch.testing.assert_close(mean[1], keypoints[[0, 2], 1].mean(dim=0))
    found = nearest_pose(thumbnails(images), thumbnails(images), keypoints, visible)
    torch.testing.assert_close(found[visible], keypoints[visible])
    torch.testing.assert_close(found[1, 1], mean[1])


@pytest.mark.parametrize("box", [None, [10.0, 5.0, 40.0, 90.0], [-20.0, -20.0, 30.0, 30.0]])
def test_frames_there_and_back(box: list[float] | None) -> None:
    frame = frame_of(100, 120, 64, None if box is None else torch.tensor(box).numpy())
    points = torch.rand(5, 2).double().numpy() * 100
    assert abs(frame.to_image(frame.to_seen(points)) - points).max() < 1e-9
    x, y, width, height = frame.window
    image = torch.zeros(1, height, width)
    assert frame.show(image).shape == (1, 64, 64)
    assert 0 <= x <= 100 - width
    assert 0 <= y <= 120 - height
