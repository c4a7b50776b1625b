"""Recordings with labels, read once and kept in memory as long as they fit; the data module over them."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset

from recipes.module import Batch, DataModule, generator
from recipes.new import New
from recipes.speech import wav
from recipes.speech.alphabet import Alphabet, pad
from recipes.speech.augment import Change
from recipes.speech.picture import picture
from recipes.speech.waveforms import Waveforms
from zoo.errors import ZooError
from zoo.profile import Profile, Quantiles
from zoo.sequence.spoken import spoken

SPLITS = ("train", "val", "test")
OBJECTIVES = ("classify", "transcribe")
#: Seconds of a new recording that are heard at once, if training had none that was longer.
LONGEST = 120.0


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
    new_input, endings = "NEW.wav", wav.SUFFIXES
    #: How a finished run hears, where one was restored.
    hears: Mapping[str, Any] = MappingProxyType({})
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
    def heads(self) -> list[wav.WavFacts]:
        """What the files of the training recordings say of themselves."""
        return [wav.facts(recording.path) for recording in self.split.recordings["train"]]

    @property
    def rate(self) -> int:
        """The rate of most training recordings, samples a second."""
        return Counter(head.sample_rate for head in self.heads).most_common(1)[0][0]

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

    def fitted(self) -> dict[str, Any]:
        """Return the rate that recordings are heard at, samples a second, and how long the longest is, seconds."""
        longest = max(head.seconds for head in self.heads)
        return {"sample_rate": self.loading.sample_rate or self.rate, "longest": longest}

    def restore(self, fitted: Mapping[str, Any]) -> None:
        """Take how a finished run hears; runs of before say it in their configuration alone."""
        self.hears = fitted

    def heard_at(self) -> int:
        """Return the rate at which the run hears, samples a second."""
        rate = self.loading.sample_rate or self.hears.get("sample_rate")
        if rate is None:
            raise ZooError("the run does not say at which rate it hears; train it again, or with data.sample_rate=8000")
        return int(rate)

    def new(self, path: Path) -> Iterator[New]:
        """Yield a recording, (T, 1), as the run hears; one that is silent, or longer than all others, is refused."""
        rate = self.heard_at()
        seconds, longest = wav.facts(path).seconds, max(LONGEST, self.hears.get("longest", 0))
        if seconds > longest:
            raise ZooError(
                f"recording {path} lasts {seconds:,.0f} s, and {longest:,.0f} s is the most that is heard at once;"
                " `zoo listen RECORDING --run RUN` goes through recordings of any length, stretch by stretch"
            )
        wave = wav.read(path, rate)
        if wav.is_silent(wave):
            raise ZooError(f"recording {path} is silent (below -60 dB of full scale): there is nothing to be heard")
        yield New("", torch.from_numpy(wave)[:, None])

    def dataset(self, split: str) -> Labelled | Augmented:
        """Return the recordings of a split; those of `train` are augmented."""
        labelled = Labelled(self.split.recordings[split], self.waveforms)
        if split != "train":
            return labelled
        return Augmented(labelled, self.loading.samples or len(labelled), self.loading.seed, self.augment)

    def lengths(self) -> list[float] | None:
        """Return the seconds of the training recordings, when batches are `sorted`."""
        return [head.seconds for head in self.heads] if self.loading.sorted else None

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
        heads = self.heads
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
            sample_rate=self.rate,
            steps=Quantiles.of([head.seconds for head in heads]),
            licence=self.split.licence,
            notes=(*self.split.notes, *self.faults(train)),
        )

    def counts(self) -> dict[str, int]:
        """Return the training examples of each class: recordings, or characters where these are the classes."""
        if self.asked.objective == "transcribe":
            counts = Counter(character for text in self.transcripts("train") for character in text)
            return {character: counts[character] for character in self.alphabet.characters}
        found = Counter(recording.label for recording in self.split.recordings["train"])
        return {name: found[label] for label, name in enumerate(self.split.classes)}

    def faults(self, recordings: Sequence[Recording]) -> tuple[str, ...]:
        """Say how many recordings are silent, and how many clipped; refuse data in which all are silent."""
        heard = [(recording.name, self.waveforms.fault(recording.path)) for recording in recordings]
        silent = [name for name, fault in heard if fault == "silent"]
        clipped = [name for name, fault in heard if fault == "clipped"]
        if len(silent) == len(recordings):
            raise ZooError(
                f"all {len(silent)} training recordings of {self.name!r} are silent (below -60 dB of full scale), the first is"
                f" {silent[0]}; listen to it, and name other recordings as data.root, or record again"
            )
        words = {"silent training recordings": silent, "clipped training recordings (recorded too loud)": clipped}
        return tuple(f"{said}: {len(names)}, the first is {names[0]}" for said, names in words.items() if names)

    def picture(self, name: str) -> np.ndarray:
        """Return the recording called `name` as a picture of its log-mel spectrogram, uint8 (H, W, 3)."""
        if name not in self.by_name:
            raise ZooError(f"data {self.name!r} has no recording {name!r}")
        recording = self.by_name[name]
        rate = self.loading.sample_rate or wav.facts(recording.path).sample_rate
        return picture(self.waveforms.get(recording.path), rate)
