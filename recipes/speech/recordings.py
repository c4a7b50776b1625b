"""Recordings with labels, read once and kept in memory as long as they fit; the data module over them."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset

from recipes.module import Batch, DataModule, generator
from recipes.speech import wav
from recipes.speech.augment import Change
from recipes.speech.picture import picture
from zoo.errors import ZooError
from zoo.profile import Profile, Quantiles

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Recording:
    """A file, what is said in it, and who speaks."""

    name: str
    path: Path
    label: int
    speaker: str = ""


@dataclass(frozen=True)
class Split:
    """Recordings by split, with what they share."""

    recordings: Mapping[str, Sequence[Recording]]
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()
    licence: str = "unknown"


@dataclass(frozen=True)
class Loading:
    """How recordings are read and batched; `sample_rate` None keeps that of the files, `memory` is in bytes.

    A training epoch is `samples` recordings, each as often as that goes round, or all once when it is None.
    """

    batch_size: int = 64
    workers: int | str = 0
    seed: int = 0
    samples: int | None = None
    sample_rate: int | None = None
    memory: int = 2 * 1024**3


class Waveforms:
    """Waveforms (T,) float32 by path, read by several threads at once and kept while `memory` lasts."""

    def __init__(self, sample_rate: int | None, memory: int) -> None:
        self.sample_rate, self.memory = sample_rate, memory
        self.kept: dict[Path, Tensor] = {}

    def load(self, paths: Sequence[Path]) -> None:
        """Read these now, before worker processes begin, so that they share them."""
        with ThreadPoolExecutor(8) as pool:
            for path, wave in zip(paths, pool.map(self.get, paths), strict=True):
                self.memory -= wave.nbytes
                if self.memory < 0:
                    pool.shutdown(cancel_futures=True)
                    return
                self.kept[path] = wave

    def get(self, path: Path) -> Tensor:
        """Return one waveform."""
        kept = self.kept.get(path)
        return torch.from_numpy(wav.read(path, self.sample_rate)) if kept is None else kept


class Labelled(Dataset):
    """Samples of recordings: `wave (T,)`, `label`, `name`."""

    def __init__(self, recordings: Sequence[Recording], waveforms: Waveforms) -> None:
        self.recordings, self.waveforms = recordings, waveforms

    def __len__(self) -> int:
        return len(self.recordings)

    def __getitem__(self, index: int) -> dict[str, Any]:
        recording = self.recordings[index]
        return {"wave": self.waveforms.get(recording.path), "label": recording.label, "name": recording.name}


class Augmented(Dataset):
    """`samples` changed recordings an epoch, asked for by (epoch, index); what is drawn depends on these and the seed."""

    def __init__(self, labelled: Labelled, samples: int, seed: int, augment: Change) -> None:
        self.labelled, self.samples, self.seed, self.augment = labelled, samples, seed, augment

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, key: tuple[int, int]) -> dict[str, Any]:
        epoch, index = key
        sample = self.labelled[index % len(self.labelled)]
        return {**sample, "wave": self.augment(sample["wave"], generator(self.seed, epoch, index))}


class Recordings(DataModule):
    """A data module over labelled recordings; a data set gives `read_split`."""

    task: ClassVar[str] = "sequence"
    bands: tuple[str, ...] = ("waveform",)

    def __init__(self, name: str, loading: Loading, augment: Change) -> None:
        super().__init__(name, loading.batch_size, loading.workers, loading.seed)
        self.loading, self.augment = loading, augment
        self.waveforms = Waveforms(loading.sample_rate, loading.memory)

    @abstractmethod
    def read_split(self) -> Split:
        """Find the recordings and split them into `train`, `val` and `test`."""

    @cached_property
    def split(self) -> Split:
        """The recordings by split, each of which holds some."""
        split = self.read_split()
        for part in SPLITS:
            if not split.recordings.get(part):
                raise ZooError(
                    f"data {self.name!r} has no recordings in its split {part!r}; train, val, test need some"
                )
        return split

    @cached_property
    def by_name(self) -> dict[str, Recording]:
        """All recordings by name."""
        return {recording.name: recording for part in SPLITS for recording in self.split.recordings[part]}

    def setup(self, stage: str | None = None) -> None:
        """Read the recordings, once."""
        self.classes = self.split.classes
        if not self.waveforms.kept:
            self.waveforms.load([recording.path for recording in self.by_name.values()])

    def dataset(self, split: str) -> Labelled | Augmented:
        """Return the recordings of a split; those of `train` are augmented."""
        labelled = Labelled(self.split.recordings[split], self.waveforms)
        if split != "train":
            return labelled
        return Augmented(labelled, self.loading.samples or len(labelled), self.loading.seed, self.augment)

    def collate(self, samples: list[Any]) -> Batch:
        """Return inputs (B, T, 1), lengths (B,) in samples, labels (B,) and names."""
        waves = [sample["wave"] for sample in samples]
        return {
            "inputs": pad_sequence(waves, batch_first=True)[..., None],
            "lengths": torch.tensor([len(wave) for wave in waves]),
            "labels": torch.tensor([sample["label"] for sample in samples]),
            "names": [sample["name"] for sample in samples],
        }

    def profile(self) -> Profile:
        """Measure the training recordings: classes, seconds, sample rate, silence."""
        train = self.split.recordings["train"]
        heads = [wav.facts(recording.path) for recording in train]
        counts = Counter(recording.label for recording in train)
        rate, _ = Counter(head.sample_rate for head in heads).most_common(1)[0]
        dtype, _ = Counter(head.dtype for head in heads).most_common(1)[0]
        return Profile(
            data=self.name or "",
            task=self.task,
            classes={name: counts[label] for label, name in enumerate(self.split.classes)},
            samples=len(train),
            bands=self.bands,
            features=len(self.bands),
            dtype=dtype,
            value_range=(-1.0, 1.0),
            sample_rate=rate,
            steps=Quantiles.of([head.seconds for head in heads]),
            licence=self.split.licence,
            notes=(*self.split.notes, *self.silence(train)),
        )

    def silence(self, recordings: Sequence[Recording]) -> tuple[str, ...]:
        """Say how many recordings are silent; refuse data in which all are."""
        silent = [r.name for r in recordings if wav.is_silent(self.waveforms.get(r.path).numpy())]
        if len(silent) == len(recordings):
            raise ZooError(
                f"all {len(silent)} training recordings of {self.name!r} are silent (below -60 dB of full scale)"
            )
        return (f"{len(silent)} training recordings are silent, the first is {silent[0]}",) if silent else ()

    def picture(self, name: str) -> np.ndarray:
        """Return the recording called `name` as a picture of its log-mel spectrogram, uint8 (H, W, 3)."""
        if name not in self.by_name:
            raise ZooError(f"data {self.name!r} has no recording {name!r}")
        recording = self.by_name[name]
        rate = self.loading.sample_rate or wav.facts(recording.path).sample_rate
        return picture(self.waveforms.get(recording.path), rate)
