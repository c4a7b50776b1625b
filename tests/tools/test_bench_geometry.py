"""`zoo bench geometry`: what it compares is the same answer, and it says so."""

import json

import pytest
import torch

from tools import cli
from tools.bench import geometry as bench_geometry
from zoo.detection.rotated_iou import rotated_iou
from zoo.errors import ZooError


def test_every_way_is_timed_and_answers_alike(capsys: pytest.CaptureFixture[str]) -> None:
    threads = torch.get_num_threads()
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", "geometry", "--boxes", "40", "--detections", "200", "--rounds", "2", "--json"])
    assert not ended.value.code
    assert torch.get_num_threads() == threads
    jobs = json.loads(capsys.readouterr().out)["jobs"]
    assert list(jobs) == ["IoU 40 × 40", "NMS 200"]
    for job in jobs.values():
        assert list(job["ways"]) == ["zoo, rotated", "torchvision, axis-aligned", "shapely in a loop"]
        assert all(0 < way["fastest"] <= way["median"] <= way["slowest"] for way in job["ways"].values())
        assert job["ways"]["zoo, rotated"]["speed"] == 1
    assert jobs["IoU 40 × 40"]["apart"] < 1e-6
    assert jobs["NMS 200"]["apart"] == 0  # boxes that one kept and the other did not


def test_the_loop_over_shapely_finds_overlaps() -> None:
    boxes = bench_geometry.draw_boxes(60)
    found = bench_geometry.overlap_in_a_loop(boxes, boxes)
    torch.testing.assert_close(found, rotated_iou(boxes, boxes), atol=1e-5, rtol=0)
    assert 6 < (found > 0).sum(dim=1).float().mean() < 13  # itself and about eight others


def test_other_answers_are_not_timed() -> None:
    job = bench_geometry.Job(
        "guess", {"ours": lambda: 5, "theirs": lambda: 2}, lambda ours, theirs: float(ours - theirs)
    )
    with pytest.raises(ZooError, match="guess: our answer is 3 from shapely's"):
        bench_geometry.measure(job, 1)
