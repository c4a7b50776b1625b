"""Batches of samples that are nearly of one length, so that little of a batch is padding."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch.utils.data import Sampler

if TYPE_CHECKING:
    from recipes.module import EpochSampler

#: Batches that are sorted among themselves: the more, the less padding; the fewer, the more chance in what meets.
POOL = 20


class Buckets(Sampler[list[tuple[int, int]]]):
    """Yields batches of (epoch, index): the epoch's order, each stretch of twenty batches sorted by `lengths`, then mixed.

    Of two batches or more, what does not fill one is left out: by chance, not by its length, so it is others each epoch.
    """

    def __init__(self, sampler: "EpochSampler", lengths: Sequence[float], batch_size: int) -> None:
        self.sampler, self.lengths, self.batch_size = sampler, lengths, batch_size  # Lightning sets the sampler's epoch

    @property
    def drop_last(self) -> bool:
        """Whether what does not fill a batch is left out."""
        return len(self.sampler) >= 2 * self.batch_size

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        order, batches = list(self.sampler), []
        if self.drop_last:
            order = order[: len(self) * self.batch_size]
        stretch = POOL * self.batch_size
        for start in range(0, len(order), stretch):
            pool = sorted(order[start : start + stretch], key=lambda key: self.lengths[key[1] % len(self.lengths)])
            batches += [pool[at : at + self.batch_size] for at in range(0, len(pool), self.batch_size)]
        random = self.sampler.random(self.batch_size)
        return (batches[index] for index in torch.randperm(len(batches), generator=random).tolist())
