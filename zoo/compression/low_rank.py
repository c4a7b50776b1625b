"""Low rank: a layer in two thinner ones, by singular values (Denton 2014, https://arxiv.org/abs/1404.0736).

A dense layer (O, I) becomes (r, I) and (O, r). A convolution becomes one of r filters, of the same kernel, stride and
padding, and one of 1 × 1: the decomposition over output channels of Zhang 2015 (https://arxiv.org/abs/1505.06798).
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from zoo.errors import ZooError


def ranks_of(model: nn.Module, energy: float) -> dict[str, int]:
    """Return by layer the least rank that keeps a share `energy` of the squared singular values, where that saves weights."""
    if not 0 < energy <= 1:
        raise ZooError(f"energy={energy}: the share of squared singular values that is kept lies above 0 and up to 1")
    found = {}
    for name, layer in model.named_modules():
        if (matrix := _matrix(layer)) is None:
            continue
        values = torch.linalg.svdvals(matrix).square()
        share = values.cumsum(0) / values.sum().clamp(min=1e-30)
        rank = int((share < energy - 1e-9).sum()) + 1
        if rank * sum(matrix.shape) < matrix.numel():
            found[name] = rank
    return found


def _matrix(layer: nn.Module) -> Tensor | None:
    """Return the weights of a layer as a matrix (O, I·k·k), or None of one that has no such form."""
    if isinstance(layer, nn.Linear) or (isinstance(layer, nn.Conv2d) and layer.groups == 1):
        return layer.weight.detach().flatten(1)
    return None


def factorise(model: nn.Module, ranks: Mapping[str, int]) -> None:
    """Put two thin layers in the place of each that is named, of the same answer but for what the rank leaves out."""
    for name, rank in ranks.items():
        layer = _layer(model, name, rank)
        left, values, right = torch.linalg.svd(layer.weight.detach().flatten(1), full_matrices=False)
        first, second = thin(layer, rank)
        with torch.no_grad():
            root = values[:rank].sqrt()
            first.weight.copy_((root[:, None] * right[:rank]).reshape(first.weight.shape))
            second.weight.copy_((left[:, :rank] * root).reshape(second.weight.shape))
            if layer.bias is not None and second.bias is not None:
                second.bias.copy_(layer.bias)
        model.set_submodule(name, nn.Sequential(first, second))


def shape_as(model: nn.Module, ranks: Mapping[str, int]) -> None:
    """Put the two thin layers there without reckoning them: for weights that are loaded afterwards."""
    for name, rank in ranks.items():
        model.set_submodule(name, nn.Sequential(*thin(_layer(model, name, rank), rank)))


def _layer(model: nn.Module, name: str, rank: int) -> nn.Linear | nn.Conv2d:
    layer = dict(model.named_modules()).get(name)
    if layer is None or _matrix(layer) is None:
        raise ZooError(f"{type(model).__name__} has no dense layer or convolution {name!r} that can be factorised")
    assert isinstance(layer, nn.Linear | nn.Conv2d)
    if not 1 <= rank <= min(layer.weight.flatten(1).shape):
        raise ZooError(f"layer {name!r} has ranks from 1 to {min(layer.weight.flatten(1).shape)}, not {rank}")
    return layer


def thin(layer: nn.Linear | nn.Conv2d, rank: int) -> tuple[nn.Linear | nn.Conv2d, nn.Linear | nn.Conv2d]:
    """Return the two layers of `rank` in the place of one; the second has its bias."""
    bias = layer.bias is not None
    if isinstance(layer, nn.Linear):
        return nn.Linear(layer.in_features, rank, bias=False), nn.Linear(rank, layer.out_features, bias=bias)
    first = nn.Conv2d(
        layer.in_channels,
        rank,
        layer.kernel_size,  # type: ignore[arg-type]  # torch keeps it as a tuple of any length
        layer.stride,  # type: ignore[arg-type]
        layer.padding,  # type: ignore[arg-type]
        layer.dilation,  # type: ignore[arg-type]
        bias=False,
        padding_mode=layer.padding_mode,
    )
    return first, nn.Conv2d(rank, layer.out_channels, 1, bias=bias)
