"""Boundary F1: the outlines of whole scenes, however their rows come; test_task holds it against distance maps."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import ZooError
from zoo.segmentation.boundary import Boundaries, boundary


def house(shift: int) -> np.ndarray:
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10 + shift : 30 + shift] = 1
    return mask


def scored(truth: np.ndarray, found: np.ndarray, tolerance: float) -> float:
    boundaries = Boundaries(2, tolerance)
    boundaries.add("scene", np.stack((truth, found)), last=True)
    return float(boundaries.f1()[1])


def test_a_shift_within_the_tolerance_costs_nothing() -> None:
    assert scored(house(0), house(0), 0) == 1
    assert scored(house(0), house(2), 2) == 1
    # of 76 pixels, one upright side is off with all 20, the other with the 12 that are not beside a level side
    assert scored(house(0), house(4), 3) == pytest.approx(1 - 32 / 76)
    assert scored(house(0), np.zeros((40, 40), np.uint8), 3) == 0


def test_boundaries_are_between_known_classes_alone() -> None:
    mask = np.array([[0, 0, 1, 1, 255, 0, 2]], np.uint8)
    assert boundary(mask).tolist() == [[255, 0, 1, 255, 255, 0, 2]]
    one = Boundaries(3, 2)
    one.add("scene", np.full((2, 5, 5), 1, np.uint8), last=True)
    assert torch.isnan(one.f1()).all()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(1, 40),
    width=st.integers(1, 12),
    tolerance=st.sampled_from([0, 1, 1.5, 3, 6]),
)
def test_strips_count_what_the_whole_scene_does(seed: int, height: int, width: int, tolerance: float) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.choice(np.array([0, 1, 2, 255], np.uint8), (2, height, width), p=[0.7, 0.1, 0.1, 0.1])
    whole, parts = Boundaries(256, tolerance), Boundaries(256, tolerance)
    whole.add("scene", rows, last=True)
    cuts = sorted({*rng.integers(1, height + 1, 4).tolist(), height})
    for start, end in zip([0, *cuts], cuts, strict=False):
        parts.add("scene", rows[:, start:end], last=end == height)
        if end < height:
            parts.add("other", rows[:, :1], last=True)  # scenes that come in between disturb nothing
    for _ in cuts[:-1]:
        whole.add("other", rows[:, :1], last=True)
    np.testing.assert_array_equal(parts.counts, whole.counts)
    assert not parts.pending


@pytest.mark.parametrize("tolerance", [-1, 33, float("nan")])
def test_a_tolerance_without_sense_is_refused(tolerance: float) -> None:
    with pytest.raises(ZooError, match="task.boundary_tolerance=.* must be 0 to 32 pixels"):
        Boundaries(2, tolerance)
