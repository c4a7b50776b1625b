"""Embeddings: what the last layer with weights sees of an input, averaged over all places and tiles, whatever the model."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from zoo.inference.predictor import Predictor

#: Layers whose input may be the embedding: the last of them that is called counts, the one that knows the classes.
LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


class Seen:
    """What was seen since the last look; the streams of a scene may be threads of their own."""

    def __init__(self) -> None:
        self.last: dict[int, Tensor] = {}
        self.parts: list[np.ndarray] = []

    def note(self, layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        """Keep the input of a layer, the last before it is forgotten; called by torch."""
        if isinstance(layer, LAYERS) and inputs and isinstance(inputs[0], Tensor) and inputs[0].ndim > 1:
            self.last[threading.get_ident()] = pooled(inputs[0], isinstance(layer, nn.Linear))

    def end(self, *_: Any) -> None:
        """Keep what the last layer saw, when the whole network is through; called by torch."""
        found = self.last.pop(threading.get_ident(), None)
        if found is not None:
            self.parts.append(found.detach().float().cpu().numpy())

    def take(self) -> np.ndarray:
        """Return the embedding (D,) of what was answered since the last call; (0,) of a network without such a layer."""
        parts, self.parts = self.parts, []
        return np.concatenate(parts).mean(axis=0) if parts else np.zeros(0, np.float32)

    def take_all(self) -> np.ndarray:
        """Return the embedding of each of what was answered since the last call (B, D)."""
        parts, self.parts = self.parts, []
        return np.concatenate(parts)


def pooled(values: Tensor, last: bool) -> Tensor:
    """Return features (B, D) of values (B, …, D), where they are `last`, or (B, D, …), averaged over the places."""
    if values.ndim == 2:
        return values
    places = tuple(range(1, values.ndim - 1)) if last else tuple(range(2, values.ndim))
    return values.mean(dim=places)


@contextmanager
def embedding(predictor: Predictor[Any]) -> Iterator[Seen]:
    """Watch a predictor while it answers."""
    with watched(predictor.engine.model) as seen:
        yield seen


@contextmanager
def watched(model: nn.Module) -> Iterator[Seen]:
    """Watch a model while it answers."""
    seen = Seen()
    hooks: list[torch.utils.hooks.RemovableHandle] = [
        layer.register_forward_pre_hook(seen.note) for layer in model.modules() if isinstance(layer, LAYERS)
    ]
    hooks.append(model.register_forward_hook(seen.end))
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
