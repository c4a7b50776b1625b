"""Epochs at once: all batches of a training loader, for models that are solved for."""

from collections.abc import Iterator
from typing import Any

from torch.utils.data import BatchSampler, DataLoader

from tasks.base import Batch


def batches_of_epochs(loader: DataLoader, count: int) -> Iterator[Batch]:
    """Yield all batches of so many epochs, with the last, smaller batch of each, which training step by step leaves out."""
    batches: Any = loader.batch_sampler  # also where batches are sorted by length
    sampler = batches.sampler
    for epoch in range(count):
        sampler.set_epoch(epoch)
        for keys in BatchSampler(sampler, batches.batch_size, drop_last=False):
            yield loader.collate_fn([loader.dataset[key] for key in keys])
