"""The data module of pairs of texts: their vocabularies, learnt from the training split, and their batches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset

from recipes.module import Batch, DataModule
from recipes.new import New
from recipes.text import lines
from recipes.text.picture import picture
from recipes.text.split import SPLITS, drawn
from recipes.text.unseen import apart
from recipes.translation import generated, parallel
from recipes.translation.pair import Pair
from zoo.errors import ZooError
from zoo.profile import Profile, Quantiles
from zoo.sequence.vocabulary import Vocabulary, normal
from zoo.sources import Source


@dataclass(frozen=True)
class Side:
    """How the texts of a side are cut: characters, words or pieces, at most `size` tokens that are there `least` times."""

    kind: str = "pieces"
    size: int = 512
    least: int = 1
    lower: bool = False

    def learn(self, texts: Sequence[str]) -> Vocabulary:
        """Learn the vocabulary of texts."""
        return Vocabulary.learn(texts, self.kind, self.size, self.least, self.lower)


@dataclass(frozen=True)
class Reading:
    """How pairs are read: the `columns` of a table (sources, targets), its separator and encoding, where None finds out.

    `broken` rows: error, drop. `leakage`, targets of training that stand in val or test too: say, drop, error. Pairs with a
    side of more than `longest` tokens are left out. Without a file there are `generated` pairs for training and a tenth of
    it, at most 500, for validation and for the test, drawn from `split_seed`, with targets `into` words or figures.
    """

    columns: Sequence[str | None] = (None, None)
    separator: str | None = None
    encoding: str | None = None
    broken: str = "error"
    leakage: str = "say"
    longest: int = 150
    ratios: Sequence[float] = (0.9, 0.05, 0.05)
    split_seed: int = 0
    generated: int = 8000
    into: str = "words"


class Numbered(Dataset):
    """Pairs as numbers; asked for by (epoch, index) in training, by index otherwise."""

    def __init__(self, pairs: Sequence[Pair], source: Vocabulary, target: Vocabulary) -> None:
        self.pairs, self.source, self.target = pairs, source, target

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, Any]:
        pair = self.pairs[key[1] if isinstance(key, tuple) else key]
        return {
            "read": self.source.split(pair.source),
            "source": self.source.encode(pair.source),
            "target": self.target.encode(pair.target),
            "pair": pair,
        }


class Translation(DataModule):
    """Pairs of texts; the classes are the tokens of the target."""

    task: ClassVar[str] = "sequence"
    bands: tuple[str, ...] = ("token",)
    new_input, endings = "NEW.csv", lines.ENDINGS

    def __init__(
        self,
        name: str,
        source: Mapping[str, Any],
        target: Mapping[str, Any],
        file: str | Sequence[str] | None = None,
        reading: Mapping[str, Any] | None = None,
        objectives: Sequence[str] = ("translate",),
        sorted: bool = False,
        **loading: Any,
    ) -> None:
        super().__init__(name, **loading)
        self.sorted = sorted
        self.reading, self.objectives = Reading(**(reading or {})), tuple(objectives)
        self.paths = [Path(path) for path in ([file] if isinstance(file, str) else file or ())]
        self.sides = (Side(**source), Side(**target))
        self.vocabularies: tuple[Vocabulary, Vocabulary] | None = None

    def sources(self) -> Sequence[Source]:
        """Return nothing: the pairs are the user's own, or made here."""
        return []

    @cached_property
    def read(self) -> tuple[dict[str, Sequence[Pair]], tuple[str, ...]]:
        """The pairs by split, and notes on them."""
        how = self.reading
        if not self.paths:
            held = max(1, min(500, how.generated // 10))
            pairs = generated.corpus(how.generated + 2 * held, how.split_seed, how.into)
            note = "the corpus is generated from a seed by a small grammar; no test sentence has the figures of a training one"
            return dict(generated.parts(pairs, held, held)), (note,)
        pairs, notes = self.own()
        parts = drawn(pairs, lambda pair: pair.content, how.ratios, how.split_seed)
        split, leaks = apart(parts, lambda pair: pair.target, how.leakage)
        return split, (*notes, *leaks)

    def own(self) -> tuple[list[Pair], list[str]]:
        """Read the user's pairs."""
        how, paths = self.reading, self.paths
        if len(paths) == 1:
            return parallel.from_table(paths[0], how.columns, how.separator, how.encoding, how.broken)
        if len(paths) > 2:
            raise ZooError(f"data.file={[str(p) for p in paths]} must be a table, or two files: [SOURCES,TARGETS]")
        return parallel.from_files(paths, how.encoding)

    def setup(self, stage: str | None = None) -> None:
        """Read the pairs, and learn the vocabularies unless a run's were restored."""
        if not self.read[0]["train"]:
            raise ZooError(f"data {self.name!r} has no pairs for training")
        if self.vocabularies is None:
            train = self.read[0]["train"]
            sides = ([pair.source for pair in train], [pair.target for pair in train])
            source, target = (side.learn(texts) for side, texts in zip(self.sides, sides, strict=True))
            self.vocabularies = (source, target)
        self.classes = self.vocabularies[1].tokens
        self.parts, self.left = self.short()

    def fitted(self) -> dict[str, Any]:
        """Return both vocabularies."""
        source, target = self.known
        return {"source": source.facts(), "target": target.facts()}

    def restore(self, fitted: Mapping[str, Any]) -> None:
        """Take the vocabularies of a finished run."""
        self.vocabularies = (Vocabulary.restore(fitted["source"]), Vocabulary.restore(fitted["target"]))

    @property
    def known(self) -> tuple[Vocabulary, Vocabulary]:
        """Both vocabularies, after `setup`."""
        if self.vocabularies is None:
            raise RuntimeError("the vocabularies are there after setup")
        return self.vocabularies

    def short(self) -> tuple[dict[str, list[Pair]], tuple[str, ...]]:
        """The pairs by split whose sides are not too long, and a note on how many are."""
        (parts, _), longest = self.read, self.reading.longest
        sizes = {part: [self.size(pair) for pair in parts[part]] for part in SPLITS}
        kept = {p: [pair for pair, n in zip(parts[p], sizes[p], strict=True) if n <= longest] for p in SPLITS}
        for part in SPLITS:
            if not kept[part]:
                raise ZooError(f"data {self.name!r} has no pairs in its split {part!r} of at most {longest} tokens")
        left = sum(n > longest for found in sizes.values() for n in found)
        return kept, (f"{left} pairs have a side of more than {longest} tokens and were left out",) if left else ()

    def size(self, pair: Pair) -> int:
        """Return the tokens of the longer side."""
        source, target = self.known
        return max(len(source.encode(pair.source)), len(target.encode(pair.target)))

    def dataset(self, split: str) -> Numbered:
        """Return the pairs of a split."""
        return Numbered(self.parts[split], *self.known)

    def new(self, path: Path) -> Iterator[New]:
        """Yield the sources of a table, or of the lines of a text file, as the run's vocabulary cuts them."""
        how, (source, _) = self.reading, self.known
        column = (how.columns[0], parallel.SOURCE, "data.reading.columns.0")
        for line, text in lines.texts(path, [column], how.separator, how.encoding):
            numbers = source.encode(normal(text))
            if not 0 < len(numbers) <= how.longest:
                raise ZooError(
                    f"{path}, line {line} has {len(numbers)} tokens, and the run reads 1 to {how.longest}; give its sentences"
                    " one by one"
                )
            yield New(str(line), torch.tensor(numbers)[:, None], source=text)

    def lengths(self) -> list[int] | None:
        """Return the tokens of the longer side of the training pairs, when batches are `sorted`."""
        return [self.size(pair) for pair in self.parts["train"]] if self.sorted else None

    def collate(self, samples: list[Any]) -> Batch:
        """Return inputs (B, T, 1) int64, lengths (B,), tokens (B, L), token_lengths (B,), texts, words, names."""
        sources, targets = ([torch.tensor(sample[side]) for sample in samples] for side in ("source", "target"))
        return {
            "inputs": pad_sequence(sources, batch_first=True)[..., None],
            "lengths": torch.tensor([len(row) for row in sources]),
            "tokens": pad_sequence(targets, batch_first=True),
            "token_lengths": torch.tensor([len(row) for row in targets]),
            "texts": [sample["pair"].target for sample in samples],
            "words": [sample["read"] for sample in samples],
            "names": [sample["pair"].name for sample in samples],
        }

    def profile(self) -> Profile:
        """Measure the training pairs: tokens a source, vocabularies."""
        train, (source, target) = self.parts["train"], self.known
        sizes = (
            f"vocabularies: {len(source):,} tokens ({source.kind}) are read, {len(target):,} ({target.kind}) written"
        )
        return Profile(
            data=self.name,
            task=self.task,
            classes={},
            samples=len(train),
            bands=self.bands,
            features=1,
            dtype="int64",
            steps=Quantiles.of([len(source.encode(pair.source)) for pair in train]),
            vocabulary=len(source),
            licence="unknown" if self.paths else "Apache-2.0",
            notes=(*self.read[1], *self.left, sizes),
        )

    def picture(self, name: str) -> np.ndarray:
        """Return the pair called `name` as black on white, uint8 (H, W, 3)."""
        for part in SPLITS:
            for pair in self.read[0][part]:
                if pair.name == name:
                    return picture(f"{pair.source} → {pair.target}")
        raise ZooError(f"data {self.name!r} has no pair {name!r}")
