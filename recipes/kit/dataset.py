"""Samples of a split: as they are for evaluation, drawn and changed for training."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import torch
from torch.utils.data import Dataset

from recipes.kit.sampler import generator

T = TypeVar("T")
S = TypeVar("S")


class Samples(Dataset, Generic[T, S]):
    """What `read` makes of each item, in order."""

    def __init__(self, items: Sequence[T], read: Callable[[T], S]) -> None:
        self.items, self.read = items, read

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> S:
        return self.read(self.items[index])


class DrawnSamples(Dataset, Generic[T, S]):
    """`count` samples an epoch, asked for by (epoch, index); what `draw` draws depends on these and the seed alone."""

    def __init__(self, items: Sequence[T], count: int, seed: int, draw: Callable[[T, torch.Generator], S]) -> None:
        self.items, self.count, self.seed, self.draw = items, count, seed, draw

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, key: tuple[int, int]) -> S:
        return self.draw(self.items[key[1] % len(self.items)], generator(self.seed, *key))
