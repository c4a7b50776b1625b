"""The order of samples: in training drawn from the seed and the epoch alone, and how they are put into batches."""

from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby

import torch
from torch.utils.data import Sampler

#: Batches that are sorted among themselves: the more, the less padding; the fewer, the more chance in what meets.
POOL = 20


def generator(*numbers: int) -> torch.Generator:
    """Return a generator seeded by a mix of whole numbers, the same on every machine."""
    seed = 0
    for number in numbers:  # the multiplier of Knuth's MMIX generator spreads near numbers apart
        seed = ((seed ^ number) * 6364136223846793005 + 1442695040888963407) & (2**63 - 1)
    return torch.Generator().manual_seed(seed)


class EpochSampler(Sampler[tuple[int, int]]):
    """Yields (epoch, index), in an order drawn from the seed and the epoch; Lightning calls `set_epoch`."""

    def __init__(self, length: int, seed: int, shuffle: bool = True) -> None:
        self.length, self.seed, self.shuffle, self.epoch = length, seed, shuffle, 0

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[tuple[int, int]]:
        order = torch.arange(self.length)
        if self.shuffle:
            order = torch.randperm(self.length, generator=self.random())
        return ((self.epoch, index) for index in order.tolist())

    def random(self, *more: int) -> torch.Generator:
        """Return a generator that is seeded by the seed, the epoch and more numbers."""
        return generator(self.seed, self.epoch, *more)

    def set_epoch(self, epoch: int) -> None:
        """Draw as in this epoch from now on."""
        self.epoch = epoch


class Buckets(Sampler[list[tuple[int, int]]]):
    """Yields batches of (epoch, index): the epoch's order, each stretch of twenty batches sorted by `lengths`, then mixed.

    Of two batches or more, what does not fill one is left out: by chance, not by its length, so it is others each epoch.
    """

    def __init__(self, sampler: EpochSampler, lengths: Sequence[float], batch_size: int) -> None:
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


class Alike(Sampler[list[int]]):
    """Yields batches of indices in their order; a batch holds only samples of one shape, which can be stacked."""

    def __init__(self, shapes: Sequence[Hashable], batch_size: int) -> None:
        runs = (list(run) for _, run in groupby(range(len(shapes)), key=shapes.__getitem__))
        self.batches = [run[at : at + batch_size] for run in runs for at in range(0, len(run), batch_size)]

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self.batches)
