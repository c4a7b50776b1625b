"""An export that is broken is refused, whatever is broken in it: the proof is put to the proof."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.exports.opened import classifier, segmenter, tagger
from zoo.errors import ZooError
from zoo.exports import formats, graph
from zoo.inference import exported
from zoo.inference.exported import export, of_export
from zoo.inference.opened import Opened

Break = Callable[[Any], None]


@pytest.fixture(scope="module")
def traced() -> dict[str, tuple[Opened, Any, Any]]:
    """What is broken: a segmenter, a tagger and a classifier, traced once, with their programs and ONNX models."""
    made = {}
    for name, one in (("segmenter", segmenter()), ("tagger", tagger()), ("classifier", classifier())):
        exporter, model = exported.exporter_of(one), one.build()
        program = graph.program(found := exporter.graph(model, exported.facts_of(one, model), frozenset()))
        made[name] = (one, program, graph.onnx_of(found, program))
    return made


@pytest.fixture
def broken(
    traced: dict[str, tuple[Opened, Any, Any]], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, Break], Opened]:
    """Break what is written of a model that is traced already."""

    def prepare(name: str, how: Break) -> Opened:
        one, program, whole = traced[name]
        model = copy.deepcopy(whole)
        how(model)
        monkeypatch.setattr(exported, "program", lambda graph: program)
        monkeypatch.setattr(formats, "onnx_of", lambda graph, program: copy.deepcopy(model))
        return one

    return prepare


def constant(model: Any, name: str, value: np.ndarray) -> str:
    model.graph.initializer.append(numpy_helper.from_array(value, name))
    return name


def before(model: Any, op: str, *values: np.ndarray, at: str = "images", **attributes: Any) -> None:
    """Put an operator between an input and all that reads it."""
    for node in model.graph.node:
        node.input[:] = [f"{at}_broken" if name == at else name for name in node.input]
    names = [constant(model, f"broken_{i}", value) for i, value in enumerate(values)]
    model.graph.node.insert(0, helper.make_node(op, [at, *names], [f"{at}_broken"], **attributes))


def behind(model: Any, op: str, *values: np.ndarray, at: int = 0, **attributes: Any) -> None:
    """Put an operator before an output."""
    name = model.graph.output[at].name
    for node in model.graph.node:
        node.input[:] = [f"{name}_whole" if one == name else one for one in node.input]
        node.output[:] = [f"{name}_whole" if one == name else one for one in node.output]
    names = [constant(model, f"broken_{i}", value) for i, value in enumerate(values)]
    model.graph.node.append(helper.make_node(op, [f"{name}_whole", *names], [name], **attributes))


def nodes(model: Any, kind: str) -> list[Any]:
    return [node for node in model.graph.node if node.op_type == kind]


def instead(kind: str, op: str, which: int = 0) -> Break:
    def change(model: Any) -> None:
        node = nodes(model, kind)[which]
        del node.attribute[:]
        node.op_type, node.input[:] = op, node.input[:1]

    return change


def weights(change: Callable[[np.ndarray], np.ndarray], every: bool = False) -> Break:
    """Change the largest of the weights, or all."""

    def apply(model: Any) -> None:
        mine = [one for one in model.graph.initializer if one.data_type == TensorProto.FLOAT and len(one.dims) > 1]
        chosen = mine if every else [max(mine, key=lambda one: int(np.prod(one.dims)))]
        for one in chosen:
            value = change(numpy_helper.to_array(one).copy())
            one.CopyFrom(numpy_helper.from_array(value.astype(np.float32), one.name))

    return apply


def one_zero(value: np.ndarray) -> np.ndarray:
    value[0] = 0
    return value


def all_steps(model: Any) -> None:
    """Take every sequence for as long as the batch."""
    model.graph.node.insert(0, helper.make_node("ReduceMax", ["lengths"], ["longest"], keepdims=1))
    model.graph.node.insert(1, helper.make_node("Shape", ["lengths"], ["count"]))
    model.graph.node.insert(2, helper.make_node("Expand", ["longest", "count"], ["lengths_broken"]))
    for node in model.graph.node[3:]:
        node.input[:] = ["lengths_broken" if name == "lengths" else name for name in node.input]


SEGMENTER: dict[str, Break] = {
    "another mean": lambda model: before(model, "Sub", np.float32(0.02)),
    "another deviation": lambda model: before(model, "Mul", np.float32(1.02)),
    "values in [0, 255]": lambda model: before(model, "Mul", np.float32(255)),
    "blue for red": lambda model: before(model, "Gather", np.array([2, 1, 0]), axis=1),
    "mirrored": lambda model: before(model, "Transpose", perm=[0, 1, 3, 2]),
    "another order of classes": lambda model: behind(model, "Gather", np.array([1, 0, 2]), axis=1),
    "a class left out": lambda model: behind(model, "Gather", np.array([0, 1]), axis=1),
    "probabilities for logits": lambda model: behind(model, "Softmax", axis=1),
    "an activation dropped": instead("Relu", "Identity"),
    "another activation": instead("Relu", "LeakyRelu", -1),
    "a layer zeroed": weights(np.zeros_like),
    "a filter zeroed": weights(one_zero),
    "a layer of other weights": weights(lambda value: value[::-1].copy()),
    "half precision": weights(lambda value: value.astype(np.float16), every=True),
    "eight bits": weights(lambda value: np.round(value / np.abs(value).max() * 127) / 127 * np.abs(value).max()),
    "no numbers": lambda model: behind(model, "Mul", np.float32(np.nan)),
    "a shifted image": lambda model: before(model, "Gather", np.r_[1, 1:3], axis=1),
}
TAGGER: dict[str, Break] = {
    "lengths that have no say": all_steps,
    "features in another order": lambda model: before(model, "Gather", np.array([1, 0, 2]), at="inputs", axis=2),
    "values of another unit": lambda model: before(model, "Mul", np.float32(1.01), at="inputs"),
    "gates in another order": weights(lambda value: np.roll(value, value.shape[-2] // 3, axis=-2)),
}
CLASSIFIER: dict[str, Break] = {
    "another mean": lambda model: before(model, "Sub", np.float32(0.02)),
    "values in [0, 255]": lambda model: before(model, "Mul", np.float32(255)),
    "blue for red": lambda model: before(model, "Gather", np.array([2, 1, 0]), axis=1),
    "turned": lambda model: before(model, "Transpose", perm=[0, 1, 3, 2]),
    "inverted": lambda model: before(model, "Neg"),
    "another order of classes": lambda model: behind(model, "Gather", np.array([1, 0, 2]), axis=1),
    "probabilities for logits": lambda model: behind(model, "Softmax", axis=1),
    "another temperature": lambda model: behind(model, "Softmax", at=1, axis=1),
    "probabilities of one class less": lambda model: behind(model, "Gather", np.array([0, 1]), at=1, axis=1),
    "an activation dropped": instead("Relu", "Identity"),
    "a layer zeroed": weights(np.zeros_like),
    "half precision": weights(lambda value: value.astype(np.float16), every=True),
    "no numbers": lambda model: behind(model, "Mul", np.float32(np.nan)),
}


@pytest.mark.parametrize("how", SEGMENTER)
@pytest.mark.parametrize("ending", [".xml", ".onnx"])
def test_a_broken_segmenter(broken: Callable[[str, Break], Opened], tmp_path: Path, how: str, ending: str) -> None:
    one = broken("segmenter", SEGMENTER[how])
    with pytest.raises(ZooError, match="is not kept"):
        list(export(one, tmp_path / f"broken{ending}"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", TAGGER)
def test_a_broken_tagger(broken: Callable[[str, Break], Opened], tmp_path: Path, how: str) -> None:
    one = broken("tagger", TAGGER[how])
    with pytest.raises(ZooError, match="is not kept"):
        list(export(one, tmp_path / "broken.xml"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", CLASSIFIER)
@pytest.mark.parametrize("ending", [".xml", ".onnx"])
def test_a_broken_classifier(broken: Callable[[str, Break], Opened], tmp_path: Path, how: str, ending: str) -> None:
    one = broken("classifier", CLASSIFIER[how])
    with pytest.raises(ZooError, match="is not kept"):
        list(export(one, tmp_path / f"broken{ending}"))
    assert list(tmp_path.iterdir()) == []


FACTS: dict[str, dict[str, Any]] = {
    "another order of classes": {"classes": ("barn", "background", "silo")},
    "another order of bands": {"bands": ("blue", "green", "red")},
    "another tile and range": {"data": {"name": "made", "tile": 32, "value_range": [0, 255]}},
    "another objective": {"task": {"name": "segmentation", "objective": "count"}},
    "another model": {"model": "unet"},
    "another stride": {"input": {"multiple": 32}},
}


@pytest.mark.parametrize("how", FACTS)
def test_a_file_that_says_other_things_of_itself(
    broken: Callable[[str, Break], Opened], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    one = broken("segmenter", lambda model: None)
    written = exported.write

    def lies(kind: Any, graph: Any, traced: Any, exporter: Any, facts: Any, part: Path) -> None:
        said = facts.model_validate({**facts.model_dump(), **FACTS[how]})
        written(kind, graph, traced, exporter, said, part)

    monkeypatch.setattr(exported, "write", lies)
    with pytest.raises(ZooError, match=r"is not kept|does not fit|no such option"):
        list(export(one, tmp_path / "broken.xml"))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def whole(broken: Callable[[str, Break], Opened], tmp_path: Path) -> Path:
    """An export that is as it should be."""
    one = broken("segmenter", lambda model: None)
    for ending in (".xml", ".onnx"):
        said = list(export(one, tmp_path / f"whole{ending}"))
        assert "differ by up to" in said[0]
    return tmp_path


def test_a_file_that_was_cut_edited_or_is_of_others(whole: Path) -> None:
    assert of_export(whole / "whole.xml").classes == of_export(whole / "whole.onnx").classes
    for name in ("whole.xml", "whole.bin", "whole.onnx"):
        path = whole / name
        content = path.read_bytes()
        opened_by = path.with_suffix(".xml") if name.endswith(".bin") else path
        for changed in (content[: len(content) // 2], content[:-40] + bytes([content[-40] ^ 1]) + content[-39:], b""):
            path.write_bytes(changed)
            with pytest.raises(ZooError, match=r"was cut or edited|no export of ours"):
                of_export(opened_by)
        path.write_bytes(content)
    (whole / "whole.bin").unlink()
    with pytest.raises(ZooError, match="cannot be opened without"):
        of_export(whole / "whole.xml")
    foreign = helper.make_model(helper.make_graph([], "nothing", [], []))
    onnx.save(foreign, whole / "foreign.onnx")
    with pytest.raises(ZooError, match="is no export of ours"):
        of_export(whole / "foreign.onnx")
    with pytest.raises(ZooError, match="there is no exported file"):
        of_export(whole / "absent.onnx")


def test_a_program_that_is_brought_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "brought.pt2").write_bytes(b"PK")
    with pytest.raises(ZooError, match="evaluates what is in it"):
        of_export(tmp_path / "brought.pt2")


def test_facts_of_others_name_nothing(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sealed file is still data: what it names is looked up, or refused."""
    text = of_facts(whole / "whole.onnx")
    for old, new, said in (
        ('"name":"made"', '"_target_":"os.system"', "which no configuration here names"),
        ('"model":"unet_2015"', '"model":"unheard_of"', "not registered here"),
        ('"version":1', '"version":2', "version"),
        ('"multiple":2', '"multiple":0', "multiple"),
    ):
        assert old in text
        with pytest.raises(ZooError, match=said):
            exported.parse(text.replace(old, new), whole / "whole.onnx")


def of_facts(path: Path) -> str:
    return formats.format_of(path).read(path)[1]
