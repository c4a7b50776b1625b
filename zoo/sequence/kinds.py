"""Kinds of sequence models that are more than a function of `inputs` and `lengths`: what an objective may ask them for."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

#: What a model keeps between two steps, by name; the first dimension of each part is the batch.
State = dict[str, Tensor]


class Structured(nn.Module, ABC):
    """A tagger whose steps depend on one another, such as a conditional random field.

    It returns logits (B, T, K) as any tagger does; what they mean together only the model knows, so it gives the loss and
    the decoding itself. A label below 0 is unknown, and no label is forced there.
    """

    @abstractmethod
    def loss(self, logits: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """Return the mean negative log-likelihood a step, a scalar, of tags (B, T) under logits (B, T, K)."""

    @abstractmethod
    def decode(self, logits: Tensor, lengths: Tensor) -> Tensor:
        """Return the most likely tags (B, T) int64 of logits (B, T, K); what lies behind a length is 0."""


class EncoderDecoder(nn.Module, ABC):
    """A model that reads one row of steps and writes another of tokens, one after another, each knowing those before.

    `encode` makes a state, a dictionary of tensors whose first dimension is the batch, so that a search can repeat, pick and
    reorder its rows; `step` takes the token written last and gives scores of the next, with the state behind it. The state
    behind a step holds `attention (B, T)`: how much of the step was read where, a distribution over the inputs.
    """

    @abstractmethod
    def encode(self, inputs: Tensor, lengths: Tensor) -> State:
        """Return the state before anything is written, of inputs (B, T, F) and lengths (B,)."""

    @abstractmethod
    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (B, K) of the tokens that follow on tokens (B,) int64, and the state behind them."""

    @abstractmethod
    def forward(self, inputs: Tensor, lengths: Tensor, tokens: Tensor) -> Tensor:
        """Return logits (B, L, K): at each place those of the token that follows on tokens (B, L), which begin with BEGIN.

        It is what `encode` and L times `step` give, at once: for training, where the target is known (teacher forcing).
        """


class Transcriber(nn.Module, ABC):
    """A model that hears recordings and writes text as it has learnt to, with a vocabulary of its own."""

    @abstractmethod
    def transcribe(self, inputs: Tensor, lengths: Tensor) -> list[str]:
        """Return what is said in each of the waveforms (B, T, F) of these lengths (B,), however long."""

    @abstractmethod
    def loss(self, inputs: Tensor, lengths: Tensor, texts: Sequence[str]) -> Tensor:
        """Return the mean negative log-likelihood a token, a scalar, of what is said in waveforms (B, T, F)."""
