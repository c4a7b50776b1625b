"""Models that write token after token, as a graph of two parts: one reads, one writes a step; who runs them does the search.

The parts share no input, so either is run by itself. Between them goes the state, a tensor for each of its entries:
`begun.NAME` is what reading gives, `state.NAME` what writing takes, `behind.NAME` what it gives where it changes it.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from zoo.exports.arrays import ArrayDifferences, compare
from zoo.exports.exporter import Arguments
from zoo.exports.facts import Facts
from zoo.exports.graph import Graph
from zoo.exports.runners import Runner
from zoo.sequence.beam import Beam
from zoo.sequence.export_kinds import INPUTS, Kind
from zoo.sequence.export_probes import written
from zoo.sequence.kinds import EncoderDecoder, State
from zoo.sequence.tokenizer import PretrainedTokenizer
from zoo.sequence.whisper import Whisper
from zoo.sequence.whisper_front import PIECE

BEGUN, STATE, BEHIND = "begun.", "state.", "behind."
TOKENS, LOGITS = "tokens", "logits"
#: Outputs that are the same whatever is asked: the tokens that Whisper never writes, and the description of a vocabulary.
SUPPRESSED, VOCABULARY = "suppressed", "vocabulary"
#: What a step adds to, in words.
FLOW = (
    "two parts that share no input: `begun.NAME` hang on what is read alone, `logits` of the tokens that follow and "
    "`behind.NAME` on `tokens` and `state.NAME` alone. What is begun is the first state; an entry without `behind` stays"
)
Read = Callable[..., State]
Write = Callable[[Tensor, State], tuple[Tensor, State]]


class Parts(nn.Module):
    """Both parts of a `model` as one graph, and constants behind; writing changes the `changing` of the state's `names`."""

    def __init__(self, model: nn.Module, parts: tuple[Read, Write], given: int, constants: Sequence[Tensor]) -> None:
        super().__init__()
        self.model, self.parts, self.given, self.constants = model, parts, given, constants
        self.names: tuple[str, ...] = ()
        self.changing: tuple[str, ...] = ()

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Return what is begun, logits, what is behind a step, and constants, for what is read, tokens and a state."""
        read, tokens, state = tensors[: self.given], tensors[self.given], tensors[self.given + 1 :]
        begun = self.parts[0](*read)
        logits, behind = self.parts[1](tokens, dict(zip(self.names, state, strict=True)))
        return (*begun.values(), logits, *(behind[name] for name in self.changing), *self.constants)


def parts_of(
    model: Any,
    parts: tuple[Read, Write],
    read: Mapping[str, tuple[Tensor, Mapping[int, Any]]],
    tokens: tuple[Tensor, Mapping[int, Any]],
    constants: Mapping[str, Tensor],
) -> Graph:
    """Return the graph of both parts: of examples of what is `read` and of tokens with their free dimensions.

    What is free in the state is found by trying: what differs from step to step, or with the size of what is read.
    """
    whole = Parts(model, parts, len(read), [value.clone() for value in constants.values()])
    arrays = [value for value, _ in read.values()]
    with torch.no_grad():
        begun = parts[0](*arrays)
        _, behind = parts[1](tokens[0], begun)
        _, later = parts[1](tokens[0], behind)
        less = parts[0](*(shorter(value, free) for value, free in read.values()))
    whole.names = tuple(begun)
    whole.changing = tuple(name for name in begun if behind[name] is not begun[name])
    free = {name: free_in([begun[name], behind[name], later[name], less[name]]) for name in begun}
    return Graph(
        whole,
        (*arrays, tokens[0], *later.values()),
        (*read, TOKENS, *(STATE + name for name in begun)),
        (*(BEGUN + name for name in begun), LOGITS, *(BEHIND + name for name in whole.changing), *constants),
        {"tensors": (*(dims for _, dims in read.values()), tokens[1], *free.values())},
    )


def shorter(value: Tensor, free: Mapping[int, Any]) -> Tensor:
    """Return a tensor with one less along its free dimensions; lengths and their inputs lose one step and one of the batch."""
    for place in free:
        value = value.narrow(place, 0, value.shape[place] - 1)
    return value


def free_in(examples: Sequence[Tensor]) -> dict[int, Any]:
    """Return the dimensions along which examples of a tensor differ."""
    return {
        place: torch.export.Dim.AUTO
        for place in range(examples[0].ndim)
        if len({one.shape[place] for one in examples}) > 1
    }


class ExportedParts:
    """Both parts of a file: `read` and `write` are those of the model, by what runs it."""

    def __init__(self, run: Runner, read: Sequence[str], outputs: Sequence[str]) -> None:
        self.names = [name.removeprefix(BEGUN) for name in outputs if name.startswith(BEGUN)]
        self.reader = run.part(read, [BEGUN + name for name in self.names])
        self.taken = [name for name in self.names if STATE + name in run.inputs]  # what no step looks at is no input
        behind = [name for name in outputs if name.startswith(BEHIND)]
        self.writer = run.part([TOKENS, *(STATE + name for name in self.taken)], [LOGITS, *behind])

    def read(self, *given: Tensor) -> State:
        """Return the state before anything is written."""
        found = self.reader(*(value.contiguous().numpy() for value in given))
        return {name: torch.from_numpy(found[BEGUN + name]) for name in self.names}

    def write(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits behind tokens, and the state behind them."""
        given = (tokens, *(state[name] for name in self.taken))
        found = dict(self.writer(*(value.contiguous().numpy() for value in given)))
        logits = torch.from_numpy(found.pop(LOGITS))
        return logits, {**state, **{name.removeprefix(BEHIND): torch.from_numpy(new) for name, new in found.items()}}


def constants_in(run: Runner, facts: Facts, names: Sequence[str]) -> dict[str, Tensor]:
    """Return those of the constants that a file holds."""
    there = [name for name in names if name in facts.outputs]
    return {name: torch.from_numpy(value) for name, value in run.part((), there)().items()} if there else {}


def described(tokenizer: PretrainedTokenizer) -> dict[str, Tensor]:
    """Return the description of a vocabulary as a constant; nothing where the weights brought none."""
    return {VOCABULARY: tokenizer.description} if len(tokenizer.description) else {}


class ExportedTranslator(EncoderDecoder):
    """An encoder-decoder on what runs a file."""

    def __init__(self, parts: ExportedParts) -> None:
        super().__init__()
        self.parts = parts

    def encode(self, inputs: Tensor, lengths: Tensor) -> State:
        """See `EncoderDecoder`."""
        return self.parts.read(inputs.float(), lengths.long())

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """See `EncoderDecoder`."""
        return self.parts.write(tokens, state)

    def forward(self, inputs: Tensor, lengths: Tensor, tokens: Tensor) -> Tensor:
        """See `EncoderDecoder`."""
        state, found = self.encode(inputs, lengths), []
        for token in tokens.unbind(1):
            logits, state = self.step(token, state)
            found.append(logits)
        return torch.stack(found, dim=1)


class Writing(Kind):
    """What both kinds of writers say of themselves."""

    def outputs(self, model: Any) -> tuple[str, ...]:
        """As the graph has them."""
        return self.parted(model).outputs

    def smooth(self, facts: Facts) -> tuple[str, ...]:
        """The scores of tokens."""
        return (LOGITS,)

    def graph(self, model: Any, facts: Facts) -> Graph:
        """Both parts."""
        return self.parted(model)

    @abstractmethod
    def parted(self, model: Any) -> Graph:
        """Return both parts of a model as a graph."""


class Translating(Writing):
    """Encoder-decoders: `encode` and `step` are the parts, and the search is done outside."""

    mark: ClassVar[str] = f"{BEGUN}attention"

    def words(self) -> dict[str, str]:
        """Shapes."""
        return {"input": "inputs (B, T, 1) float32 of lengths (B,) int64; tokens (B,) int64", "outputs": FLOW}

    def parted(self, model: EncoderDecoder) -> Graph:
        """See `Writing`."""
        free, batch, steps = torch.export.Dim.AUTO, 3, 7
        inputs = written(batch, steps, 9)[..., None].float() + 1
        read = {
            "inputs": (inputs, {0: free, 1: free}),
            "lengths": (torch.tensor([steps - 1] * batch), {0: free}),
        }
        return parts_of(model, (model.encode, model.step), read, (written(batch, 1, 3)[:, 0], {0: free}), {})

    def restore(self, run: Runner, facts: Facts) -> nn.Module:
        """An encoder-decoder."""
        return ExportedTranslator(ExportedParts(run, INPUTS, facts.outputs))

    def ask(self, model: Any, probe: Arguments, facts: Facts) -> Tensor:
        """Return the scores of tokens behind five that are said to be written."""
        found: Tensor = model(*probe, written(len(probe[0]), 5, len(facts.classes)))
        return found

    def use(self, model: Any, probe: Arguments) -> None:
        """Search for the best that could be written."""
        Beam(width=1).search(model, *probe)


class ExportedNetwork(nn.Module):
    """What Whisper hears and writes with, on what runs a file."""

    def __init__(self, parts: ExportedParts) -> None:
        super().__init__()
        self.parts = parts

    def encode(self, pieces: Tensor) -> State:
        """See `WhisperNetwork`."""
        return self.parts.read(pieces)

    def write(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """See `WhisperNetwork`."""
        return self.parts.write(tokens, state)


class Dictating(Writing):
    """Whisper: 30 seconds at a time to keys and values, and tokens behind tokens; windows and search are done outside."""

    mark: ClassVar[str] = SUPPRESSED

    def words(self) -> dict[str, str]:
        """Shapes."""
        return {
            "input": f"pieces (B, {PIECE}) float32 in [-1, 1] at 16 kHz, silence behind them; tokens (B, L) int64",
            "outputs": f"{FLOW}. suppressed (V,): 1 of tokens that are never written, 2 of those that never come first; "
            "vocabulary: the bytes of a tokenizer.json",
        }

    def parted(self, model: Whisper) -> Graph:
        """See `Writing`."""
        free, network = torch.export.Dim.AUTO, model.network
        constants = {SUPPRESSED: model.suppressed, **described(model.tokenizer)}
        read = {"pieces": (0.1 * torch.randn(2, PIECE, generator=torch.Generator().manual_seed(0)), {0: free})}
        tokens = written(2, 3, 100), {0: free, 1: free}
        return parts_of(network, (network.encode, network.write), read, tokens, constants)

    def restore(self, run: Runner, facts: Facts) -> nn.Module:
        """Whisper, with its vocabulary."""
        network = ExportedNetwork(ExportedParts(run, ("pieces",), facts.outputs))
        found = constants_in(run, facts, (SUPPRESSED, VOCABULARY))
        options = facts.options
        model = Whisper(len(facts.bands), network, int(options["vocabulary"]), str(options["language"]))
        model.suppressed.copy_(found[SUPPRESSED])
        if VOCABULARY in found:
            model.tokenizer.load_state_dict({"description": found[VOCABULARY]})
        return model

    def ask(self, model: Whisper, probe: Arguments, facts: Facts) -> Tensor:
        """Return the scores of tokens behind some, at once and as more of them follow."""
        begin = torch.tensor([model.marks.begin] * len(probe[0]))
        tokens = torch.cat([begin, written(len(probe[0]), 4, 100)], dim=1)
        state, found = model.encode(model.waves(*probe)[:, :PIECE]), []
        for some in tokens.split([begin.shape[1], 3, 1], dim=1):
            logits, state = model.network.write(some, state)
            found.append(logits)
        return torch.cat(found, dim=1)

    def use(self, model: Whisper, probe: Arguments) -> None:
        """Write down what is said."""
        model.transcribe(*probe)

    def differences(self, trained: Any, exported: Any, probe: Arguments, facts: Facts) -> ArrayDifferences:
        """Of the scores, and of the texts where there is a vocabulary to write them with."""
        total = super().differences(trained, exported, probe, facts)
        total += compare(trained.suppressed.numpy(), exported.suppressed.numpy())
        return total + compare(trained.tokenizer.description.numpy(), exported.tokenizer.description.numpy())
