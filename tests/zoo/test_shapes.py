"""K-means over overlap finds the shapes that objects have, whatever their order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from zoo.geometry.box_clustering import cluster, overlap

SIDES = arrays(np.float64, st.tuples(st.integers(1, 40), st.just(2)), elements=st.floats(1, 500))


@given(SIDES, st.integers(1, 9), st.randoms())
def test_shares_sum_to_one_and_the_order_does_not_matter(sides: np.ndarray, count: int, random) -> None:
    found = cluster(sides, None, count)
    assert 1 <= len(found) <= count
    assert abs(sum(share for *_, share in found) - 1) < 1e-9
    order = list(range(len(sides)))
    random.shuffle(order)
    assert cluster(sides[order], None, count) == found


def test_two_groups_are_found_with_their_shares() -> None:
    rng = np.random.default_rng(0)
    sides = np.concatenate([rng.normal((20, 10), 0.5, (300, 2)), rng.normal((60, 90), 2, (100, 2))])
    (w, h, small), (wide, high, large) = cluster(sides, None, 2)
    assert np.allclose([w, h, wide, high], [20, 10, 60, 90], rtol=0.02)
    assert (small, large) == (0.75, 0.25)
    assert cluster(np.array([[0, 5], [np.nan, 4]]), None, 3) == []


def test_weights_count_as_repetition() -> None:
    sides = np.array([[10.0, 10], [12, 12], [40, 40]])
    assert cluster(sides, [3, 1, 2], 2) == cluster(np.repeat(sides, [3, 1, 2], axis=0), None, 2)


def test_overlap_is_that_of_boxes_with_one_centre() -> None:
    assert overlap(np.array([[2.0, 2]]), np.array([[4.0, 1], [2, 2]])).tolist() == [[2 / 6, 1.0]]
