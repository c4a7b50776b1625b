"""What every objective of a sequence gives."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor, nn

from tasks.base import Batch, Metric

#: What is said of one sequence, by name, as JSON knows it.
Answer = dict[str, Any]


class Objective(ABC):
    """Holds the outputs of a model against what a batch asks for: a loss, metrics, pictures."""

    monitor: ClassVar[Metric]
    also_plotted: ClassVar[tuple[str, ...]] = ()
    #: What a batch must hold beside inputs and lengths.
    required_keys: ClassVar[tuple[str, ...]] = ()

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)

    def on_data(self, data: Any, stage: str) -> None:  # noqa: B027  # most learn nothing of the data but by batches
        """Look at the data module before a stage (fit, validate, test) begins."""

    def respond(self, model: nn.Module, batch: Batch) -> Any:
        """Ask the model about a batch: what comes is handed to `losses` and `update`. Most ask for no more than this."""
        return model(batch["inputs"], batch["lengths"])

    def learned_state(self) -> dict[str, Any]:
        """Return what use needs beside the weights, as JSON knows it: a threshold, the transcripts of an n-gram."""
        return {}

    def restore(self, learnt: Mapping[str, Any]) -> None:  # noqa: B027  # most learn nothing
        """Take what `learned_state` of a finished run gave, in place of learning it anew."""

    @abstractmethod
    def answers(self, outputs: Any, batch: Batch) -> list[Answer]:
        """Return what is said of each sequence of a batch, in use: nothing is known of it but its inputs.

        A batch may hold `words` or `times` of its steps, and the names of its `bands`.
        """

    def lines(self, answer: Answer) -> Iterator[Answer]:
        """Yield the lines of a table that an answer takes: one, or one a step."""
        yield answer

    @abstractmethod
    def summary(self, answer: Answer) -> str:
        """Return an answer in a few words."""

    @abstractmethod
    def losses(self, outputs: Any, batch: Batch) -> dict[str, Tensor]:
        """Return the named parts of the training loss, scalars."""

    @abstractmethod
    def update(self, outputs: Any, batch: Batch) -> None:
        """Keep what the metrics need of an evaluation batch."""

    @abstractmethod
    def compute(self) -> dict[str, float]:
        """Compute the metrics of all that was observed, by plain name, and begin anew."""

    @abstractmethod
    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw what was computed last into `folder`; `data.picture(name)` shows a sample. Returns the files."""


def by_step(answer: Answer, columns: Mapping[str, str]) -> Iterator[Answer]:
    """Yield a line for each step: `columns` name what an answer has for every step and how it is called there."""
    there = {name: answer[key] for key, name in columns.items() if key in answer}
    rest = {key: value for key, value in answer.items() if key not in columns}
    for step, values in enumerate(zip(*there.values(), strict=True)):
        yield {**rest, "step": step, **dict(zip(there, values, strict=True))}
