import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from zoo.compression.shared import SharedTensor, as_shared, average, k_means, share
from zoo.errors import ZooError


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 6), st.integers(0, 400), st.floats(0, 1), st.integers(0, 99))
def test_weights_share_few_values_and_zeros_stay(bits: int, size: int, pruned: float, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    weights = torch.randn(size, generator=draw) * (torch.rand(size, generator=draw) >= pruned)
    shared = share(weights, bits)
    values = shared.values()
    assert values.unique().numel() <= 2**bits
    assert torch.equal(values == 0, weights == 0)
    if weights.unique().numel() < 2**bits:
        assert torch.equal(values, weights)


def test_clusters_are_no_worse_than_those_of_scikit_learn() -> None:
    values = np.random.default_rng(0).normal(size=2000)
    start = np.linspace(values.min(), values.max(), 16)[:, None]
    theirs = KMeans(16, init=start, n_init=1, max_iter=100, tol=0).fit(values[:, None]).inertia_
    ours = np.square(values[:, None] - k_means(values, 16)).min(axis=1).sum()
    assert ours == pytest.approx(theirs, rel=0.02)


def test_more_bits_are_nearer() -> None:
    weights = torch.randn(50, 40, generator=torch.Generator().manual_seed(0))
    errors = [float((share(weights, bits).values() - weights).square().mean()) for bits in (1, 2, 4, 6, 8)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-3 * errors[0]


def test_a_step_moves_what_is_shared_together() -> None:
    weights = torch.randn(30, 20, generator=torch.Generator().manual_seed(0))
    weights[:, :5] = 0
    codes = torch.from_numpy(share(weights, 3).codes.astype(np.int64))
    moved = average(weights + 0.1 * torch.randn(30, 20), codes)
    assert (moved[:, :5] == 0).all()
    assert moved.unique().numel() <= 8
    assert torch.equal(as_shared(moved, codes).values(), moved)
    torch.testing.assert_close(average(moved, codes), moved)


def test_what_is_no_codebook_is_refused() -> None:
    with pytest.raises(ZooError, match="from 1 to 16"):
        share(torch.ones(3), 0)
    with pytest.raises(ZooError, match="one entry at least"):
        SharedTensor(np.zeros(3, np.uint16), np.zeros(0, np.float32))
    with pytest.raises(ZooError, match="entry 7 of a codebook with 2"):
        SharedTensor(np.array([0, 7], np.uint16), np.zeros(2, np.float32))
