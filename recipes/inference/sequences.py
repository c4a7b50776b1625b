"""The predictor of sequences: recordings, texts, series, read as training read its own, answered by their objective."""

import tempfile
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
from torch import nn

from recipes.inference.reader import reader_of
from recipes.kit.inference_sample import InferenceSample, collate, of_array
from recipes.speech import wav
from tasks.objectives import objective
from zoo.errors import ZooError
from zoo.inference.answers import Answer
from zoo.inference.engine import Engine
from zoo.inference.opened import Opened
from zoo.inference.predictor import Answered, Batch, Metadata, Predictor
from zoo.sequence.task import TASK

#: Steps that a batch holds at most, padding and all, but for a sequence that is longer by itself: four minutes at 16 kHz.
STEPS = 4_000_000
#: Sequences a batch where the settings of the data do not say how many.
BATCH = 16


class Decoder(Protocol):
    """What turns the outputs of a model to answers: an objective, or what is like it in use."""

    gives: ClassVar[type[Answer]]

    def restore(self, learnt: Mapping[str, Any]) -> None:
        """Take what a finished run had learnt beside its weights."""

    def respond(self, model: nn.Module, batch: Batch) -> Any:
        """Ask the model about a batch."""

    def answers(self, outputs: Any, batch: Batch) -> Sequence[Answer]:
        """Return what is said of each sequence of a batch."""


def decoder_of(opened: Opened, model: nn.Module) -> Decoder:
    """Return what turns the outputs of a model to answers."""
    name = str(opened.task["objective"])
    if (known := TASK.objectives.get(name)) and known.decoder:
        made: Decoder = TASK.resolve(known.decoder)(opened.classes)
        return made
    return objective(name, opened.classes, opened.task.get("objective_options") or {}, model)


class Placed(NamedTuple):
    """A new sequence, and where it stands: its file, and the place in it."""

    place: str
    new: InferenceSample


class SequencePredictor(Predictor[Batch]):
    """Answers a file that holds one sequence, a text, or an array (T, F) or (T,); `each` answers all that are in files."""

    options: ClassVar[tuple[str, ...]] = ("batch",)
    gives = Answer

    def __init__(self, opened: Opened, batch: int | None = None) -> None:
        self.opened, self.bands = opened, opened.bands
        self.batch = batch or int(opened.data.get("batch_size", BATCH))
        self.engine = Engine(opened.build(), opened.trainer, opened.tuned)
        self.reader: Any = reader_of(opened)
        self.endings = self.reader.endings if self.reader else frozenset()
        self.decoder = decoder_of(opened, self.engine.model)
        self.gives = self.decoder.gives  # type: ignore[misc]  # here it belongs to the objective
        self.decoder.restore(opened.learnt)
        self.metadata = Metadata.of(
            opened,
            self.engine,
            rate=self.reader.heard_at() if self.reader else None,
            thresholds={key: value for key, value in opened.learnt.items() if key == "threshold"},
        )

    def extent(self, path: Path) -> dict[str, float]:
        """Return the seconds of a recording, as its head says."""
        return {"seconds": wav.facts(path).seconds} if self.metadata.rate else {}

    def overview(self, source: Any) -> np.ndarray | None:
        """Return the steps of all sequences of a source, one behind the other (F, 1, T)."""
        steps = np.concatenate([one.inputs.numpy() for one in self.read(source)])
        return steps.T[:, None].astype(np.float32)

    def prepare(self, source: str | Path | np.ndarray) -> Batch:
        """Read the one sequence of a file, or take a text or an array as one."""
        found = list(self.read(source))
        if len(found) != 1:
            raise ZooError(
                f"{source} holds {len(found)} sequences, and one is answered at a time; predictor.each([{str(source)!r}])"
                " yields the answer to each"
            )
        return collate(found, self.bands)

    def answer(self, batch: Batch) -> Any:
        """Answer `inputs` (B, T, F) of `lengths` (B,)."""
        with self.engine.computing():
            return self.decoder.respond(self.engine.model, batch)

    def answers(self, prepared: Batch) -> Generator[Any, None, None]:
        """Yield the one answer there is."""
        yield self.answer(prepared)

    def finish(self, prepared: Batch, answers: Iterable[Any]) -> Answer:
        """Return what is said of the sequence."""
        return self.decode(prepared, *answers)[0]

    def decode(self, batch: Batch, outputs: Any) -> Sequence[Answer]:
        """Return what is said of each sequence of a batch."""
        with self.engine.computing():
            return self.decoder.answers(outputs, batch)

    def each(self, sources: Iterable[Any], failures: list[str] | None = None) -> Iterator[Answered]:
        """Answer every sequence in files, `batch` at a time; a file is answered whole, or goes to `failures`."""
        for group in batches(self.placed(sources, failures), self.batch):
            batch = collate([one.new for one in group], self.bands)
            for one, answer in zip(group, self.decode(batch, self.answer(batch)), strict=True):
                yield Answered(one.place, answer, one.new.source)

    def placed(self, sources: Iterable[Any], failures: list[str] | None) -> Iterator[Placed]:
        """Yield the sequences of sources, of each all or none: what is wrong goes to `failures`, and the next one is read."""
        for source in sources:
            try:
                every = list(self.read(source))
            except ZooError as error:
                if failures is None:
                    raise
                failures.append(str(error))
                continue
            file = str(source) if isinstance(source, str | Path) else ""
            yield from (Placed(f"{file}:{one.place}" if one.place else file, one) for one in every)

    def read(self, source: str | Path | np.ndarray) -> Iterator[InferenceSample]:
        """Yield the sequences of a file, or of a text or an array the one that it is."""
        for one in self.sequences(source):
            if one.inputs.shape[1] != len(self.bands):
                names = ", ".join(self.bands[:8])
                raise ZooError(
                    f"{source} has {one.inputs.shape[1]} features, and the run reads {len(self.bands)}: {names}"
                )
            yield one

    def sequences(self, source: str | Path | np.ndarray) -> Iterable[InferenceSample]:
        """Read what there is, whatever its number of features."""
        if not isinstance(source, str | Path):
            return [self.reader.of_array(source) if self.reader else of_array(source)]
        if self.reader is None:
            names = ", ".join(self.bands[:8])
            raise ZooError(
                f"{self.metadata.source} takes {names}, and nothing reads files of these; give an array (T, F)"
            )
        if isinstance(source, Path) or Path(source).exists() or not self.is_text(source):
            return self.reader.inference_samples(Path(source))
        return self.text(source)

    def is_text(self, source: str) -> bool:
        """Tell whether words are a text, and not the name of a file that is not there."""
        return ".txt" in self.endings and Path(source).suffix.lower() not in self.endings

    def text(self, source: str) -> list[InferenceSample]:
        """Read a text as a line of a file is read."""
        with tempfile.TemporaryDirectory(prefix="zoo_text_") as folder:
            path = Path(folder) / "text.txt"
            path.write_text(" ".join(source.split()) + "\n", encoding="utf-8")
            return list(self.reader.inference_samples(path))


def batches(placed: Iterator[Placed], most: int) -> Iterator[list[Placed]]:
    """Yield sequences in their order, `most` at a time, fewer where they are long."""
    group: list[Placed] = []
    for one in placed:
        longest = max(len(other.new.inputs) for other in (*group, one))
        if group and (len(group) == most or longest * (len(group) + 1) > STEPS):
            yield group
            group = []
        group.append(one)
    if group:
        yield group
