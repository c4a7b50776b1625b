"""Steps of Deep Compression while a task trains: weights that are pruned little by little, and weights that
share values, and layers that round to 8 bits."""

from collections.abc import Iterable
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from zoo.compression.pruning import gradual, mask, prune, sparsity_of, thresholds, weights_of
from zoo.compression.rounding import RoundedInput, RoundedWeight
from zoo.compression.shared import SharedTensor, as_shared, average, share
from zoo.compression.tracing import READERS
from zoo.errors import ZooError

#: How often the limit of pruning is raised on its way.
RAISED = 20


class Pruning(pl.Callback):
    """Prunes to a `sparsity` over the first share `ramp` of the steps, and keeps it so for the rest."""

    def __init__(self, sparsity: float, ramp: float = 0.6, per_layer: bool = False) -> None:
        if not 0 < sparsity < 1 or not 0 < ramp <= 1:
            raise ZooError(f"sparsity={sparsity} and ramp={ramp} are shares: above 0, and the first below 1")
        self.sparsity, self.ramp, self.per_layer = sparsity, ramp, per_layer
        self.alive: dict[str, Tensor] = {}
        self.stage = -1

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: Any, *rest: Any) -> None:
        """Prune further where it is time, and set to 0 again what the step has moved."""
        steps = max(1.0, self.ramp * float(trainer.estimated_stepping_batches))
        stage = min(RAISED, int(RAISED * trainer.global_step / steps))
        if stage > self.stage:
            self.stage = stage
            wanted = gradual(self.sparsity, stage / RAISED)
            self.alive = prune(pl_module.model, thresholds(pl_module.model, wanted, self.per_layer))
        mask(pl_module.model, self.alive)

    def on_train_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        """Refuse to end less sparse than was asked for: a training of too few steps."""
        if (reached := sparsity_of(pl_module.model)) < self.sparsity - 0.01:
            raise ZooError(f"pruning reached a sparsity of {reached:.2f}, not {self.sparsity}: train for more steps")


class Rounding(pl.Callback):
    """Trains a network to bear 8 bits: its layers read weights and inputs as these are rounded later.

    Quantization-aware training (Jacob et al. 2018, https://arxiv.org/abs/1712.05877): rounding has the gradient of what it
    rounds. Afterwards the layers are as they were, of weights that lose less; `floats` are layers that are never rounded.
    """

    def __init__(self, floats: Iterable[str] = ()) -> None:
        self.floats = frozenset(floats)
        self.handles: list[Any] = []
        self.layers: list[nn.Module] = []

    def setup(self, trainer: pl.Trainer, pl_module: Any, stage: str) -> None:
        """Let the layers round, before an optimizer asks for their weights."""
        found = {name: one for name, one in pl_module.model.named_modules() if isinstance(one, READERS)}
        self.layers = [layer for name, layer in found.items() if name not in self.floats]
        if not self.layers:
            raise ZooError(f"{type(pl_module.model).__name__} has no layer that can be trained to bear 8 bits")
        for layer in self.layers:
            parametrize.register_parametrization(layer, "weight", RoundedWeight(), unsafe=True)
            self.handles.append(layer.register_forward_pre_hook(RoundedInput()))

    def on_train_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        """Let the layers be as they were."""
        for handle in self.handles:
            handle.remove()
        for layer in self.layers:
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)


class Sharing(pl.Callback):
    """Lets each weight tensor share at most 2^`bits` values; training moves these values alone."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.codes: dict[str, Tensor] = {}

    @torch.no_grad()
    def on_fit_start(self, trainer: pl.Trainer, pl_module: Any) -> None:
        """Cluster the weights as they are."""
        for name, weight in weights_of(pl_module.model).items():
            self.codes[name] = torch.from_numpy(share(weight, self.bits).codes.astype("int64"))
        self.settle(pl_module)

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: Any, *rest: Any) -> None:
        """Give all weights of an entry the same value again."""
        self.settle(pl_module)

    @torch.no_grad()
    def settle(self, pl_module: Any) -> None:
        """Set each weight to the mean of its entry."""
        for name, weight in weights_of(pl_module.model).items():
            weight.copy_(average(weight, self.codes[name]))

    def shared(self, pl_module: Any) -> dict[str, SharedTensor]:
        """Return the weights as codes and codebooks, by name."""
        return {name: as_shared(weight, self.codes[name]) for name, weight in weights_of(pl_module.model).items()}
