"""The contract of everything that answers: an input becomes arrays, arrays are answered, answers become objects."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar

import numpy as np

from zoo.errors import ZooError
from zoo.inference.answers import Answer
from zoo.inference.opened import Opened

if TYPE_CHECKING:
    from zoo.inference.engine import Engine

#: What is answered at a time, in the terms of the task's contract: `images`, or `inputs` with their `lengths`.
Batch = Mapping[str, Any]
Prepared = TypeVar("Prepared")


@dataclass(frozen=True)
class Metadata:
    """What answers, and to what: what it was opened from in words, its model, its classes in the order of their numbers.

    `runtime` is what computes, such as PyTorch or OpenVINO with its version.
    `rate` are samples a second of recordings; `value_range` the values that become [0, 1], None for the full range of their
    type; `tile` pixels of its side in evaluation; `thresholds` are by name: the least score of an object, or a score of an
    anomaly.
    """

    source: str
    task: str
    model: str
    classes: tuple[str, ...]
    bands: tuple[str, ...]
    precision: str
    runtime: str = "PyTorch"
    rate: int | None = None
    value_range: tuple[float, float] | None = None
    tile: int | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, opened: Opened, engine: "Engine", **more: Any) -> "Metadata":
        """Say what was opened and computes on an engine; `more` are the fields that only some have."""
        return cls(
            source=opened.source,
            task=str(opened.task["name"]),
            model=opened.model,
            classes=opened.classes,
            bands=opened.bands,
            precision=engine.own_precision,
            runtime=opened.runtime,
            **more,
        )

    @classmethod
    def of_images(cls, opened: Opened, engine: "Engine", **more: Any) -> "Metadata":
        """Say the same of what answers images, with the range of their values."""
        value_range = opened.data.get("value_range")
        return cls.of(opened, engine, value_range=tuple(value_range) if value_range else None, **more)


class Answered(NamedTuple):
    """One answer: the place of its input (a file, or what is in it), the answer, and the text that was read, if it was one."""

    place: str
    answer: Answer
    text: str = ""


class Predictor(ABC, Generic[Prepared]):
    """Answers inputs of any size: `predictor(input)` is `prepare`, `answer` for each batch, and `finish`."""

    #: The class of the answers, by which they are written and shown.
    gives: ClassVar[type[Answer]]
    #: The options that it is made with, by name, behind what was opened.
    options: ClassVar[tuple[str, ...]] = ()
    metadata: Metadata
    engine: "Engine"
    #: The endings of the files that are read of a folder.
    endings: frozenset[str]

    @abstractmethod
    def __init__(self, opened: Opened, **options: Any) -> None:
        """Make it of what was opened."""

    @abstractmethod
    def prepare(self, source: Any) -> Prepared:
        """Turn an input, a path or the values themselves, into what is answered batch by batch."""

    @abstractmethod
    def answer(self, batch: Batch) -> Any:
        """Answer a batch, as the metrics of the task take it."""

    @abstractmethod
    def answers(self, prepared: Prepared) -> Generator[Any, None, None]:
        """Yield the answers to an input batch by batch, in order; closed where not all are taken."""

    @abstractmethod
    def finish(self, prepared: Prepared, answers: Iterable[Any]) -> Answer:
        """Turn the answers to an input into an object in the input's own terms."""

    def extent(self, path: Path) -> Mapping[str, float]:
        """Return how large a file is, before it is read: `pixels` of an image, `seconds` of a recording; {} of others."""
        return {}

    def overview(self, source: Any) -> np.ndarray | None:
        """Return what is seen of an input (C, H, W), as the model gets it: a part of a large one; None: it has no numbers.

        Of sequences C are the features, H is 1, and W the steps.
        """
        return None

    def __call__(self, source: Any, **options: Any) -> Answer:
        """Answer one input; `options` are those of `prepare`."""
        prepared = self.prepare(source, **options)
        with closing(self.answers(prepared)) as answers:
            return self.finish(prepared, answers)

    def each(self, sources: Iterable[Any], failures: list[str] | None = None) -> Iterator[Answered]:
        """Answer all inputs in turn; what is wrong with one is raised, or goes to `failures`, and the next is answered."""
        for source in sources:
            try:
                found = self(source)
            except ZooError as error:
                if failures is None:
                    raise
                failures.append(str(error))
            else:
                yield Answered(str(source) if isinstance(source, str | Path) else "", found)
