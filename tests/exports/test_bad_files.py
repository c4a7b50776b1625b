"""What cannot be exported is told with its layer, and files of others are refused, whatever they lack."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from torch import nn

from tools.compress.fast import processor_notes
from zoo import hardware
from zoo.errors import ZooError
from zoo.exports.graph import Graph, onnx_of, program
from zoo.inference.exported import of_export


class Solving(nn.Module):
    """A layer that solves equations, for which ONNX has no operator."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the solution of a system that the images are."""
        return torch.linalg.solve(images, torch.ones(4))


def test_an_operator_that_a_format_lacks_is_named_with_its_layer() -> None:
    module = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Identity(), Solving()))
    graph = Graph(module, (torch.rand(2, 4, 4),), ("images",), ("solved",), {"input": {}})
    with pytest.raises(ZooError, match=r"layer '1\.1', operator aten\.\S*solve\S*, cannot be written in ONNX"):
        onnx_of(graph, program(graph))


def test_an_onnx_file_of_others_is_refused_with_or_without_its_weights(tmp_path: Path) -> None:
    weight = numpy_helper.from_array(np.ones((64, 64), np.float32), "weight")
    value = helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, [64, 64])
    found = helper.make_tensor_value_info("found", onnx.TensorProto.FLOAT, [64, 64])
    node = helper.make_node("MatMul", ["images", "weight"], ["found"])
    model = helper.make_model(helper.make_graph([node], "theirs", [value], [found], [weight]))
    path = tmp_path / "theirs.onnx"
    onnx.save(model, path, save_as_external_data=True, location="theirs.data", size_threshold=0)
    for _ in range(2):
        with pytest.raises(ZooError, match="is no export of ours"):
            of_export(path)
        (tmp_path / "theirs.data").unlink(missing_ok=True)


def test_an_openvino_file_of_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs.xml").write_text("<net name='theirs' version='11'/>", encoding="utf-8")
    with pytest.raises(ZooError, match="cannot be opened without"):
        of_export(tmp_path / "theirs.xml")
    (tmp_path / "theirs.bin").write_bytes(b"\0")
    with pytest.raises(ZooError, match="is no export of ours"):
        of_export(tmp_path / "theirs.xml")


@pytest.mark.parametrize(
    ("flags", "low", "said"),
    [
        ({"avx2"}, False, ["no instructions for 8-bit dot products", "no bfloat16"]),
        ({"avx512_vnni"}, False, ["no bfloat16"]),
        ({"amx_int8", "avx512_bf16"}, True, []),
    ],
)
def test_what_a_processor_lacks_is_said(
    flags: set[str], low: bool, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "flags", lambda: frozenset(flags))
    monkeypatch.setattr(hardware, "bfloat16", lambda: low)
    notes = processor_notes()
    assert len(notes) == len(said)
    assert all(part in note for part, note in zip(said, notes, strict=True))
