"""Kinds of sequence models as graphs: what of one is in its graph, and how the rest is put around what runs that."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from zoo.errors import ZooError
from zoo.exports.arrays import ArrayDifferences, compare
from zoo.exports.exporter import Arguments
from zoo.exports.facts import Facts
from zoo.exports.graph import Graph
from zoo.exports.runners import Runner
from zoo.factory import rebuild
from zoo.sequence.crf import Crf
from zoo.sequence.export_probes import made
from zoo.sequence.kinds import Structured

#: The names of inputs and of outputs; those of a random field follow, where the model has one.
INPUTS, OUTPUTS = ("inputs", "lengths"), ("outputs",)
FIELD = ("follow", "first", "last")
#: What is said of the inputs of most.
STEPS = "inputs (B, T, F) float32 of lengths (B,) int64, any B and T; what lies behind a length has no say"


class Kind(ABC):
    """A kind of model; `mark` is an output that the graphs of no other kind have."""

    mark: ClassVar[str]

    @abstractmethod
    def outputs(self, model: Any) -> tuple[str, ...]:
        """Return the names of what its graph gives."""

    def smooth(self, facts: Facts) -> tuple[str, ...]:
        """Return the outputs that change little where weights do."""
        return OUTPUTS

    @abstractmethod
    def words(self) -> dict[str, str]:
        """Return what is said of inputs and outputs."""

    @abstractmethod
    def graph(self, model: Any, facts: Facts) -> Graph:
        """Return its graph."""

    @abstractmethod
    def restore(self, run: Runner, facts: Facts) -> nn.Module:
        """Return a model on what runs a file."""

    def ask(self, model: Any, probe: Arguments, facts: Facts) -> Any:
        """Return what a model says of inputs (B, T, F) and lengths (B,)."""
        return model(*probe)

    def use(self, model: Any, probe: Arguments) -> None:
        """Have a model do with inputs and lengths what it does in use."""
        model(*probe)

    def differences(self, trained: Any, exported: Any, probe: Arguments, facts: Facts) -> ArrayDifferences:
        """Compare what two models say."""
        mine, other = (self.ask(model, probe, facts) for model in (trained, exported))
        return compare(mine.numpy(), other.numpy())


class Flat(nn.Module):
    """A model as a graph has it: tensors in, tensors out."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs for inputs (B, T, F) of these lengths (B,), and the numbers of a random field."""
        field = self.model.crf if isinstance(self.model, Structured) else None
        return self.model(inputs, lengths), *([] if field is None else [getattr(field, name) for name in FIELD])


class ExportedSequence(nn.Module):
    """Keeps the contract of `zoo.sequence` on what runs a file."""

    def __init__(self, run: Runner, facts: Facts) -> None:
        super().__init__()
        self.run, self.bands, self.facts = run, len(facts.bands), facts

    def arrays(self, inputs: Tensor, lengths: Tensor) -> Mapping[str, np.ndarray]:
        """Return the outputs of the file by name."""
        if inputs.shape[2] != self.bands:
            raise ZooError(f"the exported model takes {self.bands} features, not {inputs.shape[2]}")
        given = inputs.float().contiguous().numpy(), lengths.long().numpy()
        return self.run(*given)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return what the model answers to inputs (B, T, F) of these lengths (B,)."""
        return torch.from_numpy(self.arrays(inputs, lengths)["outputs"])

    def output_lengths(self, lengths: Tensor) -> Tensor:
        """Return how many steps come out of so many (B,): a matter of layers, not of weights."""
        found: Tensor = self.layers.output_lengths(lengths)
        return found

    @cached_property
    def layers(self) -> Any:
        """The model without its weights, for what is a matter of layers alone."""
        return rebuild(self.facts.head)


class ExportedTagger(Structured):
    """A tagger whose random field comes with the file."""

    def __init__(self, run: Runner, facts: Facts) -> None:
        super().__init__()
        self.network, self.crf = ExportedSequence(run, facts), Crf(len(facts.classes))
        self.crf.requires_grad_(False)
        steps = torch.ones(1, 1, len(facts.bands)), torch.ones(1, dtype=torch.long)
        found = self.network.arrays(*steps)
        for name in FIELD:
            getattr(self.crf, name).copy_(torch.from_numpy(found[name]))

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, T, K)."""
        return self.network(inputs, lengths)

    def loss(self, logits: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """See `Structured`."""
        return self.crf.loss(logits, tags, lengths)

    def decode(self, logits: Tensor, lengths: Tensor) -> Tensor:
        """See `Structured`."""
        return self.crf.decode(logits, lengths)


class Answering(Kind):
    """Models that are a function of inputs and lengths: all of it is in the graph."""

    mark = OUTPUTS[0]

    def outputs(self, model: Any) -> tuple[str, ...]:
        """The answer."""
        return OUTPUTS

    def words(self) -> dict[str, str]:
        """Shapes."""
        return {"input": STEPS, "outputs": "outputs, as the model's card says"}

    def graph(self, model: Any, facts: Facts) -> Graph:
        """With batch and steps free."""
        batch = torch.export.Dim("batch")
        return Graph(
            Flat(model),
            made(facts, 60, 50, 40),
            INPUTS,
            facts.outputs,
            {"inputs": {0: batch, 1: torch.export.Dim.DYNAMIC}, "lengths": {0: batch}},
        )

    def restore(self, run: Runner, facts: Facts) -> nn.Module:
        """A sequence model."""
        return ExportedSequence(run, facts)

    def differences(self, trained: Any, exported: Any, probe: Arguments, facts: Facts) -> ArrayDifferences:
        """Of the outputs, up to the steps that each sequence has."""
        return compare(*(own(trained, model(*probe), probe) for model in (trained, exported)))


class Tagging(Answering):
    """Taggers whose tags depend on one another: the numbers of their random field come with the answer."""

    mark = FIELD[0]

    def outputs(self, model: Any) -> tuple[str, ...]:
        """The answer, and the numbers of a random field."""
        return (*OUTPUTS, *FIELD)

    def words(self) -> dict[str, str]:
        """Shapes."""
        fields = "the scores of tags that follow one another, and of tags at both ends, come with them"
        return {"input": STEPS, "outputs": f"outputs, as the model's card says; {fields}"}

    def restore(self, run: Runner, facts: Facts) -> nn.Module:
        """A tagger with its random field."""
        return ExportedTagger(run, facts)

    def differences(self, trained: Any, exported: Any, probe: Arguments, facts: Facts) -> ArrayDifferences:
        """Of the outputs, and of the tags."""
        mine = trained(*probe)
        tags = (model.decode(mine, probe[1]).numpy().astype(np.float64) for model in (trained, exported))
        return super().differences(trained, exported, probe, facts) + compare(*tags)


def own(model: Any, outputs: Tensor, probe: Arguments) -> np.ndarray:
    """Return the outputs of a batch without what lies behind the end of a sequence, where they have steps."""
    inputs, lengths = probe
    steps = model.output_lengths(lengths) if hasattr(model, "output_lengths") else lengths
    most = int(steps.max())
    if outputs.ndim < 2 or outputs.shape[1] != most or (outputs.ndim == 2 and most != inputs.shape[1]):
        return outputs.numpy()
    rows = [row[:count].flatten() for row, count in zip(outputs, steps.tolist(), strict=True)]
    return torch.cat(rows).numpy()
