"""Sequence models as exported files: inputs of any number and length, with their front ends, to what the model answers."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

import zoo
from zoo.errors import ZooError
from zoo.exports.arrays import ArrayDifferences, apart, compare
from zoo.exports.exporter import Arguments, Exporter
from zoo.exports.facts import Facts, Input
from zoo.exports.graph import Graph
from zoo.exports.runners import Runner
from zoo.factory import rebuild
from zoo.sequence.crf import Crf
from zoo.sequence.kinds import EncoderDecoder, Structured, Transcriber

#: The names of inputs and of outputs; those of a random field follow, where the model has one.
INPUTS, OUTPUTS = ("inputs", "lengths"), ("outputs",)
FIELD = ("follow", "first", "last")

#: Numbers of words and characters that are asked about are below this.
TOKENS = 120


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


class SequenceExporter(Exporter):
    """Sequences of any number and length."""

    fixed: ClassVar[bool] = False

    def input(self, model: nn.Module, options: Mapping[str, Any]) -> Input:
        """Steps of measurements."""
        return Input()

    def smooth(self, facts: Facts) -> tuple[str, ...]:
        """The answers; the numbers of a random field are constant."""
        return OUTPUTS

    def words(self, facts: Facts) -> dict[str, str]:
        """Shapes."""
        fields = "; the scores of tags that follow one another, and of tags at both ends, come with them"
        return {
            "input": "inputs (B, T, F) float32 of lengths (B,) int64, any B and T; what lies behind a length has no say",
            "outputs": f"outputs, as the model's card says{fields if (FIELD[0] in facts.outputs) else ''}",
        }

    def outputs(self, model: nn.Module) -> tuple[str, ...]:
        """The answer, and the numbers of a random field."""
        return (*OUTPUTS, *(FIELD if isinstance(model, Structured) else ()))

    def graph(self, model: nn.Module, facts: Facts, suppresses: frozenset[str]) -> Graph:
        """With batch and steps free."""
        if isinstance(model, EncoderDecoder | Transcriber):
            raise ZooError(f"model {facts.model!r} writes token after token, which no single graph does")
        batch = torch.export.Dim("batch")
        return Graph(
            Flat(model),
            made(facts, 60, 50, 40),
            INPUTS,
            facts.outputs,
            {"inputs": {0: batch, 1: torch.export.Dim.DYNAMIC}, "lengths": {0: batch}},
        )

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

    def restore(self, run: Runner, facts: Facts) -> nn.Module:
        """A sequence model, or a tagger with its random field."""
        return (ExportedTagger if (FIELD[0] in facts.outputs) else ExportedSequence)(run, facts)

    def differences(self, trained: nn.Module, exported: nn.Module, probe: Arguments) -> ArrayDifferences:
        """Of the outputs, up to the steps that each sequence has; and of the tags where they depend on one another."""
        mine, other = trained(*probe), exported(*probe)
        total = compare(own(trained, mine, probe), own(trained, other, probe))
        if isinstance(trained, Structured) and isinstance(exported, Structured):
            tags = trained.decode(mine, probe[1]), exported.decode(mine, probe[1])
            total += compare(*(found.numpy().astype(np.float64) for found in tags))
        return total

    def apart(self, answer: Any, other: Any) -> float:
        """How far the outputs are apart."""
        return apart(answer.float().numpy(), other.float().numpy())


def own(model: Any, outputs: Tensor, probe: Arguments) -> np.ndarray:
    """Return the outputs of a batch without what lies behind the end of a sequence, where they have steps."""
    inputs, lengths = probe
    steps = model.output_lengths(lengths) if hasattr(model, "output_lengths") else lengths
    most = int(steps.max())
    if outputs.ndim < 2 or outputs.shape[1] != most or (outputs.ndim == 2 and most != inputs.shape[1]):
        return outputs.numpy()
    rows = [row[:count].flatten() for row, count in zip(outputs, steps.tolist(), strict=True)]
    return torch.cat(rows).numpy()


def whole(facts: Facts) -> bool:
    """Tell whether the steps are whole numbers, of words or tokens."""
    return zoo.card(facts.model).designed_for.dtype == "int64"


def made(facts: Facts, *hundredths: int, seed: int = 0) -> Arguments:
    """Return noise (B, T, F) and lengths (B,), so many hundredths of a second of a waveform, or so many steps."""
    rate = facts.data.get("sample_rate") or zoo.card(facts.model).designed_for.sample_rate
    lengths = torch.tensor([max(1, count * int(rate) // 100 if rate else count) for count in hundredths])
    shape = len(lengths), int(lengths.max()), len(facts.bands)
    random = torch.Generator().manual_seed(seed)
    if whole(facts):
        return torch.randint(1, TOKENS, shape, generator=random).float(), lengths
    return torch.rand(shape, generator=random) - 0.5, lengths


EXPORTER = SequenceExporter()
