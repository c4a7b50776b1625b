"""Unstructured pruning by magnitude: the smallest weights become 0 and stay so while the others are trained.

Han 2015 (https://arxiv.org/abs/1506.02626); the gradual schedule is that of Zhu and Gupta 2017
(https://arxiv.org/abs/1710.01878, equation 1).
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from zoo.errors import ZooError

#: Layers whose weights are pruned and shared. Norms and biases are a few numbers and stay as they are.
LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.LSTM, nn.GRU, nn.Embedding, nn.EmbeddingBag)


def weights_of(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return the weights that can be pruned, by the names of their parameters; those that are tied once."""
    found: dict[str, nn.Parameter] = {}
    for path, layer in model.named_modules():
        if isinstance(layer, LAYERS):
            for name, weight in layer.named_parameters(recurse=False):
                if name.startswith("weight") and not any(weight is other for other in found.values()):
                    found[f"{path}.{name}" if path else name] = weight
    return found


def thresholds(model: nn.Module, sparsity: float, per_layer: bool = False) -> dict[str, float]:
    """Return the magnitude of each weight tensor below which a weight goes, so that a share `sparsity` of all goes.

    Over all layers at once, where those with larger weights lose less, or of each layer the same share.
    """
    if not 0 <= sparsity < 1:
        raise ZooError(
            f"sparsity={sparsity}: the share of weights that go is at least 0 and below 1, else nothing is left"
        )
    sizes = {name: weight.detach().abs().flatten() for name, weight in weights_of(model).items()}
    if not sizes:
        raise ZooError(
            f"{type(model).__name__} has no layer that can be pruned: {', '.join(t.__name__ for t in LAYERS)}"
        )
    if per_layer:
        return {name: quantile(size, sparsity) for name, size in sizes.items()}
    return dict.fromkeys(sizes, quantile(torch.cat(list(sizes.values())), sparsity))


def quantile(magnitudes: Tensor, share: float) -> float:
    """Return what a share of the magnitudes (N,) lies below; torch's own takes 16 million at most."""
    count = int(share * magnitudes.numel())
    return float(magnitudes.kthvalue(count + 1).values) if count else 0.0


def prune(model: nn.Module, limits: Mapping[str, float]) -> dict[str, Tensor]:
    """Set weights below their limit to 0; return by name which are alive. No tensor loses all: its largest stay."""
    alive = {}
    for name, weight in weights_of(model).items():
        size = weight.detach().abs()
        alive[name] = (size >= limits[name]) & (size > 0)
        if not alive[name].any():
            alive[name] = size == size.max()
    mask(model, alive)
    return alive


@torch.no_grad()
def mask(model: nn.Module, alive: Mapping[str, Tensor]) -> None:
    """Set to 0 what is not alive: after each step of training, what was pruned stays so."""
    for name, weight in weights_of(model).items():
        weight.mul_(alive[name])


def gradual(final: float, progress: float) -> float:
    """Return the sparsity when a share `progress` in [0, 1] of the steps of pruning is done: it rises fast, then slowly."""
    return final * (1 - (1 - min(max(progress, 0.0), 1.0)) ** 3)


def sparsity_of(model: nn.Module) -> float:
    """Return the share of the weights of all layers that is 0."""
    weights = list(weights_of(model).values())
    return 1 - sum(int(weight.count_nonzero()) for weight in weights) / sum(weight.numel() for weight in weights)
