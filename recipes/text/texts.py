"""Texts of words with one label, or one label a word; the data module over them.

The vocabulary is learnt from the training split alone, and travels with the weights (`fitted`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from recipes.kit.inference_sample import InferenceSample, pad_inputs
from recipes.kit.module import Batch, DataModule
from recipes.kit.settings import SequenceLoading
from recipes.text.encoding import Encoding
from recipes.text.lines import ENDINGS
from recipes.text.picture import picture
from recipes.text.text import Text
from zoo.profile import Quantiles
from zoo.sequence.vocabulary import MARKS, Vocabulary

#: What stands in `tags` where a word has no label, and behind the end of a text.
UNLABELLED = -100


@dataclass(frozen=True)
class TextLoading(SequenceLoading):
    """How texts are read and batched.

    `vocabulary` is how many tokens are kept at most, of those that are in the training split `least` times; `lower` takes
    capitals for small letters; `characters` of each word are seen, its two boundary marks among them.
    """

    vocabulary: int = 8192
    least: int = 2
    lower: bool = False
    characters: int = 20


class Texts(DataModule[Text]):
    """A data module over texts; a data set gives `read_split`."""

    task: ClassVar[str] = "sequence"
    noun = "texts"
    records: ClassVar[tuple[type, ...]] = (TextLoading,)
    new_input, endings = "NEW.csv", ENDINGS
    loading: TextLoading
    encoding: Encoding | None = None
    #: The classes of the run whose vocabulary was restored.
    known: tuple[str, ...] = ()

    def setup(self, stage: str | None = None) -> None:
        """Read the texts and learn the vocabulary, unless a run's was restored."""
        self.classes = self.split.classes
        if self.encoding is None:
            rows, how = (text.words for text in self.split.parts["train"]), self.loading
            vocabulary = Vocabulary.of_tokens(rows, "words", how.vocabulary, how.least, how.lower)
            self.encoding = Encoding(vocabulary, how.characters)
        self.bands = self.encoding.bands

    def fitted(self) -> dict[str, Any]:
        """Return the vocabulary and the classes."""
        return {**self.encoded.facts(), "classes": list(self.classes)}

    def restore(self, fitted: Mapping[str, Any]) -> None:
        """Take the vocabulary of a finished run, and its classes where they are read off the data."""
        self.encoding, self.known = Encoding.restore(fitted), tuple(fitted["classes"])

    @property
    def encoded(self) -> Encoding:
        """The encoding, after `setup`."""
        if self.encoding is None:
            raise RuntimeError("the encoding is there after setup")
        return self.encoding

    def as_new(self, place: str, words: Sequence[str], source: str = "") -> InferenceSample:
        """Return words that nothing is known of as the run reads them."""
        return InferenceSample(place, self.encoded.encode(words), words=tuple(words), source=source)

    def lengths(self) -> list[int] | None:
        """Return the words of the training texts, when batches are `sorted`."""
        return [len(text.words) for text in self.split.parts["train"]] if self.loading.sorted else None

    def collate(self, samples: list[Text]) -> Batch:
        """Return inputs (B, T, F) int64, lengths (B,) in words, names, words; and labels (B,) or tags (B, T)."""
        rows = [self.encoded.encode(text.words) for text in samples]
        batch = pad_inputs(rows, [text.name for text in samples])
        batch["words"] = [text.words for text in samples]
        if samples[0].label is not None:
            batch["labels"] = torch.tensor([text.label for text in samples])
        else:
            tags = [torch.tensor(text.tags) for text in samples]
            batch["tags"] = pad_sequence(tags, batch_first=True, padding_value=UNLABELLED)
        return batch

    def measure(self) -> dict[str, Any]:
        """Measure the training texts: classes, words, how many words of the test the vocabulary does not know."""
        train, test = self.split.parts["train"], self.split.parts["test"]
        labels = Counter(label for text in train for label in (text.tags or (text.label,)))
        unknown = self.encoded.unknown([text.words for text in test])
        known = len(self.encoded.vocabulary) - len(MARKS)
        words = f"the vocabulary holds {known:,} words of the training texts; {unknown:.1%} of the test's are not in it"
        return {
            "classes": {name: labels[label] for label, name in enumerate(self.split.classes)},
            "features": len(self.bands),
            "dtype": "int64",
            "steps": Quantiles.of([len(text.words) for text in train]),
            "vocabulary": len(self.encoded.vocabulary),
            "notes": (*self.split.notes, words),
        }

    def picture(self, name: str) -> np.ndarray:
        """Return the text called `name` as black on white, uint8 (H, W, 3)."""
        return picture(" ".join(self.find(name).words))
