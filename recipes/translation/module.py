"""The data module of pairs of texts: their vocabularies, learnt from the training split, and their batches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from recipes.kit.choice import one_of
from recipes.kit.inference_sample import InferenceSample, pad_inputs
from recipes.kit.module import Batch, Change, DataModule
from recipes.kit.settings import SequenceLoading
from recipes.kit.split import Split, draw
from recipes.text import lines
from recipes.text.leakage import settle_leakage
from recipes.text.picture import picture
from recipes.text.reading import TextReading
from recipes.translation import captions, generated, parallel
from recipes.translation.pair import Pair
from zoo.errors import ZooError
from zoo.profile import Quantiles
from zoo.sequence.vocabulary import Vocabulary, normal
from zoo.sources import Source, fetch_files

#: What is translated where no file is given, and its licence.
SETS = {"dates": "Apache-2.0", "captions": "unknown"}


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
class Columns:
    """The columns of a table, by name; None is found out."""

    source: str | None = None
    target: str | None = None


class Translation(DataModule[Pair]):
    """Pairs of texts; the classes are the tokens of the target. Pairs with a side of more than `longest` tokens are left out.

    `root` is a table, or two files whose lines belong together. Without it a `set` is taken: captions, English to French; or
    dates, `generated` pairs for training and a tenth of it, at most 500, for validation and for the test, drawn from
    `split_seed`, with targets `into` words or figures. Sentences `beside` the test are translated and shown with it, and not
    counted, for nobody has said their translation.
    """

    task: ClassVar[str] = "sequence"
    noun = "pairs"
    records: ClassVar[tuple[type, ...]] = (SequenceLoading, TextReading)
    bands: tuple[str, ...] = ("token",)
    new_input, endings = "NEW.csv", lines.ENDINGS
    loading: SequenceLoading
    vocabularies: tuple[Vocabulary, Vocabulary] | None = None

    def __init__(
        self,
        name: str,
        source: Mapping[str, Any],
        target: Mapping[str, Any],
        augment: Change | None = None,
        root: str | Sequence[str] | None = None,
        columns: Mapping[str, Any] | None = None,
        set: str = "dates",
        generated: int = 8000,
        into: str = "words",
        beside: Sequence[str] = (),
        **settings: Any,
    ) -> None:
        super().__init__(name, augment, **settings)
        self.paths = [Path(path).expanduser() for path in ([root] if isinstance(root, str) else root or ())]
        one_of("data.set", set, SETS)
        self.columns, self.set, self.generated, self.into = Columns(**(columns or {})), set, generated, into
        self.beside = [Pair(f"beside:{row}", normal(text), "", "") for row, text in enumerate(beside, 1)]
        self.sides = (Side(**source), Side(**target))
        self.reading: TextReading = self.settings[TextReading]

    def sources(self) -> Sequence[Source]:
        """Return the files of the captions; none for what is generated and for the user's own."""
        return captions.sources() if self.set == "captions" and not self.paths else ()

    @cached_property
    def read(self) -> tuple[Mapping[str, Sequence[Pair]], tuple[str, ...]]:
        """The pairs by split, whatever their length, and notes on them."""
        how = self.reading
        if sources := self.sources():
            return settle_leakage(captions.read(fetch_files(sources)), lambda pair: pair.source, how.leakage)
        if not self.paths:
            held = max(1, min(500, self.generated // 10))
            pairs = generated.corpus(self.generated + 2 * held, how.split_seed, self.into)
            note = "the corpus is generated from a seed by a small grammar; no test sentence has the figures of a training one"
            return generated.parts(pairs, held, held), (note,)
        pairs, notes = self.read_pairs()
        parts = draw(pairs, how.ratios, how.split_seed, lambda pair: pair.content)
        split, leaks = settle_leakage(parts, lambda pair: pair.target, how.leakage)
        if not split["train"]:
            raise ZooError(f"data {self.name!r} has no pairs for training")
        return split, (*notes, *leaks)

    def read_pairs(self) -> tuple[list[Pair], list[str]]:
        """Read the user's pairs."""
        how, paths = self.reading, self.paths
        if len(paths) == 1:
            table = how.read(paths[0])
            return parallel.from_table(table, self.columns.source, self.columns.target)
        if len(paths) > 2:
            raise ZooError(f"data.root={[str(p) for p in paths]} must be a table, or two files: [SOURCES,TARGETS]")
        return parallel.from_files(paths, how.encoding)

    def read_split(self) -> Split[Pair]:
        """Return the pairs whose sides are not too long, and a note on how many are."""
        (parts, notes), longest = self.read, self.reading.longest
        if self.vocabularies is None:
            self.vocabularies = self.learn(parts["train"])
        sizes = {part: [self.size(pair) for pair in pairs] for part, pairs in parts.items()}
        kept = {
            p: [pair for pair, n in zip(pairs, sizes[p], strict=True) if n <= longest] for p, pairs in parts.items()
        }
        left = sum(n > longest for found in sizes.values() for n in found)
        if left:
            notes = (*notes, f"{left} pairs have a side of more than {longest} tokens and were left out")
        licence = "unknown" if self.paths else SETS[self.set]
        kept["test"] = [*kept["test"], *self.beside]
        return Split(kept, self.known[1].tokens, self.bands, notes, licence)

    def learn(self, pairs: Sequence[Pair]) -> tuple[Vocabulary, Vocabulary]:
        """Learn the vocabularies of both sides."""
        source, target = self.sides
        return source.learn([pair.source for pair in pairs]), target.learn([pair.target for pair in pairs])

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

    def size(self, pair: Pair) -> int:
        """Return the tokens of the longer side."""
        source, target = self.known
        return max(len(source.encode(pair.source)), len(target.encode(pair.target)))

    def read_sample(self, item: Pair) -> dict[str, Any]:
        """Return a pair as numbers, with the tokens that are read."""
        source, target = self.known
        return {
            "read": source.split(item.source),
            "source": source.encode(item.source),
            "target": target.encode(item.target),
            "pair": item,
        }

    def draw_sample(self, item: Pair, random: torch.Generator) -> dict[str, Any]:
        """Return a pair as it is: what is changed in one language would have to be so in the other."""
        return self.read_sample(item)

    def inference_samples(self, path: Path) -> Iterator[InferenceSample]:
        """Yield the sources of a table, or of the lines of a text file, as the run's vocabulary cuts them."""
        how, (source, _) = self.reading, self.known
        column = (self.columns.source, parallel.SOURCE)
        for line, text in lines.texts(path, [column], how.separator, how.encoding):
            numbers = source.encode(normal(text))
            if not 0 < len(numbers) <= how.longest:
                raise ZooError(
                    f"{path}, line {line} has {len(numbers)} tokens, and the run reads 1 to {how.longest}; give its sentences"
                    " one by one"
                )
            yield InferenceSample(str(line), torch.tensor(numbers)[:, None], source=text)

    def lengths(self) -> list[int] | None:
        """Return the tokens of the longer side of the training pairs, when batches are `sorted`."""
        return [self.size(pair) for pair in self.split.parts["train"]] if self.loading.sorted else None

    def collate(self, samples: list[Any]) -> Batch:
        """Return inputs (B, T, 1) int64, lengths (B,), tokens (B, L), token_lengths (B,), texts, words, names."""
        sources, targets = (
            [torch.tensor(sample[side], dtype=torch.long) for sample in samples] for side in ("source", "target")
        )
        return {
            **pad_inputs([row[:, None] for row in sources], [sample["pair"].name for sample in samples]),
            "tokens": pad_sequence(targets, batch_first=True),
            "token_lengths": torch.tensor([len(row) for row in targets]),
            "texts": [sample["pair"].target for sample in samples],
            "words": [sample["read"] for sample in samples],
        }

    def measure(self) -> dict[str, Any]:
        """Measure the training pairs: tokens a source, vocabularies."""
        train, (source, target) = self.split.parts["train"], self.known
        sizes = (
            f"vocabularies: {len(source):,} tokens ({source.kind}) are read, {len(target):,} ({target.kind}) written"
        )
        return {
            "classes": {},
            "features": 1,
            "dtype": "int64",
            "steps": Quantiles.of([len(source.encode(pair.source)) for pair in train]),
            "vocabulary": len(source),
            "notes": (*self.split.notes, sizes),
        }

    def picture(self, name: str) -> np.ndarray:
        """Return the pair called `name` as black on white, uint8 (H, W, 3)."""
        pair = self.find(name)
        return picture(f"{pair.source} → {pair.target}")
