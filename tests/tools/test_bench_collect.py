"""What choice saves is counted against random labels; equal challengers are promoted rarely."""

import numpy as np
import pytest
import torch

from tools.bench.collect import Pool, curve, doubts, logistic, probabilities, saving
from tools.bench.promotions import verdict
from zoo.errors import ZooError


def made(count: int, seed: int) -> Pool:
    """Three clouds, of which one is rare."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(3, count, p=[0.48, 0.48, 0.04])
    return Pool((rng.standard_normal((count, 4)) + 2.5 * np.eye(3, 4)[labels]).astype(np.float32), labels)


def test_what_is_saved_is_counted_at_the_same_accuracy() -> None:
    counts = [10, 20, 30]
    same = np.array([0.5, 0.7, 0.9])
    assert saving(counts, same, same) == 0
    assert saving(counts, np.array([0.5, 0.9, 0.95]), same) == pytest.approx(1 / 3)
    assert saving(counts, np.array([0.5, 1.0, 1.0]), same) == pytest.approx(0.4)
    assert saving(counts, np.array([0.1, 0.2, 0.3]), same) == 0  # never reached: no less than the last


def test_a_curve_rises_and_asks_for_no_more_than_there_is() -> None:
    pool, test = made(300, 0), made(300, 1)
    for share in (0.0, 1.0):
        found = curve(pool, test, [10, 30, 60], share, 0)
        assert len(found) == 3
        assert found[-1] > 0.85
    with pytest.raises(ZooError, match="400 labels are asked for"):
        curve(pool, test, [10, 400], 0.0, 0)


def test_the_regression_tells_clouds_apart_and_doubts_between_them() -> None:
    pool = made(200, 0)
    features = torch.from_numpy(pool.features)
    weights = logistic(features, pool.labels, 3)
    shares = probabilities(features, weights)
    assert (shares.argmax(1) == pool.labels).mean() > 0.9
    unsure, wrong = doubts(features, weights), shares.argmax(1) != pool.labels
    assert unsure[wrong].mean() > unsure[~wrong].mean()


def test_challengers_are_judged_as_they_are() -> None:
    rng = np.random.default_rng(0)
    equal = [verdict(rng, None, 300, 0.8, 0.0, 0.15) for _ in range(40)]
    better = [verdict(rng, None, 300, 0.8, 0.03, 0.15) for _ in range(20)]
    assert equal.count("PROMOTE") <= 4
    assert better.count("PROMOTE") >= 14
