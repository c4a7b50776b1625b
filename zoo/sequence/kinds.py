"""Kinds of sequence models that are more than a function of `inputs` and `lengths`: what an objective may ask them for."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


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
