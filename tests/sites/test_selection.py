"""What is taken is doubtful, new and different; the random share is drawn from everything; nothing is taken twice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import ZooError
from zoo.sites.selection import Candidates, choose, counts

NONE = np.zeros((0, 4))


def made(count: int, seed: int = 0) -> Candidates:
    rng = np.random.default_rng(seed)
    return Candidates(rng.random(count), rng.standard_normal((count, 4)))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(1, 80), st.floats(0, 1), st.integers(0, 1000))
def test_nothing_is_taken_twice_and_never_more_than_asked(count: int, budget: int, share: float, seed: int) -> None:
    found = choose(made(count, seed), NONE, budget, share, np.random.default_rng(seed))
    numbers = [one.number for one in found]
    assert len(set(numbers)) == len(numbers) <= min(count, budget)
    assert counts(found).get("random", 0) == min(count, round(budget * share))


def test_doubt_decides_where_all_are_equally_far() -> None:
    points = np.eye(30)
    doubt = np.linspace(0, 1, 30)
    found = choose(Candidates(doubt, points), np.zeros((0, 30)), 5, 0.0, np.random.default_rng(0))
    assert sorted(one.number for one in found) == [25, 26, 27, 28, 29]


def test_near_duplicates_of_what_is_known_or_taken_are_left() -> None:
    rng = np.random.default_rng(0)
    base = rng.standard_normal((20, 4))
    twice = np.concatenate([base, base])
    found = choose(Candidates(np.ones(40), twice), NONE, 40, 0.0, rng)
    assert len(found) == 20
    assert len({one.number % 20 for one in found}) == 20
    assert choose(Candidates(np.ones(20), base), base, 10, 0.0, rng) == []


def test_what_is_far_from_all_that_is_known_is_new() -> None:
    rng = np.random.default_rng(0)
    known = rng.standard_normal((50, 4))
    points = np.concatenate([rng.standard_normal((49, 4)), [[9.0, 9, 9, 9]]])
    found = choose(Candidates(np.full(50, np.nan), points), known, 1, 0.0, rng)
    assert (found[0].number, found[0].reason) == (49, "novelty")


def test_the_random_share_is_unbiased() -> None:
    rng, taken = np.random.default_rng(0), np.zeros(30)
    for _ in range(400):
        for one in choose(made(30), NONE, 10, 0.5, rng):
            taken[one.number] += one.reason == "random"
    assert np.abs(taken / 400 - 5 / 30).max() < 0.08


def test_nonsense_is_refused() -> None:
    with pytest.raises(ZooError, match="a budget of 0"):
        choose(made(3), NONE, 0, 0.5, np.random.default_rng(0))
    with pytest.raises(ZooError, match="not of the same inputs"):
        Candidates(np.zeros(3), np.zeros((2, 4)))
