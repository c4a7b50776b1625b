"""8-bit forms for ONNX Runtime: which layers are rounded, what stays in float, and which part the error comes from."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from zoo.compression.onnx_quantization import answers, computed_in, gains, layer_names, layers, quantize, simplified
from zoo.compression.quantization import Scheme, error
from zoo.errors import ZooError

SAMPLES = [(np.random.default_rng(seed).random((1, 4, 12, 12), np.float32),) for seed in range(3)]
NAMES = ["net.stem", "net.head"]
SCHEMES = [Scheme(), Scheme(asymmetric=True), Scheme(asymmetric=True, layers_alone=True), Scheme(transformers=True)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of a spectrum of sorts, two convolutions, and a softmax behind."""
    draw, value = np.random.default_rng(0), helper.make_tensor_value_info
    weights = [
        numpy_helper.from_array(draw.normal(0, 0.3, shape).astype(np.float32), f"model.{name}.weight")
        for name, shape in zip(NAMES, ((8, 4, 3, 3), (2, 8, 1, 1)), strict=True)
    ]
    nodes = [
        helper.make_node("Abs", ["images"], ["loud"], name="front"),
        helper.make_node("Conv", ["loud", weights[0].name], ["seen"], name="first", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["seen"], ["bent"], name="between"),
        helper.make_node("Conv", ["bent", weights[1].name], ["said"], name="second"),
        helper.make_node("Softmax", ["said"], ["answer"], name="behind", axis=1),
    ]
    given, found = (value(name, TensorProto.FLOAT, ["B", c, "H", "W"]) for name, c in (("images", 4), ("answer", 2)))
    whole = helper.make_graph(nodes, "net", [given], [found], weights)
    out = tmp_path_factory.mktemp("onnx") / "net.onnx"
    onnx.save(helper.make_model(whole, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), out)
    return out


@pytest.fixture(scope="module")
def model(path: Path) -> Any:
    return simplified(path)


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_all_layers_are_rounded_and_little_is_lost(model: Any, scheme: Scheme) -> None:
    assert list(layers(model).values()) == NAMES
    found = quantize(model, SAMPLES, scheme)
    assert layer_names(found) == (NAMES, NAMES)
    assert 0 < error(answers(model, SAMPLES, ["answer"]), answers(found, SAMPLES, ["answer"])) < 0.05


def test_what_is_to_stay_in_float_stays_and_so_does_what_is_before_and_behind(model: Any, path: Path) -> None:
    found = quantize(model, SAMPLES, SCHEMES[1], floats=[NAMES[1]])
    assert layer_names(found) == (NAMES, NAMES[:1])
    made = {name: node for node in found.graph.node for name in node.output}
    kinds = {node.op_type: [made[name].op_type for name in node.input if name in made] for node in found.graph.node}
    assert kinds["Abs"] == []
    assert kinds["Softmax"] == ["Conv"]
    out = path.with_name("short.onnx")
    onnx.save(found, out)
    assert computed_in(out)["i8"] == 1
    assert computed_in(path)["i8"] == 0


def test_the_part_that_the_error_comes_from_is_found(model: Any) -> None:
    found = gains(model, SAMPLES, SCHEMES[1], {name: [name] for name in NAMES}, ["answer"])
    assert set(found) == set(NAMES)
    assert max(found.values()) > 0.1


def test_no_sample_is_refused(model: Any) -> None:
    with pytest.raises(ZooError, match="one training sample at least"):
        quantize(model, [], Scheme())
