"""What every objective of a sequence gives."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor, nn

from tasks.base import Batch, Metric
from zoo.inference.answers import Answer


class Objective(ABC):
    """Holds the outputs of a model against what a batch asks for: a loss, metrics, pictures."""

    monitor: ClassVar[Metric]
    #: The class of its answers.
    gives: ClassVar[type[Answer]]
    also_plotted: ClassVar[tuple[str, ...]] = ()
    #: Metrics of naive answers to the same samples.
    baselines: ClassVar[tuple[str, ...]] = ()
    #: What a batch must hold beside inputs and lengths.
    required_keys: ClassVar[tuple[str, ...]] = ()

    #: Whether its answers are of no classes.
    free: ClassVar[bool] = False

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)

    @classmethod
    def for_model(cls, model: nn.Module | None) -> "type[Objective]":
        """Return the objective that asks a model of its kind the same question; most ask all models alike."""
        return cls

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
    def answers(self, outputs: Any, batch: Batch) -> Sequence[Answer]:
        """Return what is said of each sequence of a batch, in use: nothing is known of it but its inputs.

        A batch may hold `words` or `times` of its steps, and the names of its `bands`.
        """

    def counts(self, outputs: Any, batch: Batch) -> Tensor | None:
        """Return whole numbers of the answers to a batch whose sums the headline metric is of; None: it is of no sums."""
        return None

    def of_counts(self, counts: Tensor) -> float:
        """Return the headline metric by the `counts` of all, summed up."""
        raise NotImplementedError(f"the metric {self.monitor.name!r} is not one of sums over samples")

    def certainties(self, outputs: Any, batch: Batch) -> tuple[Tensor, Tensor] | None:
        """Return how sure the answers to a batch are (N,), in [0, 1], and which are right (N,) bool; None: no probabilities."""
        return None

    @abstractmethod
    def losses(self, outputs: Any, batch: Batch) -> dict[str, Tensor]:
        """Return the named parts of the training loss, scalars."""

    @abstractmethod
    def update(self, outputs: Any, batch: Batch) -> None:
        """Keep what the metrics need of an evaluation batch."""

    @abstractmethod
    def compute(self) -> dict[str, float]:
        """Compute the metrics of all that was observed, by plain name, and begin anew."""

    def reason(self, metric: str) -> str:
        """Say, in words, what a metric that is not defined (NaN) lacks; "" where it is not meant to be."""
        return "nothing in these samples bears on it"

    @abstractmethod
    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw what was computed last into `folder`; `data.picture(name)` shows a sample. Returns the files."""
