"""Sequence models as exported files: inputs of any number and length, with their front ends, to what the model answers."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import torch
from torch import nn

from zoo.exports.arrays import ArrayDifferences, apart
from zoo.exports.exporter import Arguments, Exporter
from zoo.exports.facts import Facts, Input
from zoo.exports.graph import Graph
from zoo.exports.runners import Runner
from zoo.sequence.export_kinds import Answering, Kind, Tagging
from zoo.sequence.export_pieces import Piecewise
from zoo.sequence.export_probes import made, whole
from zoo.sequence.export_writers import Dictating, Translating
from zoo.sequence.kinds import EncoderDecoder, Structured
from zoo.sequence.minilm import MiniLM
from zoo.sequence.whisper import Whisper

#: The kinds by what a model is; the first that it is counts.
KINDS: Mapping[type[nn.Module], Kind] = {
    Whisper: Dictating(),
    MiniLM: Piecewise(),
    EncoderDecoder: Translating(),
    Structured: Tagging(),
    nn.Module: Answering(),
}


def kind_of(model: nn.Module) -> Kind:
    """Return the kind of a model."""
    return next(kind for of, kind in KINDS.items() if isinstance(model, of))


def kind_in(facts: Facts) -> Kind:
    """Return the kind of the model in a file."""
    return next(kind for kind in KINDS.values() if kind.mark in facts.outputs)


class SequenceExporter(Exporter):
    """Sequences of any number and length."""

    fixed: ClassVar[bool] = False

    def input(self, model: nn.Module, options: Mapping[str, Any]) -> Input:
        """Steps of measurements."""
        return Input()

    def smooth(self, facts: Facts) -> tuple[str, ...]:
        """See the kind."""
        return kind_in(facts).smooth(facts)

    def words(self, facts: Facts) -> dict[str, str]:
        """Shapes."""
        return kind_in(facts).words()

    def outputs(self, model: nn.Module) -> tuple[str, ...]:
        """See the kind."""
        return kind_of(model).outputs(model)

    def graph(self, model: nn.Module, facts: Facts, suppresses: frozenset[str]) -> Graph:
        """With batch and steps free."""
        return kind_of(model).graph(model, facts)

    def probes(self, facts: Facts) -> Iterator[Arguments]:
        """One sequence, several of other lengths in a batch, short and long ones, silence."""
        yield made(facts, 50)
        yield made(facts, 100, 37, 64, seed=1)
        yield made(facts, 130, 110, seed=2)
        inputs, lengths = made(facts, 40, 30, seed=3)
        yield (torch.ones_like(inputs) if whole(facts) else torch.zeros_like(inputs)), lengths

    def arguments(self, batch: Mapping[str, Any]) -> Arguments:
        """Inputs and their lengths."""
        return batch["inputs"].float(), batch["lengths"]

    def ask(self, model: nn.Module, probe: Arguments, facts: Facts) -> Any:
        """See the kind."""
        return kind_in(facts).ask(model, probe, facts)

    def use(self, model: nn.Module, probe: Arguments, facts: Facts) -> None:
        """See the kind."""
        kind_in(facts).use(model, probe)

    def restore(self, run: Runner, facts: Facts) -> nn.Module:
        """See the kind."""
        return kind_in(facts).restore(run, facts)

    def differences(self, trained: nn.Module, exported: nn.Module, probe: Arguments, facts: Facts) -> ArrayDifferences:
        """See the kind."""
        return kind_in(facts).differences(trained, exported, probe, facts)

    def apart(self, answer: Any, other: Any) -> float:
        """How far the outputs are apart."""
        return apart(answer.float().numpy(), other.float().numpy())


EXPORTER = SequenceExporter()
