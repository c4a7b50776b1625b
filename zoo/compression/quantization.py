"""Quantization after training: weights and what flows between layers as whole numbers of 8 bits (nncf, for OpenVINO).

Weights have a scale for each output channel, activations one for the tensor, from what a few training samples show of
them (Jacob et al. 2018, https://arxiv.org/abs/1712.05877; nncf: https://github.com/openvinotoolkit/nncf).

A graph that comes out of ONNX is simplified first. In it the weights of depthwise convolutions stand behind a reshape, where
nncf does not see them and leaves the layer in float, with a conversion on both sides; norms that are not folded into their
convolution cost two conversions more. On the default detector that was the difference between an int8 form that is slower than
bfloat16 and one that is faster.
"""

import contextlib
import logging
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from zoo.errors import ZooError

#: Layers that have weights, as OpenVINO calls them.
WEIGHTED = ("Convolution", "GroupConvolution", "ConvolutionBackpropData", "GroupConvolutionBackpropData", "MatMul")
ROUNDING = "FakeQuantize"
TOTALS = ("ReduceSum", "ReduceMean", "Divide", "Power", "Log", "Exp")
#: What ONNX and torch append to the name of a layer for its weights, and the key under which a layer keeps its name.
WEIGHT, NAME = ".weight", "zoo_layer"
#: What the export calls the network that it holds.
WRAPPER = "model."
#: Inputs of a graph by their order, as many samples as there are.
Samples = Sequence[tuple[np.ndarray, ...]]


@dataclass(frozen=True)
class Scheme:
    """How activations are rounded: around 0 or, `asymmetric`, between their least and largest; as `transformers` need it.

    With `layers_alone` it is what goes into layers with weights, and sums and products between them are in float.
    """

    asymmetric: bool = False
    transformers: bool = False
    layers_alone: bool = False

    def __str__(self) -> str:
        kind = "asymmetric" if self.asymmetric else "transformer" if self.transformers else "symmetric"
        return f"{kind}, layers alone" if self.layers_alone else kind


def library() -> Any:
    """Return nncf, quiet, its telemetry off; a ZooError where it is not installed."""
    if find_spec("nncf") is None:
        raise ZooError("8-bit quantization needs nncf: pip install 'task-zoo[compress]'")
    os.environ["NNCF_CI"] = "1"  # the switch of its telemetry, read when it is imported
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # it looks for a compiler of GPUs
    import nncf

    nncf.set_log_level(logging.ERROR)
    return nncf


def simplify(model: Any) -> None:
    """Name the layers with weights as the network does, compute what is constant, and fold norms into convolutions, in place.

    The passes are those that `openvino.convert_model` runs; for a graph that is read they have no name without underscore.
    """
    from openvino._offline_transformations import apply_moc_transformations

    name_layers(model)
    apply_moc_transformations(model, cf=True)
    for layer in weighted(model):  # one into which a norm was folded has another name
        if NAME in layer.get_rt_info():
            layer.set_friendly_name(text(layer.get_rt_info()[NAME]))


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
    node = layer.input_value(1).get_node()
    while node.get_type_name() != "Constant":
        if not node.inputs() or node.get_type_name() in WEIGHTED:
            return ""
        node = node.input_value(0).get_node()
    return str(node.get_friendly_name())


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


def between(model: Any, scheme: Scheme) -> list[str]:
    """Return what stays in float between layers: all of it, or what sums up and divides, for which 8 bits are too few."""
    kinds = {str(one.get_friendly_name()): one.get_type_name() for one in model.get_ordered_ops()}
    if scheme.layers_alone:
        return [name for name in operations(model) if kinds[name] not in WEIGHTED]
    return [name for name in operations(model) if kinds[name] in TOTALS]


def is_learnt(layer: Any) -> bool:
    """Tell whether a layer of a simplified model has weights that are parameters of the network."""
    return layer.get_type_name() in WEIGHTED and NAME in layer.get_rt_info()


def operations(model: Any) -> list[str]:
    """Return the names of all that is computed, in order."""
    names = ((str(one.get_friendly_name()), one.get_type_name()) for one in model.get_ordered_ops())
    return [name for name, kind in names if kind not in ("Constant", "Parameter", "Result")]


def quantize(model: Any, samples: Samples, scheme: Scheme, floats: Iterable[str] = (), packed: bool = True) -> Any:
    """Return a simplified model in 8 bits, calibrated on samples; layers in `floats` stay as they are.

    With `packed` weights are kept in 8 bits; without, rounded where they are used, so that `restored` can undo it.
    """
    if not samples:
        raise ZooError("a quantization is calibrated on one training sample at least, and there is none")
    nncf = library()
    from nncf.quantization.advanced_parameters import AdvancedQuantizationParameters

    inputs = [one.any_name for one in model.inputs]
    data = nncf.Dataset(samples, lambda arrays: dict(zip(inputs, arrays, strict=True)))
    names = {*floats, *front(model), *behind(model), *between(model, scheme)}
    ignored = nncf.IgnoredScope(names=sorted(names), validate=False)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # its bars
            return nncf.quantize(
                model,
                data,
                preset=preset_of(nncf, scheme),
                subset_size=len(samples),
                model_type=nncf.ModelType.TRANSFORMER if scheme.transformers else None,
                ignored_scope=ignored,
                advanced_parameters=AdvancedQuantizationParameters(backend_params={"compress_weights": packed}),
            )
    except (RuntimeError, ValueError, nncf.ValidationError) as error:
        raise ZooError(f"nncf cannot quantize this model: {' '.join(str(error).split())[:300]}") from error


def preset_of(nncf: Any, scheme: Scheme) -> Any:
    """Return what nncf calls a scheme; None leaves it to the type of the model."""
    if scheme.transformers:
        return None
    return nncf.QuantizationPreset.MIXED if scheme.asymmetric else nncf.QuantizationPreset.PERFORMANCE


def restored(model: Any, layers: Iterable[str]) -> Any:
    """Return a quantized model, not packed, in which the inputs and weights of some layers are not rounded."""
    found, wanted = model.clone(), set(layers)
    for layer in weighted(found):
        if layer.get_friendly_name() in wanted:
            for port in layer.inputs():
                source = port.get_source_output().get_node()
                if source.get_type_name() == ROUNDING:
                    port.replace_source_output(source.input_value(0))
    return found


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


def gains(
    exact: Any, model: Any, samples: Samples, parts: Mapping[str, Sequence[str]], outputs: Sequence[str]
) -> dict[str, float]:
    """Return by part how much of the error of a quantized model (not packed) goes when it alone is not rounded.

    The error is that of the named outputs on samples, as a share of their own size; 1 is all of it.
    """
    truth = answers(exact, samples, outputs)
    whole = error(truth, answers(model, samples, outputs))
    if whole == 0:
        return dict.fromkeys(parts, 0.0)
    return {
        name: 1 - error(truth, answers(restored(model, layers), samples, outputs)) / whole
        for name, layers in parts.items()
    }


def answers(model: Any, samples: Samples, outputs: Sequence[str]) -> list[np.ndarray]:
    """Return the named outputs of a model for each sample, in float32.

    It is compiled for the shapes of each: with free ones OpenVINO 2026.4.1 loses the scale of an 8-bit convolution that is
    multiplied by a constant.
    """
    found, requests = list[np.ndarray](), dict[Any, Any]()
    for arrays in samples:
        shapes = tuple(array.shape for array in arrays)
        if shapes not in requests:
            requests[shapes] = compiled_for(model, arrays, "f32").create_infer_request()
        requests[shapes].infer(list(arrays))
        found += [requests[shapes].get_tensor(name).data.astype(np.float32) for name in outputs]
    return found


def compiled_for(model: Any, arrays: Sequence[np.ndarray], precision: str) -> Any:
    """Return a model compiled for inputs of these shapes, what is not in 8 bits in a precision as OpenVINO calls it."""
    from zoo.exports.runners import core

    fixed = model.clone()
    fixed.reshape({port: list(array.shape) for port, array in zip(fixed.inputs, arrays, strict=True)})
    return core().compile_model(fixed, "CPU", {"INFERENCE_PRECISION_HINT": precision})


def error(truth: Sequence[np.ndarray], found: Sequence[np.ndarray]) -> float:
    """Return the root of the mean squared error of arrays, each as a share of its own size."""
    shares = [
        float(np.square(one - other).mean() / max(float(np.square(one).mean()), 1e-12))
        for one, other in zip(truth, found, strict=True)
    ]
    return float(np.sqrt(np.mean(shares)))


def computed_in(compiled: Any) -> dict[str, int]:
    """Return how many layers with weights a compiled model computes in each type, and how many `conversions` it makes."""
    counts: dict[str, int] = {"conversions": 0}
    for node in compiled.get_runtime_model().get_ops():
        info = node.get_rt_info()
        kind, of = (text(info[key]) for key in ("layerType", "runtimePrecision"))
        if kind in ("Convolution", "Deconvolution", "FullyConnected", "MatMul", "RNNSeq"):
            counts[of] = counts.get(of, 0) + 1
        counts["conversions"] += kind == "Reorder"
    return counts


def text(value: Any) -> str:
    """Return an entry of a node's information as text, whichever way this version of OpenVINO gives it."""
    return str(value.astype(str)) if hasattr(value, "astype") else str(value)
