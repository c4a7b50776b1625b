"""Scores tell how right answers are: as far as they mean what they meant, and in the right direction after a drift."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import ZooError
from zoo.sites.accuracy import Calibration, expect, isotonic


def answers(rng: np.random.Generator, low: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores that are too sure: of 0.9 only 0.81 are right."""
    scores = rng.uniform(low, 1, count)
    return scores, rng.random(count) < scores**2


@settings(max_examples=40, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_isotonic_rises_and_keeps_the_mean(values: list[bool]) -> None:
    found = isotonic(np.array(values, float))
    assert (np.diff(found) >= -1e-12).all()
    assert found.mean() == pytest.approx(np.mean(values))


def test_what_is_expected_is_within_three_points_and_within_its_interval() -> None:
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(8):
        calibration = Calibration(*answers(rng, 0.3, 400))
        scores, right = answers(rng, 0.3, 600)
        found = expect(calibration, scores)
        inside.append(found.low <= right.mean() <= found.high)
        assert abs(found.value - right.mean()) < 0.08
        assert abs(found.thresholded - right.mean()) < 0.1
    assert sum(inside) >= 6


def test_after_a_drift_it_moves_in_the_right_direction() -> None:
    rng = np.random.default_rng(1)
    calibration = Calibration(*answers(rng, 0.3, 400))
    before, after = (expect(calibration, answers(rng, low, 500)[0]) for low in (0.5, 0.1))
    assert after.high < before.low
    assert after.thresholded < before.thresholded


def test_too_little_is_refused() -> None:
    with pytest.raises(ZooError, match="say too little"):
        expect(Calibration(np.ones(3), np.ones(3, bool)), np.ones(5))
    with pytest.raises(ZooError, match="one of each"):
        Calibration(np.ones(3), np.ones(2, bool))
