"""MiniLM as a graph: pieces of words to what is seen in them; words are cut, and windows put together, around it."""

from types import SimpleNamespace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from zoo.exports.facts import Facts
from zoo.exports.graph import Graph
from zoo.exports.runners import Runner
from zoo.sequence.export_kinds import Kind
from zoo.sequence.export_probes import written
from zoo.sequence.export_writers import VOCABULARY, constants_in, described
from zoo.sequence.minilm import MiniLM

PIECES, SEEN = ("pieces", "mask"), "seen"
#: The last layer, which is asked of the mean over windows.
LAST = ("weight", "bias")


class Seeing(nn.Module):
    """A network of transformers as a graph has it, with constants behind."""

    def __init__(self, network: Any, constants: list[Tensor]) -> None:
        super().__init__()
        self.network, self.constants = network, constants

    def forward(self, pieces: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        """Return what is seen (W, P, D) in pieces (W, P) under a mask (W, P), and the constants."""
        return self.network(input_ids=pieces, attention_mask=mask).last_hidden_state, *self.constants


class ExportedSight(nn.Module):
    """Answers as a network of transformers does, on what runs a file."""

    def __init__(self, run: Runner) -> None:
        super().__init__()
        self.run = run.part(PIECES, [SEEN])

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> SimpleNamespace:
        """Return what is seen in pieces (W, P)."""
        found = self.run(input_ids.contiguous().numpy(), attention_mask.contiguous().numpy())
        return SimpleNamespace(last_hidden_state=torch.from_numpy(found[SEEN]))


class Piecewise(Kind):
    """MiniLM: the network is in the graph, its vocabulary and its last layer come with it."""

    mark: ClassVar[str] = SEEN

    def outputs(self, model: MiniLM) -> tuple[str, ...]:
        """What is seen, the last layer, and the vocabulary where there is one."""
        return (SEEN, *constants_of(model))

    def smooth(self, facts: Facts) -> tuple[str, ...]:
        """What is seen."""
        return (SEEN,)

    def words(self) -> dict[str, str]:
        """Shapes."""
        return {
            "input": "pieces (W, P) int64 of the vocabulary between its marks, and mask (W, P) int64: 1 where there is one",
            "outputs": "seen (W, P, D): the mean over the pieces of a text, of length 1, is its embedding; weight (K, D) and "
            "bias (K,) make logits of it; vocabulary: the bytes of a tokenizer.json",
        }

    def graph(self, model: MiniLM, facts: Facts) -> Graph:
        """With windows and pieces free."""
        free = {0: torch.export.Dim("windows"), 1: torch.export.Dim("count", max=512)}
        pieces = written(3, 11, 120)
        return Graph(
            Seeing(model.network, list(constants_of(model).values())),
            (pieces, torch.ones_like(pieces)),
            PIECES,
            facts.outputs,
            {"pieces": free, "mask": free},
        )

    def restore(self, run: Runner, facts: Facts) -> nn.Module:
        """MiniLM, with its vocabulary and last layer."""
        found = constants_in(run, facts, (*LAST, VOCABULARY))
        output = str(facts.options.get("output", "classify"))
        model = MiniLM(len(facts.classes), len(facts.bands), ExportedSight(run), output, 0.0)
        model.classifier.load_state_dict({name: found[name] for name in LAST})
        if VOCABULARY in found:
            model.tokenizer.load_state_dict({"description": found[VOCABULARY]})
        return model


def constants_of(model: MiniLM) -> dict[str, Tensor]:
    """Return what comes with a network: its last layer, and its vocabulary."""
    last = {name: getattr(model.classifier, name).detach().clone() for name in LAST}
    return {**last, **described(model.tokenizer)}
