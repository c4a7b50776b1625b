"""Structured pruning: whole channels go, with all that hangs on them, and what is left is an ordinary smaller network.

Which channels hang together is found by following the computation backwards (DepGraph, Fang et al. 2023,
https://arxiv.org/abs/2301.12900; torch-pruning). Of each group those go that matter least: by the norm of all their weights
(Li et al. 2017, https://arxiv.org/abs/1608.08710), or by what the loss would change (Molchanov et al. 2019,
https://arxiv.org/abs/1906.10771), for which the weights carry gradients.
"""

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, Literal

import torch
from torch import Tensor, nn

from zoo.compression.tracing import READERS, Outputs, given_by, last_layers, positions, shapes_of
from zoo.compression.widths import CONVOLUTIONS, LAYERS, is_depthwise
from zoo.errors import ZooError

#: Layers are as wide as whole multiples of this: what is less fills vectors of the processor in part, and is not faster.
ROUND = 8
#: At least this share of the channels of a group stays.
LEAST = 0.2
Importance = Literal["magnitude", "taylor"]


def library() -> Any:
    """Return torch-pruning; a ZooError where it is not installed."""
    if find_spec("torch_pruning") is None:
        raise ZooError("structured pruning needs torch-pruning: pip install 'task-zoo[compress]'")
    import torch_pruning

    return torch_pruning


@dataclass(frozen=True)
class Group:
    """Channels that go together, named by the layer that gives them; `size` is how many there are.

    `shares` says by layer how many inputs and outputs of it go with each channel.
    """

    name: str
    size: int
    shares: Mapping[str, tuple[float, float]]
    found: Any = field(repr=False)  # of the library

    def choices(self) -> range:
        """Return how many channels may go: what stays is whole multiples of `ROUND`, and the least share at least."""
        least = max(ROUND, ROUND * math.ceil(LEAST * self.size / ROUND))
        return range(self.size % ROUND, self.size - least + 1, ROUND)

    def nearest(self, share: float) -> int:
        """Return how many channels go where a share of them shall."""
        return min(self.choices(), key=lambda count: abs(count - share * self.size), default=0)


class Channels:
    """The groups of channels of a network that may go; `outputs` lets it answer an example, in tensors, differentiably.

    `groups` are by name; `whole` says of layers why none of their channels may go. The network is pruned in place.
    """

    def __init__(self, model: nn.Module, outputs: Outputs, importance: Importance = "magnitude") -> None:
        self.library, self.model, self.outputs = library(), model.eval().requires_grad_(True), outputs
        kinds = {"magnitude": "GroupMagnitudeImportance", "taylor": "GroupTaylorImportance"}
        self.learns = importance == "taylor"
        self.importance = getattr(self.library.importance, kinds[importance])()
        self.names = {layer: name for name, layer in model.named_modules()}
        self.positions = positions(model, outputs)
        self.shapes = shapes_of(outputs(model))
        self.last = last_layers(model, outputs)
        self.graph = self.traced()
        self.groups: dict[str, Group] = {}
        self.whole: dict[str, str] = {}
        for found in self.graph.get_all_groups(root_module_types=[*READERS]):
            self.take(found)
        if not self.groups:
            why = (
                "; ".join(f"{name}: {reason}" for name, reason in self.whole.items()) or "it has no layer with a width"
            )
            raise ZooError(f"{type(model).__name__} has no channels that could go ({why})")

    def traced(self) -> Any:
        """Return the dependency graph, up to the last layers: what is computed of their channels needs all of them."""
        graph = self.library.DependencyGraph()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parameters outside of layers: groups with such stay whole
            try:
                return graph.build_dependency(
                    self.model, None, forward_fn=lambda *_: given_by(self.last, self.model, self.outputs)
                )
            except (RuntimeError, AttributeError, IndexError, KeyError, ValueError, AssertionError) as error:
                raise ZooError(f"the channels of {type(self.model).__name__} cannot be followed: {error}") from error

    def take(self, found: Any) -> None:
        """Keep a group that may be pruned, or why it may not."""
        name = self.names[found[0].dep.target.module]
        if reason := self.reason(found):
            self.whole[name] = reason
            return
        size = len(found[0].idxs)
        shares: dict[str, tuple[float, float]] = {}
        for dep, idxs in found:
            if isinstance(dep.target.module, LAYERS):
                own, outwards = self.names[dep.target.module], self.graph.is_out_channel_pruning_fn(dep.handler)
                before, share = shares.get(own, (0.0, 0.0)), len(idxs) / size
                shares[own] = (before[0], share) if outwards else (share, before[1])
        group = Group(name, size, shares, found)
        if len(group.choices()) and group.choices()[-1] > 0:
            self.groups[name] = group
        else:
            self.whole[name] = f"{size} channels are few"

    def reason(self, found: Any) -> str:
        """Return why the channels of a group cannot go, "" where they can."""
        ops = self.library.ops
        for dep, _ in found:
            target = dep.target.module
            outwards = self.graph.is_out_channel_pruning_fn(dep.handler)
            if isinstance(target, ops._OutputOp) or (outwards and target in self.last):
                return "it is what the network says"
            if isinstance(target, nn.Parameter):
                return "its channels meet a parameter outside of layers"
            if isinstance(target, CONVOLUTIONS) and target.groups > 1 and not is_depthwise(target):
                return f"{self.names[target]!r} has {target.groups} groups"
            if target in self.names and not isinstance(target, LAYERS):
                return f"{self.names[target]!r} is a {type(target).__name__}"
        return ""

    def multiply_adds(self, going: Mapping[str, int]) -> float:
        """Return the multiply-adds of the layers when so many channels of groups go."""
        gone = dict.fromkeys(self.positions, (0.0, 0.0))
        for name, count in going.items():
            for layer, (inputs, outputs) in self.groups[name].shares.items():
                if layer in gone:
                    gone[layer] = (gone[layer][0] + count * inputs, gone[layer][1] + count * outputs)
        return sum(one.multiply_adds(*gone[layer]) for layer, one in self.positions.items())

    def plan(self, share: float, weights: Mapping[str, float] | None = None) -> dict[str, int]:
        """Return how many channels of each group go, so that a `share` of the multiply-adds does.

        `weights` in (0, 1] are how readily channels of a group go. A ZooError where so many cannot go.
        """
        if not 0 < share < 1:
            raise ZooError(f"share={share}: the share of the multiply-adds that go lies between 0 and 1")
        goal, weigh = (1 - share) * self.multiply_adds({}), weights or {}

        def going(strength: float) -> dict[str, int]:
            return {name: one.nearest(strength * weigh.get(name, 1.0)) for name, one in self.groups.items()}

        least, most = 0.0, 1 / min([1.0, *weigh.values()])
        if self.multiply_adds(going(most)) > goal:
            possible = 1 - self.multiply_adds(going(most)) / self.multiply_adds({})
            raise ZooError(
                f"at most {possible:.0%} of the multiply-adds of {type(self.model).__name__} can go, not {share:.0%}"
            )
        for _ in range(20):
            middle = (least + most) / 2
            least, most = (middle, most) if self.multiply_adds(going(middle)) > goal else (least, middle)
        return self.eased(going(most), goal)

    def eased(self, going: dict[str, int], goal: float) -> dict[str, int]:
        """Return how many channels go when each group in turn keeps some that need not go for the multiply-adds of `goal`."""
        found = dict(going)
        for name in sorted(found, key=lambda name: -self.groups[name].size):
            fewer = [count for count in (0, *self.groups[name].choices()) if count < found[name]]
            if fewer and self.multiply_adds({**found, name: fewer[-1]}) <= goal:
                found[name] = fewer[-1]
        return {name: count for name, count in found.items() if count}

    @contextmanager
    def silenced(self, going: Mapping[str, int]) -> Iterator[None]:
        """Let the network answer meanwhile as if so many channels of groups were gone: what reads them has weights of 0."""
        kept: dict[Any, Tensor] = {}
        for name, places in self.chosen(going).items():
            for dep, idxs in self.hanging(name, places):
                layer = dep.target.module
                if (
                    isinstance(layer, READERS)
                    and not is_depthwise(layer)
                    and self.graph.is_in_channel_pruning_fn(dep.handler)
                ):
                    kept.setdefault(layer.weight, layer.weight.detach().clone())
                    silence(layer, idxs)
        try:
            yield
        finally:
            for weight, values in kept.items():
                weight.data.copy_(values)

    def remove(self, going: Mapping[str, int]) -> None:
        """Let the least important channels of groups go, in place.

        A ZooError names the layer without whose channels the network does not answer in the same shapes.
        """
        for name, places in self.chosen(going).items():
            self.hanging(name, places).prune()
        said = f"the channels of {', '.join(going)}"
        try:
            shapes = shapes_of(self.outputs(self.model))
        except (RuntimeError, ValueError, IndexError) as error:
            raise ZooError(f"without {said} {type(self.model).__name__} does not answer: {error}") from error
        if shapes != self.shapes:
            raise ZooError(f"without {said} {type(self.model).__name__} answers in shapes {shapes}, not {self.shapes}")

    def chosen(self, going: Mapping[str, int]) -> dict[str, list[int]]:
        """Return by group the places of its channels that go: all are chosen before any goes, which changes the weights."""
        return {name: self.least(self.groups[name], count) for name, count in going.items()}

    def hanging(self, name: str, places: list[int]) -> Any:
        """Return what hangs on some channels of a group, as the library has it."""
        head = self.groups[name].found[0].dep
        return self.graph.get_pruning_group(head.target.module, head.handler, places)

    def least(self, group: Group, count: int) -> list[int]:
        """Return the places of the least important channels of a group."""
        silent = [name for name in group.shares if self.learns and self.model.get_submodule(name).weight.grad is None]
        if silent:
            raise ZooError(
                f"how much the channels of {group.name!r} matter is not known: {silent[0]!r} has no gradients"
            )
        scores = self.importance(group.found)
        if scores is None or len(scores) != group.size or not bool(torch.isfinite(scores).all()):
            raise ZooError(
                f"how much the channels of {group.name!r} matter is not known: it is no finite number for each"
            )
        return sorted(scores.argsort()[:count].tolist())


def silence(layer: Any, inputs: list[int]) -> None:
    """Set the weights of a layer to 0 by which it reads some of its inputs."""
    with torch.no_grad():
        if isinstance(layer, nn.ConvTranspose1d | nn.ConvTranspose2d):
            layer.weight[inputs] = 0
        else:
            layer.weight[:, inputs] = 0
