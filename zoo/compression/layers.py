"""The layers of a graph of OpenVINO: which have weights, what they are called in the network, and what stands around them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

#: Layers that have weights, as OpenVINO calls them.
WEIGHTED = ("Convolution", "GroupConvolution", "ConvolutionBackpropData", "GroupConvolutionBackpropData", "MatMul")
ROUNDING = "FakeQuantize"
#: What ONNX and torch append to the name of a layer for its weights, and the key under which a layer keeps its name.
WEIGHT, NAME = ".weight", "zoo_layer"
#: What the export calls the network that it holds.
WRAPPER = "model."
#: Types of weights that are kept in few bits, as OpenVINO calls them.
SHORT = ("i8", "u8", "i4", "u4")


def name_layers(model: Any) -> None:
    """Note of each layer that was learnt what it is called in the network; one that is used n times also has a number.

    Constants that are no parameter, such as the filters of a spectrum, are called otherwise than weights.
    """
    seen: dict[str, int] = {}
    for layer in weighted(model):
        constant = weight_constant(layer)
        if constant.endswith(WEIGHT):
            name = constant.removesuffix(WEIGHT).removeprefix(WRAPPER)
            seen[name] = seen.get(name, 0) + 1
            layer.get_rt_info()[NAME] = name if seen[name] == 1 else f"{name}:{seen[name]}"


def weight_constant(layer: Any) -> str:
    """Return the name of the constant that is the second factor of a layer; "" where two activations are multiplied."""
    node = weight_node(layer)
    return "" if node is None else str(node.get_friendly_name())


def weight_node(layer: Any) -> Any:
    """Return the constant that is the second factor of a layer, None where two activations are multiplied."""
    node = layer.input_value(1).get_node()
    while node.get_type_name() != "Constant":
        if not node.inputs() or node.get_type_name() in WEIGHTED:
            return None
        node = node.input_value(0).get_node()
    return node


def kept_short(model: Any) -> list[str]:
    """Return the names of the layers whose weights are kept in 8 or 4 bits."""
    nodes = ((layer, weight_node(layer)) for layer in weighted(model))
    return [
        str(layer.get_friendly_name())
        for layer, node in nodes
        if node is not None and node.get_element_type().get_type_name() in SHORT
    ]


def weighted(model: Any) -> Iterator[Any]:
    """Yield the layers that have weights, in the order of the computation."""
    return (one for one in model.get_ordered_ops() if one.get_type_name() in WEIGHTED)


def layer_names(model: Any) -> list[str]:
    """Return the names of the layers with weights of a simplified model, in the order of the computation."""
    return [str(layer.get_friendly_name()) for layer in weighted(model)]


def behind(model: Any) -> list[str]:
    """Return what comes after all layers with weights: decoding of boxes and the like, where 8 bits are too few."""
    leading: set[str] = set()
    for node in reversed(model.get_ordered_ops()):
        if node.get_friendly_name() in leading or node.get_type_name() in WEIGHTED:
            leading.add(node.get_friendly_name())
            leading.update(value.get_node().get_friendly_name() for value in node.input_values())
    return [name for name in operations(model) if name not in leading]


def front(model: Any) -> list[str]:
    """Return what comes before the layers that were learnt: of the spectrum of a recording, 8 bits leave nothing."""
    learnt: set[str] = set()  # and what comes after
    for node in model.get_ordered_ops():
        if is_learnt(node) or learnt & {value.get_node().get_friendly_name() for value in node.input_values()}:
            learnt.add(node.get_friendly_name())
    return [name for name in operations(model) if name not in learnt]


def is_learnt(layer: Any) -> bool:
    """Tell whether a layer of a simplified model has weights that are parameters of the network."""
    return layer.get_type_name() in WEIGHTED and NAME in layer.get_rt_info()


def operations(model: Any) -> list[str]:
    """Return the names of all that is computed, in order."""
    names = ((str(one.get_friendly_name()), one.get_type_name()) for one in model.get_ordered_ops())
    return [name for name, kind in names if kind not in ("Constant", "Parameter", "Result")]


def rounded(model: Any) -> list[str]:
    """Return the names of the layers with weights whose inputs are rounded to 8 bits."""
    return [
        str(layer.get_friendly_name())
        for layer in weighted(model)
        if layer.input_value(0).get_node().get_type_name() == ROUNDING
    ]


def groups(names: Sequence[str], most: int = 12) -> dict[str, list[str]]:
    """Return layers by the part of the network that they belong to, by their dotted names: the largest part is divided
    further as long as there are `most` at most."""
    found, whole = by_component(names, 0), set[str]()
    while divisible := sorted(found.keys() - whole, key=lambda name: -len(found[name])):
        name = divisible[0]
        parts = by_component(found[name], name.count(".") + 1)
        if (len(parts) > 1 and len(found) + len(parts) - 1 > most) or list(parts) == [name]:
            whole.add(name)
        else:
            del found[name]
            found |= parts
    return found


def by_component(names: Iterable[str], place: int) -> dict[str, list[str]]:
    """Return names by their components up to a place; the number of a layer that is used again is no component."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(".".join(name.partition(":")[0].split(".")[: place + 1]), []).append(name)
    return found


def text(value: Any) -> str:
    """Return an entry of a node's information as text, whichever way this version of OpenVINO gives it."""
    return str(value.astype(str)) if hasattr(value, "astype") else str(value)
