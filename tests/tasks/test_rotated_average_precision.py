"""Average precision of rotated boxes: a slow count by the rules, an example by hand, what must not matter."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import shapely
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tasks.detection import average_precision, rotated_average_precision
from tasks.metrics.rotated import THRESHOLDS, RotatedAveragePrecision
from tasks.results.detection import DetectionResult
from zoo.detection.matching import curve, match
from zoo.errors import ZooError
from zoo.geometry import box_geometry

Image = dict[str, Tensor]
CLASSES = 3


def images(seed: int, count: int = 3, objects: int = 12) -> tuple[list[Image], list[Image]]:
    """Detections near, twice on, and away from the objects of some images; an eighth of the objects are difficult."""
    torch.manual_seed(seed)
    found, truth = [], []
    for _ in range(count):
        boxes = torch.rand(objects, 5) * torch.tensor([80.0, 80, 20, 20, 180]) + torch.tensor([0, 0, 10, 10, 0])
        labels = torch.randint(CLASSES, (objects,))
        truth.append({"boxes": boxes, "labels": labels, "difficult": torch.rand(objects) < 0.125})
        of = torch.randint(objects, (3 * objects,))
        noise = torch.randn(len(of), 5) * torch.tensor([1.0, 1, 1, 1, 4]) * torch.rand(len(of), 1)
        off = torch.rand(len(of)) < 0.2
        detected = boxes[of] + noise + off[:, None] * torch.tensor([40.0, 0, 0, 0, 0])
        found.append({"boxes": detected, "labels": labels[of], "scores": torch.rand(len(of))})
    return found, truth


def counted(found: list[Image], truth: list[Image], label: int, threshold: float) -> tuple[float, float]:
    """Area and 11-point average precision of one class, one detection after the other, with shapely's overlaps."""
    rows = [(float(s), i, n) for i, one in enumerate(found) for n, s in enumerate(one["scores"])]
    taken: set[tuple[int, int]] = set()
    points, right, wrong = [(0.0, 0.0)], 0, 0
    objects = sum(int(((t["labels"] == label) & ~t["difficult"]).sum()) for t in truth)
    for _, i, n in sorted(rows, reverse=True):
        if found[i]["labels"][n] != label:
            continue
        mine = shapely.Polygon(box_geometry.corners(found[i]["boxes"][n : n + 1].double().numpy())[0])
        best, most = -1, threshold
        for m in torch.nonzero(truth[i]["labels"] == label).flatten().tolist():
            theirs = shapely.Polygon(box_geometry.corners(truth[i]["boxes"][m : m + 1].double().numpy())[0])
            iou = mine.intersection(theirs).area / mine.union(theirs).area
            if iou > most:
                best, most = m, iou
        if best >= 0 and truth[i]["difficult"][best]:
            continue
        hit = best >= 0 and (i, best) not in taken
        taken.add((i, best))
        right, wrong = right + hit, wrong + (not hit)
        points.append((right / objects, right / (right + wrong)))
    reached = [max(p for r, p in points[k:]) for k in range(len(points))]
    area = sum((points[k][0] - points[k - 1][0]) * reached[k] for k in range(1, len(points)))
    eleven = [max((p for r, p in points if r >= t), default=0.0) for t in np.arange(0, 1.1, 0.1)]
    return area, float(np.mean(eleven))


def measured(found: list[Image], truth: list[Image]) -> dict[str, Tensor]:
    metric = RotatedAveragePrecision(CLASSES)
    metric.update(found, truth)
    return metric.compute()


@given(st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_it_is_the_slow_count(seed: int) -> None:
    found, truth = images(seed)
    values = measured(found, truth)
    classes = values["classes"].tolist()
    slow = {label: counted(found, truth, label, 0.5) for label in classes}
    torch.testing.assert_close(values["map_50_per_class"], torch.tensor([slow[c][0] for c in classes]).double())
    torch.testing.assert_close(
        values["map_50_11_points_per_class"], torch.tensor([slow[c][1] for c in classes]).double()
    )
    assert float(values["map_50"]) == pytest.approx(np.mean([slow[c][0] for c in classes]))
    at_75 = [counted(found, truth, label, 0.75)[0] for label in classes]
    assert float(values["map_75"]) == pytest.approx(np.mean(at_75))


def test_all_thresholds_are_averaged() -> None:
    found, truth = images(1, count=1)
    slow = [counted(found, truth, label, t)[0] for t in THRESHOLDS for label in range(CLASSES)]
    assert float(measured(found, truth)["map"]) == pytest.approx(np.mean(slow))


BOXES = torch.tensor([[20.0, 20, 20, 10, 30], [60, 20, 20, 10, 30], [20, 60, 20, 10, 30], [60, 60, 20, 10, 30]])


@pytest.mark.parametrize(
    ("difficult", "area", "eleven"),
    [
        ([False] * 4, 0.25 * 1 + 0.25 * 0.5, (3 * 1 + 3 * 0.5) / 11),  # hit, two false alarms, hit; of 4 objects
        ([False, False, True, False], 1 / 3 + 1 / 3 * 0.5, (4 * 1 + 3 * 0.5) / 11),  # of 3
        ([False, True, False, False], 1 / 3, 4 / 11),  # what hit the second does not count
    ],
)
def test_an_example_by_hand(difficult: list[bool], area: float, eleven: float) -> None:
    """The first object is found twice, the second once, and something that is none."""
    detected = torch.stack((BOXES[0], BOXES[0], BOXES[0] + 200, BOXES[1]))
    found = {"boxes": detected, "scores": torch.tensor([0.9, 0.8, 0.7, 0.6]), "labels": torch.zeros(4).long()}
    truth = {"boxes": BOXES, "labels": torch.zeros(4).long(), "difficult": torch.tensor(difficult)}
    values = measured([found], [truth])
    assert float(values["map_50"]) == pytest.approx(area)
    assert float(values["map_50_11_points"]) == pytest.approx(eleven)
    matched = match(found, truth, geometry="rotated_box")
    assert matched.objects == 4 - sum(difficult)
    assert matched.hits.tolist() == [0, -1, -1, -1 if difficult[1] else 1]
    assert matched.ignored.tolist() == [False, False, False, difficult[1]]
    assert len(curve([matched]).precision) == 4 - difficult[1]


def test_how_a_box_is_written_and_in_which_order_does_not_matter() -> None:
    found, truth = images(3)
    before = measured(found, truth)
    swapped = [
        {**f, "boxes": f["boxes"][:, [0, 1, 3, 2, 4]] + torch.tensor([0.0, 0, 0, 0, 90])} for f in reversed(found)
    ]
    shuffled = []
    for image in swapped:
        order = torch.randperm(len(image["scores"]))
        shuffled.append({key: value[order] for key, value in image.items()})
    after = measured(shuffled, truth[::-1])
    for name, value in before.items():
        torch.testing.assert_close(after[name], value)


def test_images_one_after_the_other_are_images_together() -> None:
    found, truth = images(4)
    metric = RotatedAveragePrecision(CLASSES)
    for one, other in zip(found, truth, strict=True):
        metric.update([one], [other])
    for name, value in measured(found, truth).items():
        assert torch.equal(metric.compute()[name], value)


NOTHING = {"boxes": torch.zeros(0, 5), "scores": torch.zeros(0), "labels": torch.zeros(0).long()}


def test_without_objects_without_detections_and_without_images() -> None:
    _, truth = images(5, count=1)
    assert float(measured([NOTHING], truth)["map_50"]) == 0
    found, _ = images(6, count=1)
    assert measured(found, [NOTHING])["map_50"].isnan()
    with pytest.warns(UserWarning, match="before the ``update``"), pytest.raises(ZooError, match="no images"):
        RotatedAveragePrecision(CLASSES).compute()
    with pytest.raises(ZooError, match="preds are of 1 images and target of 0"):
        RotatedAveragePrecision(CLASSES).update(found, [])


def test_the_task_names_them_as_coco_does() -> None:
    found, truth = images(7, count=2)
    results = [DetectionResult(str(i), f, t) for i, (f, t) in enumerate(zip(found, truth, strict=True))]
    named = rotated_average_precision(results, ["plane", "ship", "tank"])
    assert {"map", "map_50", "map_75", "mar_10000", "map/plane", "map_50/ship"} <= set(named)
    nothing = rotated_average_precision([DetectionResult("a", NOTHING, NOTHING)], ["plane"])
    assert list(nothing) == ["map_50"]
    assert math.isnan(nothing["map_50"])


@pytest.mark.parametrize(
    ("average", "size"), [(average_precision, [0.0, 0]), (rotated_average_precision, [20.0, 10, 30])]
)
def test_difficult_objects_are_not_asked_for(average: Callable[..., dict[str, float]], size: list[float]) -> None:
    place = torch.arange(4.0)[:, None] * 30
    boxes = torch.cat((place, place, torch.tensor(size).repeat(4, 1)), 1)
    if len(size) == 2:
        boxes[:, 2:] = boxes[:, :2] + 20
    found = {"boxes": boxes[:3], "scores": torch.tensor([0.9, 0.8, 0.7]), "labels": torch.zeros(3).long()}
    truth = {"boxes": boxes[[0, 2, 3]], "labels": torch.zeros(3).long()}
    plain = average([DetectionResult("a", found, truth)], ["car"])["map_50"]
    excused = {"boxes": boxes, "labels": torch.zeros(4).long(), "difficult": torch.tensor([False, True, False, True])}
    assert plain < 0.7
    assert average([DetectionResult("a", found, excused)], ["car"])["map_50"] == pytest.approx(1.0)
