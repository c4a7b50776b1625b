"""Batches of recordings that are nearly of one length, so that little of a batch is padding."""

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler

from recipes.module import EpochSampler, generator

#: Batches that are sorted among themselves: the more, the less padding; the fewer, the more chance in what meets.
POOL = 20


class Buckets(Sampler[list[tuple[int, int]]]):
    """Yields batches of (epoch, index): the epoch's order, each stretch of twenty batches sorted by `lengths`, then mixed."""

    def __init__(self, sampler: EpochSampler, lengths: Sequence[float], batch_size: int) -> None:
        self.sampler, self.lengths, self.batch_size = sampler, lengths, batch_size  # Lightning sets the sampler's epoch

    def __len__(self) -> int:
        return len(self.sampler) // self.batch_size

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        order, batches = list(self.sampler), []
        stretch = POOL * self.batch_size
        for start in range(0, len(order), stretch):
            pool = sorted(order[start : start + stretch], key=lambda key: self.lengths[key[1]])
            batches += [pool[at : at + self.batch_size] for at in range(0, len(pool), self.batch_size)]
        whole = [batch for batch in batches if len(batch) == self.batch_size][: len(self)]
        random = generator(self.sampler.seed, self.sampler.epoch, self.batch_size)
        return (whole[index] for index in torch.randperm(len(whole), generator=random).tolist())
