"""Texts of words with one label, or one label a word; the data module over them.

The vocabulary is learnt from the training split alone, and travels with the weights (`fitted`).
"""

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset

from recipes.module import Batch, DataModule, generator
from recipes.new import New
from recipes.text.augment import Change
from recipes.text.encoding import Encoding
from recipes.text.lines import ENDINGS
from recipes.text.picture import picture
from recipes.text.text import Text
from zoo.errors import ZooError
from zoo.profile import Profile, Quantiles
from zoo.sequence.vocabulary import MARKS, Vocabulary

SPLITS = ("train", "val", "test")
#: What stands in `tags` where a word has no label, and behind the end of a text.
UNLABELLED = -100


@dataclass(frozen=True)
class Split:
    """Texts by split, with what they share."""

    texts: Mapping[str, Sequence[Text]]
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()
    licence: str = "unknown"


@dataclass(frozen=True)
class Loading:
    """How texts are read and batched. `objectives` are what may be asked of them, the first unless a run says otherwise.

    `vocabulary` is how many tokens are kept at most, of those that are in the training split `least` times; `lower` takes
    capitals for small letters; `characters` of each word are seen, its two boundary marks among them. With
    `sorted` a batch holds texts of nearly one length.
    """

    batch_size: int = 32
    workers: int | str = 0
    seed: int = 0
    objectives: Sequence[str] = ()
    vocabulary: int = 8192
    least: int = 2
    lower: bool = False
    characters: int = 20
    sorted: bool = False


class Labelled(Dataset):
    """Texts as they are."""

    def __init__(self, texts: Sequence[Text]) -> None:
        self.texts = texts

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, index: int) -> Text:
        return self.texts[index]


class Augmented(Dataset):
    """Changed texts, asked for by (epoch, index); what is drawn depends on these and the seed."""

    def __init__(self, texts: Sequence[Text], seed: int, augment: Change) -> None:
        self.texts, self.seed, self.augment = texts, seed, augment

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, key: tuple[int, int]) -> Text:
        return self.augment(self.texts[key[1]], generator(self.seed, *key))


class Texts(DataModule):
    """A data module over texts; a data set gives `read_split`."""

    task: ClassVar[str] = "sequence"
    new_input, endings = "NEW.csv", ENDINGS

    def __init__(self, name: str, loading: Loading, augment: Change) -> None:
        super().__init__(name, loading.batch_size, loading.workers, loading.seed)
        self.loading, self.augment = loading, augment
        self.encoding: Encoding | None = None

    @abstractmethod
    def read_split(self) -> Split:
        """Find the texts and split them into `train`, `val` and `test`."""

    @cached_property
    def split(self) -> Split:
        """The texts by split, each of which holds some."""
        split = self.read_split()
        for part in SPLITS:
            if not split.texts.get(part):
                raise ZooError(
                    f"data {self.name!r} has no texts in its split {part!r}; train, val, test need some: give more texts, or"
                    " divide them otherwise"
                )
        return split

    def setup(self, stage: str | None = None) -> None:
        """Read the texts and learn the vocabulary, unless a run's was restored."""
        self.classes = self.split.classes
        if self.encoding is None:
            rows, how = (text.words for text in self.split.texts["train"]), self.loading
            vocabulary = Vocabulary.of_tokens(rows, "words", how.vocabulary, how.least, how.lower)
            self.encoding = Encoding(vocabulary, how.characters)
        self.bands = self.encoding.bands

    def fitted(self) -> dict[str, Any]:
        """Return the vocabulary and the classes."""
        return {**self.encoded.facts(), "classes": list(self.classes)}

    def restore(self, fitted: Mapping[str, Any]) -> None:
        """Take the vocabulary of a finished run, and its classes where they are read off the data."""
        self.encoding, self.known = Encoding.restore(fitted), tuple(fitted["classes"])

    #: The classes of the run whose vocabulary was restored.
    known: tuple[str, ...] = ()

    @property
    def encoded(self) -> Encoding:
        """The encoding, after `setup`."""
        if self.encoding is None:
            raise RuntimeError("the encoding is there after setup")
        return self.encoding

    def as_new(self, place: str, words: Sequence[str], source: str = "") -> New:
        """Return words that nothing is known of as the run reads them."""
        return New(place, self.encoded.encode(words), words=tuple(words), source=source)

    def dataset(self, split: str) -> Labelled | Augmented:
        """Return the texts of a split; those of `train` are augmented."""
        texts = self.split.texts[split]
        return Augmented(texts, self.loading.seed, self.augment) if split == "train" else Labelled(texts)

    def lengths(self) -> list[int] | None:
        """Return the words of the training texts, when batches are `sorted`."""
        return [len(text.words) for text in self.split.texts["train"]] if self.loading.sorted else None

    def collate(self, samples: list[Text]) -> Batch:
        """Return inputs (B, T, F) int64, lengths (B,) in words, names, words; and labels (B,) or tags (B, T)."""
        rows = [self.encoded.encode(text.words) for text in samples]
        batch: Batch = {
            "inputs": pad_sequence(rows, batch_first=True),
            "lengths": torch.tensor([len(row) for row in rows]),
            "names": [text.name for text in samples],
            "words": [text.words for text in samples],
        }
        if samples[0].label is not None:
            batch["labels"] = torch.tensor([text.label for text in samples])
        else:
            tags = [torch.tensor(text.tags) for text in samples]
            batch["tags"] = pad_sequence(tags, batch_first=True, padding_value=UNLABELLED)
        return batch

    def profile(self) -> Profile:
        """Measure the training texts: classes, words, how many words of the test the vocabulary does not know."""
        train, test = self.split.texts["train"], self.split.texts["test"]
        labels = Counter(label for text in train for label in (text.tags or (text.label,)))
        unknown = self.encoded.unknown([text.words for text in test])
        known = len(self.encoded.vocabulary) - len(MARKS)
        words = f"the vocabulary holds {known:,} words of the training texts; {unknown:.1%} of the test's are not in it"
        return Profile(
            data=self.name or "",
            task=self.task,
            classes={name: labels[label] for label, name in enumerate(self.split.classes)},
            samples=len(train),
            bands=self.bands,
            features=len(self.bands),
            dtype="int64",
            steps=Quantiles.of([len(text.words) for text in train]),
            vocabulary=len(self.encoded.vocabulary),
            licence=self.split.licence,
            notes=(*self.split.notes, words),
        )

    @cached_property
    def by_name(self) -> dict[str, Text]:
        """All texts by name."""
        return {text.name: text for part in SPLITS for text in self.split.texts[part]}

    def picture(self, name: str) -> np.ndarray:
        """Return the text called `name` as black on white, uint8 (H, W, 3)."""
        if name not in self.by_name:
            raise ZooError(f"data {self.name!r} has no text {name!r}")
        return picture(" ".join(self.by_name[name].words))
