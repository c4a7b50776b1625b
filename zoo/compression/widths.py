"""Widths: how many channels go into the layers of a network and come out, where it has fewer than its code builds.

The table of a pruned network, {"stem.conv": [null, 24], …}, stands in the head of its weights; null is what the code builds,
so that the number of bands or classes is not said twice. A network that was built anew is narrowed by it before they are
loaded; nothing else of a pruned network is kept, and nothing of it is executed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from zoo.errors import ZooError, near

#: By layer how many channels go in and come out; None: as many as it is built with.
Widths = Mapping[str, Sequence[int | None]]
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d)
#: Layers that have a width of their own; of others nothing can go.
LAYERS = (*CONVOLUTIONS, nn.Linear, *NORMS)
#: The names of what torch keeps a width as, by the kind of layer.
ATTRIBUTES: Mapping[type, tuple[str, str]] = {
    **dict.fromkeys(CONVOLUTIONS, ("in_channels", "out_channels")),
    nn.Linear: ("in_features", "out_features"),
    **dict.fromkeys(NORMS, ("num_features", "num_features")),
}


def attributes_of(layer: nn.Module) -> tuple[str, str]:
    """Return the names of the attributes in which a layer keeps what goes in and what comes out."""
    return next(names for kind, names in ATTRIBUTES.items() if isinstance(layer, kind))


def widths_of(model: nn.Module) -> dict[str, list[int]]:
    """Return what goes into each layer that has a width, and what comes out."""
    layers = ((name, layer) for name, layer in model.named_modules() if isinstance(layer, LAYERS))
    return {name: [int(getattr(layer, key)) for key in attributes_of(layer)] for name, layer in layers}


def difference(built: nn.Module, pruned: nn.Module) -> dict[str, list[int | None]]:
    """Return the table by which a network as it is built becomes as narrow as a pruned one."""
    found, before = {}, widths_of(built)
    for name, widths in widths_of(pruned).items():
        if widths != before[name]:
            found[name] = [None if one == was else one for one, was in zip(widths, before[name], strict=True)]
    return found


def is_depthwise(layer: nn.Module) -> bool:
    """Tell whether each channel of a convolution has a filter of its own and gives one channel."""
    return isinstance(layer, CONVOLUTIONS) and layer.groups == layer.in_channels == layer.out_channels > 1


def narrow(model: nn.Module, widths: Widths) -> None:
    """Give layers, by name, other widths: the first channels stay. For weights that are loaded afterwards.

    Raises ZooError for a table that is not of this network: whoever brought it.
    """
    layers = dict(model.named_modules())
    for name, wanted in check_table(widths).items():
        layer = layers.get(name)
        if layer is None or not isinstance(layer, LAYERS):
            kind = "no layer" if layer is None else f"a {type(layer).__name__}, which has no width,"
            raise ZooError(f"{type(model).__name__} has {kind} {name!r}{near(name, widths_of(model))}")
        inputs, outputs = (checked(name, layer, *pair) for pair in zip(attributes_of(layer), wanted, strict=True))
        refuse_unlike(name, layer, inputs, outputs)
        resize(layer, inputs, outputs)


def check_table(widths: object) -> Widths:
    """Return a table, if it is one: two whole numbers by the name of each layer."""
    if not isinstance(widths, Mapping) or not all(
        isinstance(name, str)
        and isinstance(pair, list | tuple)
        and len(pair) == 2
        and all(one is None or type(one) is int for one in pair)
        for name, pair in widths.items()
    ):
        raise ZooError(f"widths are two whole numbers or null by the name of a layer, not {str(widths)[:80]}")
    return widths


def checked(name: str, layer: nn.Module, attribute: str, wanted: int | None) -> int:
    """Return a width, if the layer can have it: one channel at least, and no more than it was built with."""
    most = int(getattr(layer, attribute))
    wanted = most if wanted is None else wanted
    if not 1 <= wanted <= most:
        raise ZooError(f"layer {name!r} can have {attribute} from 1 to {most}, not {wanted}")
    return wanted


def refuse_unlike(name: str, layer: Any, inputs: int, outputs: int) -> None:
    """Refuse what a layer of groups cannot have: each channel is a group, or the groups stay as they are."""
    alike = isinstance(layer, NORMS) or is_depthwise(layer)
    if alike and inputs != outputs:
        raise ZooError(f"layer {name!r} gives as many channels as it takes, not {outputs} of {inputs}")
    if not alike and getattr(layer, "groups", 1) > 1 and [inputs, outputs] != [layer.in_channels, layer.out_channels]:
        raise ZooError(f"layer {name!r} has {layer.groups} groups, and keeps its widths")


def resize(layer: Any, inputs: int, outputs: int) -> None:
    """Keep the first `inputs` and `outputs` channels of a layer, in place."""
    depthwise, turned = is_depthwise(layer), isinstance(layer, nn.ConvTranspose1d | nn.ConvTranspose2d)
    for attribute, width in zip(attributes_of(layer), (inputs, outputs), strict=True):
        setattr(layer, attribute, width)
    if depthwise:
        layer.groups = inputs
    rows, columns = (inputs, outputs) if turned else (outputs, inputs)
    for name, parameter in list(layer.named_parameters(recurse=False)):
        within = parameter[:rows] if parameter.ndim == 1 or depthwise else parameter[:rows, :columns]
        if name == "bias":
            within = parameter[:outputs]
        setattr(layer, name, nn.Parameter(copied(within), requires_grad=parameter.requires_grad))
    for name, buffer in list(layer.named_buffers(recurse=False)):
        if buffer.ndim:
            setattr(layer, name, copied(buffer[:outputs]))


def copied(values: Tensor) -> Tensor:
    """Return values by themselves."""
    return values.detach().clone()
