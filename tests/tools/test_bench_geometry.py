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
    rows = json.loads(capsys.readouterr().out)
    assert [row["job"] for row in rows] == ["IoU 40 × 40"] * 3 + ["NMS 200"] * 3
    assert all(0 < row["fastest"] <= row["median"] <= row["slowest"] for row in rows)
    ours = [row for row in rows if row["way"] == "zoo, rotated"]
    assert [row["ratio"] for row in ours] == [1, 1]
    assert ours[0]["apart"] < 1e-6
    assert ours[1]["apart"] == 0  # boxes that one kept and the other did not


def test_the_loop_over_shapely_finds_overlaps() -> None:
    boxes = bench_geometry.scattered(60)
    found = bench_geometry.overlaps_in_a_loop(boxes, boxes)
    torch.testing.assert_close(found, rotated_iou(boxes, boxes), atol=1e-5, rtol=0)
    assert 6 < (found > 0).sum(dim=1).float().mean() < 13  # itself and about eight others


def test_other_answers_are_not_timed() -> None:
    job = bench_geometry.Job(
        "guess", {"ours": lambda: 5, "theirs": lambda: 2}, lambda ours, theirs: float(ours - theirs)
    )
    with pytest.raises(ZooError, match="guess: our answer is 3 from shapely's"):
        bench_geometry.measure(job, 1)
