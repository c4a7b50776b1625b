"""Recordings with labels, read once and kept in memory as long as they fit; the data module over them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import numpy as np
import torch

from recipes.kit.inference_sample import InferenceSample, pad_inputs
from recipes.kit.module import Batch, Change, DataModule
from recipes.kit.settings import SequenceLoading
from recipes.kit.split import SPLITS
from recipes.speech import wav
from recipes.speech.alphabet import Alphabet, Unknown, pad
from recipes.speech.picture import picture
from recipes.speech.waveforms import Waveforms
from zoo.errors import ZooError
from zoo.profile import Quantiles
from zoo.sequence.spoken import STYLES, likeliest_style, spoken

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
class RecordingLoading(SequenceLoading):
    """How recordings are read and batched; `sample_rate` None keeps that of the files, `memory` is in bytes.

    A training epoch is `samples` recordings, each as often as that goes round, or all once when it is None.
    """

    batch_size: int = 64
    objectives: Sequence[str] = ("classify", "transcribe")
    sample_rate: int | None = None
    memory: int = 2 * 1024**3


@dataclass(frozen=True)
class TranscriptOptions:
    """How transcripts are read, see recipes.speech.alphabet: their `style`, and what becomes of `unknown` characters."""

    style: Literal["auto", "english", "letters", "none"] = "auto"
    unknown: Unknown = "raise"
    characters: str | None = None


class Recordings(DataModule[Recording]):
    """A data module over labelled recordings; a data set gives `read_split`."""

    task: ClassVar[str] = "sequence"
    noun = "recordings"
    records: ClassVar[tuple[type, ...]] = (RecordingLoading, TranscriptOptions)
    new_input, endings = "NEW.wav", wav.SUFFIXES
    loading: RecordingLoading
    #: How a finished run hears, where one was restored.
    hears: Mapping[str, Any] = MappingProxyType({})
    bands: tuple[str, ...] = ("waveform",)

    def __init__(self, name: str, augment: Change | None = None, **settings: Any) -> None:
        super().__init__(name, augment, **settings)
        self.transcript_options: TranscriptOptions = self.settings[TranscriptOptions]
        self.waveforms = Waveforms(self.loading.sample_rate, self.loading.memory)

    def labelled(self, path: Path, label: int) -> Recording:
        """Return a recording of which a person said the label; it is read for it, since a head may promise too much."""
        wav.read(path)
        return Recording(f"labels/{path.name}", path, label)

    @cached_property
    def heads(self) -> list[wav.WavFacts]:
        """What the files of the training recordings say of themselves."""
        return [wav.facts(recording.path) for recording in self.split.parts["train"]]

    @property
    def rate(self) -> int:
        """The rate of most training recordings, samples a second."""
        return Counter(head.sample_rate for head in self.heads).most_common(1)[0][0]

    @cached_property
    def style(self) -> str:
        """How transcripts are brought to what is spoken: as is said, or as the letters of the training ones ask for."""
        style = self.transcript_options.style
        return likeliest_style([r.text for r in self.split.parts["train"]]) if style == "auto" else style

    @cached_property
    def alphabet(self) -> Alphabet:
        """The characters of the training transcripts, or those that data.characters names."""
        options = self.transcript_options
        texts = [spoken(recording.text, self.style) for recording in self.split.parts["train"]]
        return Alphabet.of(texts, options.unknown, options.characters)

    def transcripts(self, split: str) -> list[str]:
        """Return what is said in the recordings of a split, in the characters of the alphabet."""
        return [self.transcript(recording.name, recording.text) for recording in self.split.parts[split]]

    def transcript(self, name: str, text: str) -> str:
        """Return the text of the recording `name` in the characters of the alphabet."""
        return self.alphabet.fit(spoken(text, self.style), name)

    def setup(self, stage: str | None = None) -> None:
        """Read the recordings, once."""
        self.classes = self.split.classes
        if self.loading.objective == "transcribe":
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

    def inference_samples(self, path: Path) -> Iterator[InferenceSample]:
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
        yield InferenceSample("", torch.from_numpy(wave)[:, None])

    def places(self, split: str) -> dict[str, str]:
        """Return who speaks."""
        return {recording.name: recording.speaker for recording in self.split.parts[split]}

    def read_sample(self, item: Recording) -> dict[str, Any]:
        """Return `wave (T,)`, `label`, `text`, `name`."""
        return {"wave": self.waveforms.get(item.path), "label": item.label, "text": item.text, "name": item.name}

    def draw_sample(self, item: Recording, random: torch.Generator) -> dict[str, Any]:
        """Return a sample whose waveform is changed as drawn."""
        sample = self.read_sample(item)
        return {**sample, "wave": self.augment(sample["wave"], random)}

    def lengths(self) -> list[float] | None:
        """Return the seconds of the training recordings, when batches are `sorted`."""
        return [head.seconds for head in self.heads] if self.loading.sorted else None

    def collate(self, samples: list[Any]) -> Batch:
        """Return inputs (B, T, 1), lengths (B,) in samples, names; and labels (B,), or tokens (B, L) and token_lengths (B,)."""
        batch = pad_inputs([sample["wave"][:, None] for sample in samples], [sample["name"] for sample in samples])
        if self.loading.objective == "classify":
            return {**batch, "labels": torch.tensor([sample["label"] for sample in samples])}
        rows = [self.alphabet.encode(self.transcript(sample["name"], sample["text"])) for sample in samples]
        lengths = torch.tensor([len(row) for row in rows])
        return {**batch, "tokens": torch.tensor(pad(rows), dtype=torch.int64), "token_lengths": lengths}

    def measure(self) -> dict[str, Any]:
        """Measure the training recordings: classes, seconds, sample rate, silence, clipping."""
        heads = self.heads
        dtype, _ = Counter(head.dtype for head in heads).most_common(1)[0]
        return {
            "classes": self.counts(),
            "features": len(self.bands),
            "dtype": dtype,
            "value_range": (-1.0, 1.0),
            "sample_rate": self.rate,
            "steps": Quantiles.of([head.seconds for head in heads]),
            "notes": (*self.split.notes, *self.told_style(), *self.faults(self.split.parts["train"])),
        }

    def told_style(self) -> tuple[str, ...]:
        """Say how transcripts are read, where the texts decided it."""
        if self.loading.objective != "transcribe" or self.transcript_options.style != "auto":
            return ()
        return (f"transcripts are read in the style {self.style} ({STYLES[self.style]}); data.style=NAME says another",)

    def counts(self) -> dict[str, int]:
        """Return the training examples of each class: recordings, or characters where these are the classes."""
        if self.loading.objective == "transcribe":
            counts = Counter(character for text in self.transcripts("train") for character in text)
            return {character: counts[character] for character in self.alphabet.characters}
        found = Counter(recording.label for recording in self.split.parts["train"])
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
        recording = self.find(name)
        rate = self.loading.sample_rate or wav.facts(recording.path).sample_rate
        return picture(self.waveforms.get(recording.path), rate)
