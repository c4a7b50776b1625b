"""What a task knows of exporting its models: the graph, what it is proven with, and the graph as a model again."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Protocol

from torch import Tensor, nn

from zoo.exports.facts import Facts, Input
from zoo.exports.graph import Graph
from zoo.exports.runners import Runner

#: What a model of the task is called with in evaluation.
Arguments = tuple[Tensor, ...]


class Differences(Protocol):
    """The differences between the answers of two models, which add up."""

    def __add__(self, other: Any) -> Any:
        """Return those of both."""

    @property
    def said(self) -> tuple[str, ...]:
        """The largest of them, in sentences."""

    def disagreement(self) -> str:
        """Return what is beyond the limits, in words; "" if nothing is."""


class Exporter(ABC):
    """The models of one task as graphs, by what is known of them."""

    #: Whether a runtime should prepare itself for each shape of the inputs: where these are few and large.
    fixed: ClassVar[bool]

    @abstractmethod
    def input(self, model: nn.Module, options: Mapping[str, Any]) -> Input:
        """Return what the graph of a model will take; `options` are the settings of its data."""

    def limits(self, model: nn.Module) -> dict[str, float]:
        """Return the numbers by which answers are chosen, by name."""
        return {}

    @abstractmethod
    def outputs(self, model: nn.Module) -> tuple[str, ...]:
        """Return the names of what its graph gives, where all is chosen within."""

    def smooth(self, facts: Facts) -> tuple[str, ...]:
        """Return the outputs that change little where weights do, by which precisions of layers are compared."""
        return facts.outputs

    def words(self, facts: Facts) -> dict[str, str]:
        """Return what is to be said of the file beside what is said of all."""
        return {}

    @abstractmethod
    def graph(self, model: nn.Module, facts: Facts, suppresses: frozenset[str]) -> Graph:
        """Return the graph of a model for a format that suppresses boxes of these geometries."""

    @abstractmethod
    def probes(self, facts: Facts) -> Iterator[Arguments]:
        """Yield what both are asked: seeded noise and edge cases, of all sizes and batches that the graph takes."""

    @abstractmethod
    def arguments(self, batch: Mapping[str, Any]) -> Arguments:
        """Return what a model is called with of a batch of the task's data."""

    def ask(self, model: nn.Module, probe: Arguments, facts: Facts) -> Any:
        """Return what a model answers, by which two are compared."""
        return model(*probe)

    def use(self, model: nn.Module, probe: Arguments, facts: Facts) -> None:
        """Have a model do what it does in use: what its graph is asked then is what it is calibrated on."""
        self.ask(model, probe, facts)

    def tensors(self, model: nn.Module, arguments: Arguments) -> Any:
        """Return what a model says in tensors whose shapes depend on no values, differentiably."""
        return model(*arguments)

    @abstractmethod
    def restore(self, run: Runner, facts: Facts) -> nn.Module:
        """Return a model that keeps the contract of the task, on what runs a file."""

    @abstractmethod
    def differences(self, trained: nn.Module, exported: nn.Module, probe: Arguments, facts: Facts) -> Differences:
        """Compare two models, of which the second is on an exported file, by what they answer."""

    @abstractmethod
    def apart(self, answer: Any, other: Any) -> float:
        """Return how far two answers of this task's models are apart: a number by which precisions are compared."""
