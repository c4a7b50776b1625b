"""Recordings with labels, read once and kept in memory as long as they fit; the data module over them."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
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
from recipes.speech.alphabet import Alphabet, pad, spoken
from recipes.speech.augment import Change
from recipes.speech.picture import picture
from zoo.errors import ZooError
from zoo.profile import Profile, Quantiles

SPLITS = ("train", "val", "test")
OBJECTIVES = ("classify", "transcribe")


@dataclass(frozen=True)
class Recording:
    """A file, the class of what is said in it, who speaks, and the words as they are written."""

    name: str
    path: Path
    label: int = 0
    speaker: str = ""
    text: str = ""


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

    A training epoch is `samples` recordings, each as often as that goes round, or all once when it is None. With `sorted`
    a batch holds recordings of nearly one length, so that little of it is padding.
    """

    batch_size: int = 64
    workers: int | str = 0
    seed: int = 0
    samples: int | None = None
    sample_rate: int | None = None
    memory: int = 2 * 1024**3
    sorted: bool = False


@dataclass(frozen=True)
class Asked:
    """What is asked, one of the `objectives` that the data serve, and how transcripts are read: recipes.speech.alphabet."""

    objective: str = "classify"
    style: str = "english"
    unknown: str = "raise"
    characters: str | None = None
    objectives: Sequence[str] = OBJECTIVES


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
    """Samples of recordings: `wave (T,)`, `label`, `text`, `name`."""

    def __init__(self, recordings: Sequence[Recording], waveforms: Waveforms) -> None:
        self.recordings, self.waveforms = recordings, waveforms

    def __len__(self) -> int:
        return len(self.recordings)

    def __getitem__(self, index: int) -> dict[str, Any]:
        recording = self.recordings[index]
        wave = self.waveforms.get(recording.path)
        return {"wave": wave, "label": recording.label, "text": recording.text, "name": recording.name}


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

    def __init__(self, name: str, augment: Change, options: Mapping[str, Any]) -> None:
        """`options` are those of `Asked` and of `Loading`, together."""
        names = {field.name for field in fields(Asked)}
        asked = Asked(**{key: value for key, value in options.items() if key in names})
        loading = Loading(**{key: value for key, value in options.items() if key not in names})
        super().__init__(name, loading.batch_size, loading.workers, loading.seed)
        if asked.objective not in asked.objectives:
            serves = " or ".join(asked.objectives)
            raise ZooError(f"data={name} serves task.objective={serves}, and not {asked.objective}")
        self.asked, self.loading, self.augment = asked, loading, augment
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
                    f"data {self.name!r} has no recordings in its split {part!r}; train, val, test need some: give more"
                    " recordings, or divide them otherwise"
                )
        return split

    @cached_property
    def by_name(self) -> dict[str, Recording]:
        """All recordings by name."""
        return {recording.name: recording for part in SPLITS for recording in self.split.recordings[part]}

    @cached_property
    def alphabet(self) -> Alphabet:
        """The characters of the training transcripts, or those that data.characters names."""
        texts = [spoken(recording.text, self.asked.style) for recording in self.split.recordings["train"]]
        return Alphabet.of(texts, self.asked.unknown, self.asked.characters)

    def transcripts(self, split: str) -> list[str]:
        """Return what is said in the recordings of a split, in the characters of the alphabet."""
        return [self.transcript(recording.name, recording.text) for recording in self.split.recordings[split]]

    def transcript(self, name: str, text: str) -> str:
        """Return the text of the recording `name` in the characters of the alphabet."""
        return self.alphabet.fit(spoken(text, self.asked.style), name)

    def setup(self, stage: str | None = None) -> None:
        """Read the recordings, once."""
        self.classes = self.split.classes
        if self.asked.objective == "transcribe":
            self.classes = self.alphabet.classes
            for part in SPLITS:
                self.transcripts(part)  # refuses what cannot be written, before an hour of training
        if not self.waveforms.kept:
            self.waveforms.load([recording.path for recording in self.by_name.values()])

    def dataset(self, split: str) -> Labelled | Augmented:
        """Return the recordings of a split; those of `train` are augmented."""
        labelled = Labelled(self.split.recordings[split], self.waveforms)
        if split != "train":
            return labelled
        return Augmented(labelled, self.loading.samples or len(labelled), self.loading.seed, self.augment)

    def lengths(self) -> list[float] | None:
        """Return the seconds of the training recordings, when batches are `sorted`."""
        train = self.split.recordings["train"]
        return [wav.facts(recording.path).seconds for recording in train] if self.loading.sorted else None

    def collate(self, samples: list[Any]) -> Batch:
        """Return inputs (B, T, 1), lengths (B,) in samples, names; and labels (B,), or tokens (B, L) and token_lengths (B,)."""
        waves = [sample["wave"] for sample in samples]
        batch: Batch = {
            "inputs": pad_sequence(waves, batch_first=True)[..., None],
            "lengths": torch.tensor([len(wave) for wave in waves]),
            "names": [sample["name"] for sample in samples],
        }
        if self.asked.objective == "classify":
            return {**batch, "labels": torch.tensor([sample["label"] for sample in samples])}
        rows = [self.alphabet.encode(self.transcript(sample["name"], sample["text"])) for sample in samples]
        lengths = torch.tensor([len(row) for row in rows])
        return {**batch, "tokens": torch.tensor(pad(rows), dtype=torch.int64), "token_lengths": lengths}

    def profile(self) -> Profile:
        """Measure the training recordings: classes, seconds, sample rate, silence, clipping."""
        train = self.split.recordings["train"]
        heads = [wav.facts(recording.path) for recording in train]
        rate, _ = Counter(head.sample_rate for head in heads).most_common(1)[0]
        dtype, _ = Counter(head.dtype for head in heads).most_common(1)[0]
        return Profile(
            data=self.name or "",
            task=self.task,
            classes=self.counts(),
            samples=len(train),
            bands=self.bands,
            features=len(self.bands),
            dtype=dtype,
            value_range=(-1.0, 1.0),
            sample_rate=rate,
            steps=Quantiles.of([head.seconds for head in heads]),
            licence=self.split.licence,
            notes=(*self.split.notes, *self.silence(train), *clipping(train)),
        )

    def counts(self) -> dict[str, int]:
        """Return the training examples of each class: recordings, or characters where these are the classes."""
        if self.asked.objective == "transcribe":
            counts = Counter(character for text in self.transcripts("train") for character in text)
            return {character: counts[character] for character in self.alphabet.characters}
        found = Counter(recording.label for recording in self.split.recordings["train"])
        return {name: found[label] for label, name in enumerate(self.split.classes)}

    def silence(self, recordings: Sequence[Recording]) -> tuple[str, ...]:
        """Say how many recordings are silent; refuse data in which all are."""
        silent = [r.name for r in recordings if wav.is_silent(self.waveforms.get(r.path).numpy())]
        if len(silent) == len(recordings):
            raise ZooError(
                f"all {len(silent)} training recordings of {self.name!r} are silent (below -60 dB of full scale), the first is"
                f" {silent[0]}; listen to it, and name other recordings as data.root, or record again"
            )
        return (f"silent training recordings: {len(silent)}, the first is {silent[0]}",) if silent else ()

    def picture(self, name: str) -> np.ndarray:
        """Return the recording called `name` as a picture of its log-mel spectrogram, uint8 (H, W, 3)."""
        if name not in self.by_name:
            raise ZooError(f"data {self.name!r} has no recording {name!r}")
        recording = self.by_name[name]
        rate = self.loading.sample_rate or wav.facts(recording.path).sample_rate
        return picture(self.waveforms.get(recording.path), rate)


def clipping(recordings: Sequence[Recording]) -> tuple[str, ...]:
    """Say how many recordings are clipped."""
    clipped = [recording.name for recording in recordings if wav.is_clipped(wav.read(recording.path))]
    if not clipped:
        return ()
    return (f"clipped training recordings (recorded too loud): {len(clipped)}, the first is {clipped[0]}",)
