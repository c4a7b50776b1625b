"""The contract of a data module: what a run may ask of any domain.

A data module is a LightningDataModule that also names its classes and bands and measures its own profile. Samples are
drawn from (seed, epoch, index) alone, so that a resumed run sees what the uninterrupted one would have seen, with any
number of workers.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset

from recipes.kit.dataset import DrawnSamples, Samples
from recipes.kit.inference_sample import InferenceSample, of_array
from recipes.kit.loader import Loader
from recipes.kit.pipeline import Pipeline
from recipes.kit.sampler import Alike, Buckets, EpochSampler
from recipes.kit.settings import Loading, sort_settings
from recipes.kit.split import SPLITS, Split
from zoo import hardware
from zoo.errors import ZooError
from zoo.profile import Profile
from zoo.sources import Source, fetch_files

Batch = dict[str, Any]
Change = Callable[..., Any]


class Named(Protocol):
    """What a split holds: each has a name that is its own."""

    @property
    def name(self) -> str:
        """What it is called."""


T = TypeVar("T", bound=Named)
R = TypeVar("R")


class DataModule(pl.LightningDataModule, ABC, Generic[T]):
    """Data for one task: classes, bands, a profile, and three loaders.

    `prepare_data` fetches what `sources` lists; `setup` reads annotations. After `setup`, `classes`, `bands` and
    `profile()` hold. The settings, `data.<name>=…`, are the arguments of the constructor and the fields of `records`.
    """

    task: ClassVar[str]
    #: What its samples are called, many of them.
    noun: ClassVar[str] = "samples"
    #: The records that settings are sorted into; the first says how batches are made.
    records: ClassVar[tuple[type, ...]] = (Loading,)
    #: What a new file is called in an example, and the endings of those that are read of a folder.
    new_input: ClassVar[str] = ""
    endings: ClassVar[frozenset[str]] = frozenset()
    name: str
    classes: tuple[str, ...]
    bands: tuple[str, ...]

    def __init__(self, name: str, augment: Change | None = None, **settings: Any) -> None:
        super().__init__()
        self.name, self.augment = name, augment or Pipeline()
        self.settings = dict(zip(self.records, sort_settings(settings, self.records, name), strict=True))
        self.loading = self.settings[self.records[0]]
        self.workers = hardware.choose(workers=self.loading.workers).workers
        self.epochs = 0

    def change(self, settings: Mapping[str, Any]) -> None:
        """Take other settings of how batches are made, before any is."""
        self.loading = self.settings[self.records[0]] = replace(self.loading, **settings)

    def sources(self) -> Sequence[Source]:
        """Return where each file of the data comes from, with its sha256 where known; none for the user's own data."""
        return ()

    def prepare_data(self) -> None:
        """Fetch the files of the data; what is here is not fetched again, and nothing where samples are held already."""
        if "split" not in self.__dict__:
            fetch_files(self.sources())

    @abstractmethod
    def read_split(self) -> Split[T]:
        """Find the samples and divide them into `train`, `val` and `test`."""

    def complete_split(self, split: Split[T]) -> Split[T]:
        """Return a split, none of whose parts is empty, as it is used: checked, gaps filled."""
        return split

    @cached_property
    def split(self) -> Split[T]:
        """The samples by split, read once; each part holds some."""
        split = self.read_split()
        split.refuse_empty(self.name, self.noun)
        return self.complete_split(split)

    @cached_property
    def by_name(self) -> dict[str, T]:
        """All samples by name; where two have one name, that of the test."""
        return {sample.name: sample for part in SPLITS for sample in self.split.parts[part]}

    def find(self, name: str) -> T:
        """Return the sample of a name."""
        if name not in self.by_name:
            raise ZooError(f"data {self.name!r} has no {self.noun} named {name!r}")
        return self.by_name[name]

    def setup(self, stage: str | None = None) -> None:
        """Read the annotations, once."""
        self.classes, self.bands = self.split.classes, self.split.bands

    def profile(self) -> Profile:
        """Measure what the fit check asks about of the training samples."""
        self.setup()
        split = self.split
        facts: dict[str, Any] = {
            "data": self.name,
            "task": self.task,
            "samples": len(split.parts["train"]),
            "bands": self.bands,
            "licence": split.licence,
            "notes": split.notes,
        }
        return Profile(**facts | self.measure())

    @abstractmethod
    def measure(self) -> dict[str, Any]:
        """Return the fields of the profile that are this domain's."""

    def settings_from_data(self) -> dict[str, Any]:
        """Return the settings that were left to the data, once they are read; a run keeps them with its own."""
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

    def dataset(self, split: str) -> Dataset:
        """Return the samples of `train`, `val` or `test`; those of `train` are indexed by (epoch, index)."""
        if split != "train":
            return self.evaluated(split)
        items = self.split.parts[split]
        return DrawnSamples(items, self.loading.samples or len(items), self.loading.seed, self.draw_sample)

    def evaluated(self, split: str) -> Dataset:
        """Return the samples of any split as they are evaluated: nothing is drawn or changed."""
        return Samples(self.split.parts[split], self.read_sample)

    def read_sample(self, item: T) -> Any:
        """Return a sample as `collate` takes it."""
        return item

    def draw_sample(self, item: T, random: torch.Generator) -> Any:
        """Return a training sample, changed as drawn."""
        return self.augment(self.read_sample(item), random)

    def places(self, split: str) -> dict[str, str]:
        """Return by the names of the items of a split where, or of whom, they are; {} where the data do not say it."""
        return {}

    @abstractmethod
    def collate(self, samples: list[Any]) -> Batch:
        """Make a batch; `names` says for every sample where it came from."""

    def labelled(self, path: Path, label: int) -> T:
        """Return a file that is no part of the data, and of which a person said the class, as one of its samples."""
        raise ZooError(f"data={self.name} takes no labelled files beside its own: {path} cannot be learnt from")

    def hold(self, split: Split[T]) -> None:
        """Take samples in the place of those that would be read."""
        self.split = split
        self.setup()

    def extend(self, parts: Mapping[str, Sequence[T]], classes: Sequence[str]) -> None:
        """Put other samples in the place of those of the `parts` that are named, before any batch is made.

        `classes` are those that there are, with new ones behind them.
        """
        self.split = replace(self.split, parts={**self.split.parts, **parts}, classes=tuple(classes))
        self.__dict__.pop("by_name", None)
        self.setup()

    def inference_samples(self, path: Path) -> Iterator[InferenceSample]:
        """Yield the sequences of a file that is no part of the data, read as the run that was restored reads its own."""
        raise ZooError(f"data={self.name} reads no new files by itself: {path}")

    def of_array(self, values: np.ndarray) -> InferenceSample:
        """Return values (T, F), or (T,) of one band, that are no part of the data, as those of a file are read."""
        return of_array(values)

    def axis_times(self, name: str) -> np.ndarray | None:
        """Return the times (T,) of the steps of a sample, seconds; None where they have none."""
        return None

    def axis_names(self) -> tuple[str, ...]:
        """Return what is written beside the values of each band in a picture."""
        return self.bands

    def heard_at(self) -> int | None:
        """Return the rate at which recordings are heard, samples a second; None of what has no rate."""
        return None

    def lengths(self) -> Sequence[float] | None:
        """Return how long each training sample is, where a batch is to hold such of nearly one length; None: as they come."""
        return None

    def train_dataloader(self) -> DataLoader:
        """Return the training loader, in an order of its own each epoch."""
        dataset, lengths = self.dataset("train"), self.lengths()
        sampler = EpochSampler(len(dataset), self.loading.seed)  # type: ignore[arg-type]
        sampler.set_epoch(self.epochs)  # Lightning says it later, when the order of a resumed run is drawn already
        batch_size = min(self.loading.batch_size, len(sampler))
        if lengths is not None:
            return self._loader(dataset, 1, batch_sampler=Buckets(sampler, lengths, batch_size))
        return self._loader(dataset, batch_size, sampler=sampler, drop_last=len(sampler) >= 2 * batch_size)

    def shapes(self, dataset: Dataset) -> Sequence[Hashable] | None:
        """Return what samples of an evaluation must have in common to be one batch; None where all can be."""
        return None

    def val_dataloader(self) -> DataLoader:
        """Return the validation loader, in a fixed order."""
        return self.evaluation_loader("val")

    def test_dataloader(self) -> DataLoader:
        """Return the test loader, in a fixed order."""
        return self.evaluation_loader("test")

    def evaluation_loader(self, split: str) -> DataLoader:
        """Return the loader of a split, as it is evaluated, in a fixed order."""
        dataset = self.evaluated(split)
        shapes = self.shapes(dataset)
        if shapes is None:
            return self._loader(dataset, self.loading.batch_size)
        return self._loader(dataset, 1, batch_sampler=Alike(shapes, self.loading.batch_size))

    def _loader(self, dataset: Dataset, batch_size: int, **options: Any) -> DataLoader:
        return Loader(
            dataset,
            batch_size,
            num_workers=self.workers,
            collate_fn=self.collate,
            persistent_workers=self.workers > 0,
            **options,
        )
