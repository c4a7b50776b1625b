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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from zoo.compression.layers import (
    NAME,
    ROUNDING,
    WEIGHTED,
    behind,
    front,
    name_layers,
    operations,
    text,
    weighted,
)
from zoo.errors import ZooError

#: Weights of 4 bits that share a scale; it divides the widths of common networks.
GROUP = 64
#: What sums up and divides.
TOTALS = ("ReduceSum", "ReduceMean", "Divide", "Power", "Log", "Exp")
#: Inputs of a graph by their order, as many samples as there are.
Samples = Sequence[tuple[np.ndarray, ...]]


@dataclass(frozen=True)
class Scheme:
    """How activations are rounded: around 0 or, `asymmetric`, between their least and largest; as `transformers` need it.

    With `layers_alone` it is what goes into layers with weights, and sums and products between them are in float. With so many
    bits of `weights` no activation is rounded: weights alone are kept in these, and are read faster.
    """

    asymmetric: bool = False
    transformers: bool = False
    layers_alone: bool = False
    weights: int = 0

    def __str__(self) -> str:
        if self.weights:
            return "of weights alone"
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


def between(model: Any, scheme: Scheme) -> list[str]:
    """Return what stays in float between layers: all of it, or what sums up and divides, for which 8 bits are too few."""
    kinds = {str(one.get_friendly_name()): one.get_type_name() for one in model.get_ordered_ops()}
    if scheme.layers_alone:
        return [name for name in operations(model) if kinds[name] not in WEIGHTED]
    return [name for name in operations(model) if kinds[name] in TOTALS]


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


def compress_weights(model: Any, bits: int, floats: Iterable[str] = ()) -> Any:
    """Return a simplified model whose weights are kept in 8 or 4 bits, in groups of `GROUP` with a scale each; what is
    computed with them is not rounded. Tables and the last layer have 8 bits whatever is asked; `floats` stay as they are.
    """
    nncf = library()
    names = sorted({*floats, *front(model), *behind(model)})
    mode = nncf.CompressWeightsMode.INT4_SYM if bits == 4 else nncf.CompressWeightsMode.INT8_ASYM
    groups = {"group_size": GROUP, "ratio": 1.0} if bits == 4 else {}
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return nncf.compress_weights(
                model.clone(), mode=mode, ignored_scope=nncf.IgnoredScope(names=names, validate=False), **groups
            )
    except (RuntimeError, ValueError, nncf.ValidationError) as error:
        raise ZooError(f"nncf cannot keep the weights in {bits} bits: {' '.join(str(error).split())[:300]}") from error


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
