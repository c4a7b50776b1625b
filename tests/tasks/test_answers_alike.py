"""What two models say of a sample, held against each other; and metrics that are sums over samples."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from tasks.detection import Detection
from tasks.resampling import Answered, metric, redrawn
from tasks.schedule import warmup_cosine
from tasks.segmentation import Segmentation
from tasks.sequence import Sequence
from zoo.geometry.tiles import grid
from zoo.inference.answers import Anomalies, Forecast, Label, Tags, Text

HOW = {"optimizer": partial(torch.optim.AdamW, lr=0.01), "scheduler": partial(warmup_cosine, warmup=0.1)}


def boxes(*left: float) -> dict[str, torch.Tensor]:
    corners = torch.tensor([[x, 0.0, x + 10, 10.0] for x in left])
    return {"boxes": corners, "scores": torch.full((len(left),), 0.9), "labels": torch.zeros(len(left)).long()}


def test_detections_agree_by_their_partners() -> None:
    task = Detection(nn.Identity(), ["car"], **HOW)
    both = [boxes(0, 20)], [boxes(1, 50, 80)]
    assert task.agreement(*both, {}) == task.agreement(*both[::-1], {}) == pytest.approx(2 / 5)
    assert task.agreement(both[0], both[0], {}) == 1.0
    task.shown = 0.95  # nothing is shown by either
    assert task.agreement(*both, {}) == 1.0
    task.shown = 0.5
    sure, right = task.certainties([boxes(0, 20)], {"targets": [boxes(0)]})
    assert (sure.tolist(), right.tolist()) == (pytest.approx([0.9, 0.9]), [True, False])


def test_kinds_of_answers_say_what_is_the_same() -> None:
    assert Label("a", 0.6, {"a": 0.6}).agreement(Label("a", 0.9, {"a": 0.9})) == 1
    assert Text("a b").agreement(Text("a c")) == 0
    assert Tags(["x", "y"]).agreement(Tags(["x", "x"])) == 0.5
    assert Anomalies(0.5, [0.1], [0]).agreement(Anomalies(0.5, [0.9], [1])) == 0
    assert Tags([]).agreement(Tags([])) == 1
    assert Forecast([0.5], {"x": [[1.0]]}).agreement(Forecast([0.5], {"x": [[1.1]]})) is None


def tiles(count: int) -> list[Answered]:
    draw = torch.Generator().manual_seed(0)
    found = []
    for number, tile in enumerate(grid(16 * count, 16, 16, 0, "scene")):
        masks = torch.randint(0, 3, (1, 16, 16), generator=draw)
        batch = {"tiles": [tile], "masks": masks, "names": [f"{number}"]}
        found.append(Answered(batch, torch.rand(1, 3, 16, 16, generator=draw)))
    return found


def sequences(count: int) -> list[Answered]:
    draw = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 3, (count,), generator=draw)
    logits = torch.randn(count, 1, 3, generator=draw)
    batches = [{"inputs": torch.zeros(1, 4, 2), "labels": labels[i : i + 1], "names": [f"{i}"]} for i in range(count)]
    return [Answered({**batch, "lengths": torch.tensor([4])}, one) for batch, one in zip(batches, logits, strict=True)]


@pytest.mark.parametrize(
    ("task", "samples"),
    [
        (Segmentation(nn.Identity(), ["background", "road", "roof"], boundary_tolerance=None, **HOW), tiles(5)),
        (Sequence(nn.Identity(), ["a", "b", "c"], **HOW), sequences(12)),
    ],
    ids=["segmentation", "classify"],
)
def test_sums_of_samples_give_the_metric_of_redrawn_ones(
    task: Segmentation | Sequence, samples: list[Answered]
) -> None:
    summed = redrawn(task, samples, rounds=10, seed=3)
    draw, N = np.random.default_rng(3), len(samples)
    one_by_one = [metric(task, samples, draw.integers(0, N, N).tolist()) for _ in range(10)]
    np.testing.assert_allclose(summed, one_by_one, rtol=0, atol=1e-6)
    assert len(set(one_by_one)) > 3
    assert task.agreement(samples[0].answer, samples[0].answer, samples[0].batch) == 1
