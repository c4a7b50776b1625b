"""Quantization after training for ONNX Runtime: layers between QuantizeLinear and DequantizeLinear, which it fuses.

Weights have a scale for each output channel, activations one for the tensor, from the least and the largest that a few training
samples show (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html).
"""

import copy
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoo.compression.layers import WEIGHT, WRAPPER
from zoo.compression.quantization import Samples, Scheme, error
from zoo.errors import ZooError

#: Layers that have weights, as ONNX calls them, and what sums up and divides.
WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")
TOTALS = ("ReduceSum", "ReduceMean", "Div", "Pow", "Log", "Exp", "Softmax", "LayerNormalization")
#: Operators of 8 bits in a graph that ONNX Runtime has optimized, those of float, and conversions.
EIGHT = ("QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger", "MatMulIntegerToFloat", "QGemm")
FLOATS = (*WEIGHTED, "FusedConv", "FusedGemm", "FusedMatMul")
AGAIN, ROUNDED = "DequantizeLinear", "_quantized"  # what makes numbers of integers, and what names of integers end in
CONVERSIONS = ("QuantizeLinear", "DequantizeLinear", "ReorderInput", "ReorderOutput")


class Reader:
    """Gives the samples one by one, as ONNX Runtime asks for them."""

    def __init__(self, names: Sequence[str], samples: Samples) -> None:
        self.left = iter([dict(zip(names, arrays, strict=True)) for arrays in samples])

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Return the next sample by the names of inputs, None behind the last."""
        return next(self.left, None)


def simplified(path: Path) -> Any:
    """Return the model of a file with constants computed and norms folded into convolutions, and the shapes of what flows."""
    import onnx
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory(prefix="zoo_onnx_") as folder:
        out = Path(folder) / "simplified.onnx"
        try:
            quant_pre_process(path, out, skip_symbolic_shape=True)
        except Exception as error:  # of many types, of no common parent but this
            raise ZooError(f"ONNX Runtime cannot prepare {path} for 8 bits: {one_line(error)}") from error
        return onnx.load(out)


def layers(model: Any) -> dict[str, str]:
    """Return the names of the nodes with learnt weights in order, and what the network calls these layers."""
    found, made = {}, sources(model)
    for node in (one for one in model.graph.node if one.op_type in WEIGHTED):
        if weight := made.get(node.input[1], ""):
            name = weight.removesuffix(ROUNDED)
            found[node.name] = name.removesuffix(WEIGHT).removeprefix(WRAPPER) if name.endswith(WEIGHT) else node.name
    return found


def sources(model: Any) -> dict[str, str]:
    """Return constants by their own names, and rounded ones also by what they are called when they are numbers again."""
    constants = {one.name: one.name for one in model.graph.initializer}
    again = [node for node in model.graph.node if node.op_type == AGAIN and node.input[0] in constants]
    return {**constants, **{node.output[0]: node.input[0] for node in again}}


def layer_names(model: Any) -> tuple[list[str], list[str]]:
    """Return what the network calls the layers of a quantized model, and those of which both factors are rounded."""
    known = layers(model)
    again = {name for node in model.graph.node if node.op_type == AGAIN for name in node.output}
    short = [node.name for node in model.graph.node if node.name in known and set(node.input[:2]) <= again]
    return list(known.values()), [known[name] for name in short]


def quantize(model: Any, samples: Samples, scheme: Scheme, floats: Iterable[str] = ()) -> Any:
    """Return a simplified model in 8 bits, calibrated on samples; layers in `floats` stay as they are."""
    import onnx
    from onnxruntime import quantization as library

    if not samples:
        raise ZooError("a quantization is calibrated on one training sample at least, and there is none")
    careful = scheme.layers_alone or scheme.transformers
    symmetric = not (scheme.asymmetric or scheme.transformers)
    with tempfile.TemporaryDirectory(prefix="zoo_onnx_") as folder:
        out = Path(folder) / "short.onnx"
        try:
            library.quantize_static(
                copy.deepcopy(model),  # it moves the weights of what it is given out of it
                out,
                Reader([one.name for one in model.graph.input], samples),
                per_channel=True,
                activation_type=library.QuantType.QInt8 if symmetric else library.QuantType.QUInt8,
                weight_type=library.QuantType.QInt8,
                op_types_to_quantize=list(WEIGHTED) if careful else None,
                nodes_to_exclude=excluded(model, floats),
                extra_options={"ActivationSymmetric": symmetric, "MatMulConstBOnly": True},
            )
        except Exception as error:  # of many types, of no common parent but this
            raise ZooError(f"ONNX Runtime cannot quantize this model: {one_line(error)}") from error
        return onnx.load(out)


def excluded(model: Any, floats: Iterable[str]) -> list[str]:
    """Return the nodes that stay in float: some layers, what sums up, what is before or behind all learnt layers."""
    left, known = set(floats), layers(model)
    seen, leading = set[str](), set[str]()
    for node in model.graph.node:
        if node.name in known or seen & set(node.input):
            seen.update(node.output)
    for node in reversed(model.graph.node):
        if node.name in known or leading & set(node.output):
            leading.update([*node.input, *node.output])
    return [
        node.name
        for node in model.graph.node
        if known.get(node.name) in left
        or node.op_type in TOTALS
        or not seen & set(node.output)
        or not leading & set(node.output)
    ]


def gains(
    exact: Any, samples: Samples, scheme: Scheme, parts: Mapping[str, Sequence[str]], outputs: Sequence[str]
) -> dict[str, float]:
    """Return by part how much of the error of 8 bits goes when it alone is not rounded; see `quantization.gains`."""
    truth = answers(exact, samples, outputs)

    def lost(floats: Sequence[str]) -> float:
        return error(truth, answers(quantize(exact, samples, scheme, floats), samples, outputs))

    whole = lost(())
    return {name: 1 - lost(floats) / whole if whole else 0.0 for name, floats in parts.items()}


def answers(model: Any, samples: Samples, outputs: Sequence[str]) -> list[np.ndarray]:
    """Return the named outputs of a model for each sample."""
    from zoo.exports.runners import OnnxRunner

    run = OnnxRunner(model.SerializeToString())
    found = (run(*arrays) for arrays in samples)
    return [one[name].astype(np.float32) for one in found for name in outputs]


def computed_in(path: Path) -> dict[str, int]:
    """Return how many layers ONNX Runtime computes in each type here, as it has optimized the graph, and its `conversions`."""
    import onnx
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    with tempfile.TemporaryDirectory(prefix="zoo_onnx_") as folder:
        settings.optimized_model_filepath = str(Path(folder) / "optimized.onnx")
        onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
        kinds = [node.op_type for node in onnx.load(settings.optimized_model_filepath).graph.node]
    named = {"i8": EIGHT, "f32": FLOATS, "conversions": CONVERSIONS}
    return {name: sum(kind in own for kind in kinds) for name, own in named.items()}


def one_line(error: Exception) -> str:
    """Return what an error says, in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
