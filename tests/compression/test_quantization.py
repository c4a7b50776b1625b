"""8-bit forms of graphs: which layers are rounded, what stays in float, and which part the error comes from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openvino import opset13 as ops

from zoo.compression.layers import behind, groups, kept_short, layer_names, rounded
from zoo.compression.quantization import (
    Scheme,
    answers,
    compress_weights,
    error,
    gains,
    quantize,
    restored,
    simplify,
)
from zoo.errors import ZooError

pytest.importorskip("nncf", reason="pip install 'task-zoo[compress]' brings it")

SAMPLES = [(np.random.default_rng(seed).random((1, 4, 12, 12), np.float32),) for seed in range(3)]
NAMES = ["net.stem.conv", "net.stem.depthwise", "net.head.conv"]


def constant(values: np.ndarray, name: str) -> Any:
    found = ops.constant(values.astype(np.float32))
    found.set_friendly_name(f"model.{name}.weight")
    return found


def graph(spread: float = 1.0) -> openvino.Model:
    """Return three layers, the second depthwise with weights behind a reshape, and a sum of its own behind them.

    The channels of the first differ by `spread`, which one scale for all of what comes out does not do well.
    """
    draw = np.random.default_rng(0)
    images = ops.parameter([-1, 4, 12, 12], np.float32, name="images")
    scale = np.geomspace(1, spread, 8).reshape(8, 1, 1, 1)
    one = ops.convolution(
        images, constant(scale * draw.normal(size=(8, 4, 3, 3)), NAMES[0]), [1, 1], [1, 1], [1, 1], [1, 1]
    )
    flat = constant(draw.normal(size=(8, 1, 3, 3)), NAMES[1])
    shape = ops.concat([ops.constant([8, 1]), ops.slice(ops.shape_of(flat), [1], [4], [1])], axis=0)
    kernels = ops.reshape(flat, shape, False)
    two = ops.group_convolution(ops.relu(one), kernels, [1, 1], [1, 1], [1, 1], [1, 1])
    last = constant(draw.normal(size=(2, 8, 1, 1)) / scale.reshape(1, 8, 1, 1), NAMES[2])
    three = ops.convolution(ops.relu(two), last, [1, 1], [0, 0], [0, 0], [1, 1])
    decoded = ops.add(ops.multiply(three, ops.constant(np.float32(640))), three, name="decoded")
    decoded.output(0).set_names({"answer"})
    return openvino.Model([decoded], [images], "net")


def simplified(**how: float) -> openvino.Model:
    model = graph(**how)
    simplify(model)
    return model


def test_a_depthwise_layer_is_seen_once_the_graph_is_simplified() -> None:
    assert NAMES[1] not in rounded(quantize(graph(), SAMPLES, Scheme()))  # else there is no need to simplify
    model = simplified()
    assert layer_names(model) == NAMES
    assert rounded(quantize(model, SAMPLES, Scheme())) == NAMES


def test_what_is_to_stay_in_float_stays_and_so_does_what_is_behind_the_layers() -> None:
    model = simplified()
    found = quantize(model, SAMPLES, Scheme(asymmetric=True), floats=[NAMES[2]])
    assert rounded(found) == NAMES[:2]
    assert "decoded" in behind(model)
    kept = next(one for one in found.get_ordered_ops() if one.get_friendly_name() == "decoded")
    assert all(value.get_node().get_type_name() != "FakeQuantize" for value in kept.input_values())


def test_a_layer_that_is_restored_is_exact_again() -> None:
    model = simplified()
    found = quantize(model, SAMPLES, Scheme(), packed=False)
    truth, answered = (answers(one, SAMPLES, ["answer"]) for one in (model, found))
    lost = error(truth, answered)
    assert 0 < lost < 0.1
    whole = answers(restored(found, NAMES), SAMPLES, ["answer"])
    assert error(truth, whole) < 0.1 * lost
    assert error(truth, answers(found, SAMPLES, ["answer"])) == lost  # it is a copy that is restored


def test_the_part_that_the_error_comes_from_gains_most() -> None:
    model = simplified(spread=300.0)
    found = quantize(model, SAMPLES, Scheme(), packed=False)
    parts = {name: [name] for name in NAMES}
    by_part = gains(model, found, SAMPLES, parts, ["answer"])
    assert max(by_part, key=by_part.__getitem__) != NAMES[0]  # its input has one range in all channels
    assert all(value <= 1 for value in by_part.values())


def test_nothing_to_calibrate_on_is_refused() -> None:
    with pytest.raises(ZooError, match="one training sample at least"):
        quantize(simplified(), [], Scheme())


def test_without_the_library_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoo.compression.quantization.find_spec", lambda name: None)
    with pytest.raises(ZooError, match=r"pip install 'task-zoo\[compress\]'"):
        quantize(simplified(), SAMPLES, Scheme())


PARTS = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(".".join)


@given(st.lists(PARTS, min_size=1, max_size=20, unique=True), st.integers(1, 12))
def test_groups_divide_the_layers(names: Sequence[str], most: int) -> None:
    found = groups(names, most)
    assert sorted(name for those in found.values() for name in those) == sorted(names)
    assert len(found) <= max(most, len({name.partition(".")[0] for name in names}))
    for part, those in found.items():
        assert all(name == part or name.startswith(f"{part}.") for name in those)


def test_groups_are_as_fine_as_they_may_be() -> None:
    names = [f"backbone.{i}.{kind}" for i in range(4) for kind in ("a", "b")] + ["head.x", "head.x:2"]
    assert set(groups(names, 5)) == {*(f"backbone.{i}" for i in range(4)), "head.x"}
    assert set(groups(names, 2)) == {"backbone", "head.x"}
    assert len(groups(names, 12)) == 9


def rows() -> openvino.Model:
    """Two layers that multiply rows, which is what networks that attend do most."""
    draw, rows = np.random.default_rng(0), ops.parameter([-1, -1, 128], np.float32, name="rows")
    wide = ops.matmul(rows, constant(draw.normal(0, 0.1, (256, 128)), "net.wide"), False, True)
    narrow = ops.matmul(ops.relu(wide), constant(draw.normal(0, 0.1, (64, 256)), "net.narrow"), False, True)
    narrow.output(0).set_names({"answer"})
    model = openvino.Model([narrow], [rows], "rows")
    simplify(model)
    return model


@pytest.mark.parametrize(("bits", "lost"), [(8, 0.02), (4, 0.15)])
def test_weights_alone_are_kept_in_few_bits_but_for_those_that_are_to_stay(bits: int, lost: float) -> None:
    model, samples = rows(), [(np.random.default_rng(0).normal(size=(2, 5, 128)).astype(np.float32),)]
    found = compress_weights(model, bits)
    assert kept_short(found) == layer_names(model) == ["net.wide", "net.narrow"]
    assert 0 < error(answers(model, samples, ["answer"]), answers(found, samples, ["answer"])) < lost
    assert kept_short(compress_weights(model, bits, ["net.narrow"])) == ["net.wide"]
    assert kept_short(model) == [], "what is given stays as it is"
