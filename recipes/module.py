"""The contract of a data module: what `train.py` may ask of any domain.

A data module is a LightningDataModule that also names its classes and bands and measures its own profile. Samples are
drawn from (seed, epoch, index) alone, so that a resumed run sees what the uninterrupted one would have seen, with any
number of workers.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from recipes.buckets import Buckets
from recipes.new import New, of_array
from zoo import hardware
from zoo.errors import ZooError
from zoo.profile import Profile
from zoo.sources import Source, fetch_files

Batch = dict[str, Any]


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


def generator(*numbers: int) -> torch.Generator:
    """Return a generator seeded by a mix of whole numbers, the same on every machine."""
    seed = 0
    for number in numbers:  # the multiplier of Knuth's MMIX generator spreads near numbers apart
        seed = ((seed ^ number) * 6364136223846793005 + 1442695040888963407) & (2**63 - 1)
    return torch.Generator().manual_seed(seed)


class Unchanged:
    """No augmentation, of whatever samples: takes a sample, and what else a domain hands to its changes."""

    def __call__(self, sample: Any, *drawn: Any) -> Any:
        """Return the sample."""
        return sample


class Loader(DataLoader):
    """A loader that hands on what its workers refuse as one sentence: torch puts their traceback into it."""

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # torch's type is that of its own two iterators
        """Return the batches."""
        return sentences(super().__iter__())


def sentences(batches: Iterator[Any]) -> Iterator[Any]:
    """Yield batches; a ZooError of a worker loses the traceback in its text."""
    try:
        yield from batches
    except ZooError as error:
        _, told, sentence = str(error).rpartition(f"{ZooError.__module__}.{ZooError.__name__}: ")
        if not told:
            raise
        raise ZooError(sentence.strip()) from error


class DataModule(pl.LightningDataModule, ABC):
    """Data for one task: classes, bands, a profile, and three loaders.

    `prepare_data` fetches what `sources` lists; `setup` reads annotations. After `setup`, `classes`, `bands` and
    `profile()` hold.
    """

    task: ClassVar[str]
    #: What a new file is called in an example, and the endings of those that `new` reads of a folder.
    new_input: ClassVar[str] = ""
    endings: ClassVar[frozenset[str]] = frozenset()
    name: str
    classes: tuple[str, ...]
    bands: tuple[str, ...]

    def __init__(self, name: str, batch_size: int, workers: int | str, seed: int) -> None:
        super().__init__()
        self.name, self.batch_size, self.seed = name, batch_size, seed
        self.workers = hardware.choose(workers=workers).workers
        self.epochs = 0

    @abstractmethod
    def sources(self) -> Sequence[Source]:
        """Return where each file of the data comes from, with its sha256 where known; none for the user's own data."""

    def prepare_data(self) -> None:
        """Fetch the files of the data; what is here is not fetched again."""
        fetch_files(self.sources())

    @abstractmethod
    def profile(self) -> Profile:
        """Measure what the fit check asks about; cached by the data's own fingerprint."""

    def settled(self) -> dict[str, Any]:
        """Return the settings that were left to the data, once `setup` has read them; a run keeps them with its own."""
        return {}

    def fitted(self) -> dict[str, Any]:
        """Return what the training split taught beside the weights, such as a vocabulary, as JSON knows it.

        It is kept in the head of the run's weights.
        """
        return {}

    def state_dict(self) -> dict[str, Any]:
        """Return how many epochs were drawn, for a checkpoint at the end of one."""
        return {"epochs": self.trainer.current_epoch + 1 if self.trainer else 0}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Begin with the epoch after these."""
        self.epochs = state_dict["epochs"]

    def restore(self, fitted: Mapping[str, Any]) -> None:
        """Take, before `setup`, what the training split of a finished run taught, in place of learning it anew."""

    @abstractmethod
    def dataset(self, split: str) -> Dataset:
        """Return the samples of `train`, `val` or `test`; those of `train` are indexed by (epoch, index)."""

    @abstractmethod
    def collate(self, samples: list[Any]) -> Batch:
        """Make a batch; `names` says for every sample where it came from."""

    def new(self, path: Path) -> Iterator[New]:
        """Yield the sequences of a file that is no part of the data, read as the run that was restored reads its own."""
        raise ZooError(f"data={self.name} reads no new files by itself: {path}")

    def of_array(self, values: np.ndarray) -> New:
        """Return values (T, F), or (T,) of one band, that are no part of the data, as `new` does those of a file."""
        return of_array(values)

    def heard_at(self) -> int | None:
        """Return the rate at which recordings are heard, samples a second; None of what has no rate."""
        return None

    def lengths(self) -> Sequence[float] | None:
        """Return how long each training sample is, where a batch is to hold such of nearly one length; None: as they come."""
        return None

    def train_dataloader(self) -> DataLoader:
        """Return the training loader, in an order of its own each epoch."""
        dataset, lengths = self.dataset("train"), self.lengths()
        sampler = EpochSampler(len(dataset), self.seed)  # type: ignore[arg-type]
        sampler.set_epoch(self.epochs)  # Lightning says it later, when the order of a resumed run is drawn already
        batch_size = min(self.batch_size, len(sampler))
        if lengths is not None:
            return self._loader(dataset, 1, batch_sampler=Buckets(sampler, lengths, batch_size))
        return self._loader(dataset, batch_size, sampler=sampler, drop_last=len(sampler) >= 2 * batch_size)

    def val_dataloader(self) -> DataLoader:
        """Return the validation loader, in a fixed order."""
        return self._loader(self.dataset("val"), self.batch_size)

    def test_dataloader(self) -> DataLoader:
        """Return the test loader, in a fixed order."""
        return self._loader(self.dataset("test"), self.batch_size)

    def _loader(self, dataset: Dataset, batch_size: int, **options: Any) -> DataLoader:
        collate: Callable[[list[Any]], Batch] = self.collate
        return Loader(
            dataset,
            batch_size,
            num_workers=self.workers,
            collate_fn=collate,
            persistent_workers=self.workers > 0,
            **options,
        )
