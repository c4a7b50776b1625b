"""What the layers of a network do in an answer: which come last, what they give, and what each computes."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from zoo.compression.widths import CONVOLUTIONS, LAYERS, attributes_of, is_depthwise

#: Layers that read channels and mix them.
READERS = (*CONVOLUTIONS, nn.Linear)
#: Lets a network answer an example, in tensors, differentiably.
Outputs = Callable[[nn.Module], Any]


@dataclass(frozen=True)
class Position:
    """What a layer computes in an answer: multiply-adds of one input and output channel, and how many of these there are."""

    each: float
    inputs: int
    outputs: int
    depthwise: bool

    def multiply_adds(self, inputs_gone: float, outputs_gone: float) -> float:
        """Return the multiply-adds of the layer without some channels."""
        inputs = 1.0 if self.depthwise else self.inputs - inputs_gone
        return self.each * inputs * (self.outputs - outputs_gone)


def positions(model: nn.Module, outputs: Outputs) -> dict[str, Position]:
    """Return by name what the convolutions and dense layers compute in an answer, those used several times in sum."""
    found: dict[str, Position] = {}
    names = {layer: name for name, layer in model.named_modules() if isinstance(layer, READERS)}

    def count(layer: Any, given: Any, values: Tensor) -> None:
        if layer not in names:
            return
        name, depthwise = names[layer], is_depthwise(layer)
        inputs, channels = (int(getattr(layer, attribute)) for attribute in attributes_of(layer))
        turned = isinstance(layer, nn.ConvTranspose1d | nn.ConvTranspose2d)
        places = given[0].numel() / inputs if turned else values.numel() / channels
        each = layer.weight.numel() * places / channels / (1 if depthwise else inputs)
        found[name] = Position((found[name].each if name in found else 0.0) + each, inputs, channels, depthwise)

    with torch.no_grad(), hooked(model, count):
        outputs(model)
    return found


def last_layers(model: nn.Module, outputs: Outputs) -> set[nn.Module]:
    """Return the layers of which an answer is computed without any other layer, by following it backwards."""
    owners: dict[Any, nn.Module] = {}
    with hooked(model, lambda layer, _, values: owners.update({values.grad_fn: layer})):
        answer = outputs(model)
    left, seen, found = [one.grad_fn for one in tensors_of(answer)], set[Any](), set[nn.Module]()
    while left:
        node = left.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node in owners:
            found.add(owners[node])
        else:
            left += [before for before, _ in node.next_functions]
    return found


def given_by(layers: set[nn.Module], model: nn.Module, outputs: Outputs) -> list[Tensor]:
    """Return what some layers give each time that they are called in an answer."""
    found: list[Tensor] = []

    def keep(layer: nn.Module, _: Any, values: Tensor) -> None:
        if layer in layers:
            found.append(values)

    with hooked(model, keep):
        outputs(model)
    return found


@contextmanager
def hooked(model: nn.Module, hook: Callable[[nn.Module, Any, Tensor], None]) -> Iterator[None]:
    """Call what is given with each layer that has a width, its inputs and its output."""
    handles = [layer.register_forward_hook(hook) for layer in model.modules() if isinstance(layer, LAYERS)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def tensors_of(answer: Any) -> list[Tensor]:
    """Return the tensors of an answer."""
    if isinstance(answer, Tensor):
        return [answer]
    return [one for part in (answer.values() if isinstance(answer, Mapping) else answer) for one in tensors_of(part)]


def shapes_of(answer: Any) -> list[tuple[int, ...]]:
    """Return the shapes of the tensors of an answer."""
    return [tuple(one.shape) for one in tensors_of(answer)]
