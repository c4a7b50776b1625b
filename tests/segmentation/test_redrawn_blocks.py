"""Blocks of masks are redrawn where scenes are few: one scene has an interval too, and its parts are its whole."""

import numpy as np
import torch

from tasks.resampling import WHOLE, Answered, metric, redrawn, units
from tests.segmentation.conftest import make_task
from zoo.geometry.tiles import Tile

CLASSES = ("ground", "roof")


def scene(name: str, seed: int, side: int = 200) -> Answered:
    """A scene of one tile, with a mask of half roofs and an answer that is wrong in a tenth of the pixels."""
    rng = np.random.default_rng(seed)
    truth = torch.from_numpy((rng.random((1, side, side)) < 0.5).astype(np.int64))
    said = torch.where(torch.from_numpy(rng.random((1, side, side)) < 0.1), 1 - truth, truth)
    answer = torch.nn.functional.one_hot(said, 2).permute(0, 3, 1, 2).float()
    tile = Tile(0, 0, side, side, (-np.inf, -np.inf, np.inf, np.inf), name)
    return Answered({"names": [name], "tiles": [tile], "masks": truth}, answer)


def test_the_parts_of_a_scene_are_its_whole() -> None:
    task, one = make_task(CLASSES), scene("a", 0)
    parts = task.counts_of_parts(one.answer, one.batch)
    assert parts.shape == (16, 2, 2)
    assert torch.equal(parts.sum(dim=0), task.counts(one.answer, one.batch))
    assert task.of_counts(parts.sum(dim=0)) == metric(task, [one])


def test_one_scene_has_an_interval_around_its_metric() -> None:
    task, one = make_task(CLASSES), scene("a", 0)
    drawn = redrawn(task, [one])
    assert drawn.min() < metric(task, [one]) < drawn.max()
    assert np.array_equal(drawn, redrawn(task, [one]))


def test_many_scenes_are_redrawn_whole() -> None:
    task = make_task(CLASSES)
    few, many = ([scene(str(n), n, 70) for n in range(count)] for count in (WHOLE - 1, WHOLE))
    found = [units(task, samples) for samples in (few, many)]
    assert [len(one) for one in found if one is not None] == [4 * (WHOLE - 1), WHOLE]
