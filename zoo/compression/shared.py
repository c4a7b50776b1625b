"""Weights that share few values: a codebook, and of each weight the number of its entry.

Deep Compression (Han 2016, https://arxiv.org/abs/1510.00149, section 3): k-means of the values of a layer, begun with
centroids at equal distances, and afterwards trained: the gradient of an entry is the sum over the weights that share it.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from zoo.errors import ZooError

#: Rounds of k-means at most; in one dimension it settles in some twenty.
ROUNDS = 100


@dataclass(frozen=True)
class SharedTensor:
    """A tensor of shared values: `codes`, whole numbers in the shape of the tensor, name entries of the `codebook` (E,).

    Entry 0 of a pruned tensor is the value 0.
    """

    codes: np.ndarray
    codebook: np.ndarray

    def __post_init__(self) -> None:
        if self.codebook.ndim != 1 or not self.codebook.size:
            raise ZooError(f"a codebook has shape (E,) with one entry at least, not {self.codebook.shape}")
        if self.codes.size and not 0 <= self.codes.min() <= self.codes.max() < self.codebook.size:
            raise ZooError(f"codes name entry {self.codes.max()} of a codebook with {self.codebook.size}")

    def values(self) -> Tensor:
        """Return the tensor itself, float32."""
        return torch.from_numpy(self.codebook.astype(np.float32)[self.codes])


def share(weights: Tensor, bits: int) -> SharedTensor:
    """Cluster the weights that are not 0 into at most 2^bits − 1 values; what is 0 stays 0, as entry 0.

    Weights that have no more values than that keep each of them exactly.
    """
    if not 1 <= bits <= 16:
        raise ZooError(f"bits={bits}: a codebook has from 1 to 16 bits")
    values = weights.detach().float().numpy()
    alive = values[values != 0]
    distinct = np.unique(alive)
    entries = 2**bits - 1
    centroids = distinct if distinct.size <= entries else k_means(alive, entries)
    codes = np.where(values == 0, 0, nearest(centroids, values) + 1 if centroids.size else 0)
    return SharedTensor(codes.astype(np.uint16), np.concatenate([[0], centroids]).astype(np.float32))


def k_means(values: np.ndarray, count: int) -> np.ndarray:
    """Return `count` centroids of the values (N,), of which there are more, ascending.

    Lloyd's iteration; in one dimension a cluster is what lies between two midpoints, found by bisection. A centroid that is
    nearest to nothing goes where the error is largest.
    """
    ordered = np.sort(values.astype(np.float64))
    sums, squares = (np.concatenate([[0], np.cumsum(power)]) for power in (ordered, ordered**2))
    centroids = np.linspace(ordered[0], ordered[-1], count)
    for _ in range(ROUNDS):
        edges = np.searchsorted(ordered, (centroids[1:] + centroids[:-1]) / 2)
        edges = np.unique([0, *edges, ordered.size])
        sizes, totals = np.diff(edges), np.diff(sums[edges])
        means, lost = totals / sizes, count - sizes.size
        errors = np.diff(squares[edges]) - totals * means
        worst = np.argsort(errors)[sizes.size - lost :]
        middles = (ordered[edges[worst]] + means[worst]) / 2  # between a cluster's least and its mean
        means = np.unique([*means, *middles])
        if means.size == centroids.size and np.allclose(means, centroids, rtol=0, atol=1e-9):
            break
        centroids = means
    return centroids


def nearest(centroids: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return of each value the number of the centroid that is nearest; `centroids` (E,) ascend."""
    return np.searchsorted((centroids[1:] + centroids[:-1]) / 2, values)


def average(weight: Tensor, codes: Tensor) -> Tensor:
    """Return the weight with each value in the place of the mean of those that share its code; code 0 is the value 0.

    Called after each step of training, this trains the codebook: an entry moves as the mean of its weights does.
    """
    flat, own = weight.flatten(), codes.flatten()
    count = torch.bincount(own).clamp(min=1)
    means = torch.zeros(count.numel(), dtype=weight.dtype).index_add_(0, own, flat) / count
    means[0] = 0
    return means[own].reshape(weight.shape)


def as_shared(weight: Tensor, codes: Tensor) -> SharedTensor:
    """Return a weight whose values are shared by `codes`, as codes and codebook, exactly."""
    flat, own = weight.detach().float().flatten(), codes.flatten()
    codebook = torch.zeros(int(own.max()) + 1).index_put_((own,), flat)
    shared = SharedTensor(codes.numpy().astype(np.uint16), codebook.numpy())
    if not torch.equal(shared.values().flatten(), flat):
        raise ZooError("weights of one code have different values: `average` makes them one")
    return shared
