"""The formats of exports: how a file of each is written, what it says of itself, and what runs it."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree

from zoo.errors import ZooError
from zoo.exports import seal
from zoo.exports.graph import Graph, missing, onnx_of
from zoo.exports.runners import OUTPUTS, OnnxRunner, OpenVinoRunner, ProgramRunner, Runner

#: The keys under which a file keeps the facts, and its seal.
FACTS, SEAL = "zoo_facts", "zoo_seal"


class Format(ABC):
    """A format: the files that belong to one export, writing, reading what it says, and running."""

    name: ClassVar[str]
    needs: ClassVar[str]
    #: The geometries whose boxes are suppressed within the file.
    suppresses: ClassVar[frozenset[str]] = frozenset()
    #: Whether a file that someone brings is opened: all that reads it takes it as data.
    opens: ClassVar[bool] = True
    #: Whether what runs it can compute in bfloat16.
    lowers: ClassVar[bool] = False

    def files(self, out: Path) -> tuple[Path, ...]:
        """Return the files of the export at `out`, itself first."""
        return (out,)

    @abstractmethod
    def write(self, graph: Graph, program: Any, words: Mapping[str, str], facts: str, out: Path) -> None:
        """Write a traced graph, with what is to be known of it."""

    @abstractmethod
    def read(self, path: Path) -> tuple[dict[str, str], str]:
        """Return the words and the facts (JSON) of a file."""

    @abstractmethod
    def runner(self, path: Path, fixed: bool) -> Runner:
        """Return what runs the file; `fixed` compiles it for each shape, where these are few and large."""


class OpenVino(Format):
    """OpenVINO: a graph in .xml, its weights in .bin; words are its `model_info`, as OpenVINO's own tools read it."""

    name = "openvino"
    needs = "openvino"
    lowers = True
    suppresses = frozenset(("box", "rotated_box"))

    def files(self, out: Path) -> tuple[Path, ...]:
        """The graph and the weights."""
        return out, out.with_suffix(".bin")

    def write(self, graph: Graph, program: Any, words: Mapping[str, str], facts: str, out: Path) -> None:
        """By way of ONNX, with operators of ours as extensions of its reader."""
        import openvino

        reader = openvino.Core()
        if graph.operator is not None:
            reader.add_extension(graph.operator.extension())
        model = onnx_of(graph, program).SerializeToString()
        try:
            read = reader.read_model(model, b"")
        except RuntimeError as error:
            said = next((line for line in str(error).splitlines() if line.startswith("--")), str(error))
            raise ZooError(f"OpenVINO does not know a layer of the model: {' '.join(said.split())[:300]}") from error
        self.save(read, words, facts, out)

    def save(self, model: Any, words: Mapping[str, str], facts: str, out: Path) -> None:
        """Write a model of OpenVINO, with what is to be known of it, and seal it."""
        import openvino

        for name, value in words.items():
            model.set_rt_info(value, ["model_info", name])
        model.set_rt_info(facts, ["zoo", FACTS])
        model.set_rt_info(seal.OPEN.decode(), ["zoo", SEAL])
        openvino.save_model(model, out, compress_to_fp16=False)
        seal.seal(self.files(out))

    def read(self, path: Path) -> tuple[dict[str, str], str]:
        """Out of the XML, before OpenVINO is given the file."""
        seal.check(self.files(path))
        info: dict[str, str] = {}
        facts = ""
        for _, element in ElementTree.iterparse(path):
            if element.tag == "model_info":
                info = {child.tag: child.get("value", "") for child in element}
            elif element.tag == FACTS:
                facts = element.get("value", "")
        return info, facts

    def runner(self, path: Path, fixed: bool) -> Runner:
        """By OpenVINO."""
        return OpenVinoRunner.read(path, fixed)


class Onnx(Format):
    """ONNX, one file; words are its metadata. It has no suppression of rotated boxes."""

    name = "onnx"
    needs = "onnxruntime"
    suppresses = frozenset(("box",))

    def write(self, graph: Graph, program: Any, words: Mapping[str, str], facts: str, out: Path) -> None:
        """With weights inside."""
        model = onnx_of(graph, program)
        if graph.operator is not None:
            graph.operator.onnx(model)
        self.save(model, words, facts, out)

    def save(self, model: Any, words: Mapping[str, str], facts: str, out: Path) -> None:
        """Write a model of ONNX, with what is to be known of it, and seal it."""
        import onnx

        onnx.helper.set_model_props(model, {**words, FACTS: facts, SEAL: seal.OPEN.decode()})
        onnx.checker.check_model(model)
        out.write_bytes(model.SerializeToString())
        seal.seal(self.files(out))

    def read(self, path: Path) -> tuple[dict[str, str], str]:
        """Out of the metadata."""
        seal.check(self.files(path))
        found = {entry.key: entry.value for entry in self.load(path).metadata_props}
        facts = found.pop(FACTS, "")
        found.pop(SEAL, None)
        return found, facts

    def load(self, path: Path) -> Any:
        """Return the model in a file; weights in other files belong to no export of ours, and are not looked for."""
        import onnx

        return onnx.load(path, load_external_data=False)

    def runner(self, path: Path, fixed: bool) -> Runner:
        """By ONNX Runtime."""
        return OnnxRunner(path)


class Pt2(Format):
    """A program of torch.export. PyTorch's reader of it evaluates expressions, so one that is brought is not opened."""

    name = "pt2"
    needs = "torch"
    opens = False

    def write(self, graph: Graph, program: Any, words: Mapping[str, str], facts: str, out: Path) -> None:
        """With words and facts as its extra files."""
        import torch

        if any("onnx_symbolic" in str(node.target) for node in program.graph.nodes):
            raise ZooError("a layer of the model is an operator of ONNX in its graph, which PyTorch cannot run")
        with out.open("wb") as file:
            extra = {**words, FACTS: facts, OUTPUTS: json.dumps(graph.outputs)}
            torch.export.save(program, file, extra_files=extra)

    def read(self, path: Path) -> tuple[dict[str, str], str]:
        """Out of the archive, whose program is left alone."""
        import zipfile

        with zipfile.ZipFile(path) as archive:
            found = {
                name.rpartition("/")[2]: archive.read(name).decode()
                for name in archive.namelist()
                if name.split("/")[-2] == "extra"
            }
        facts = found.pop(FACTS, "")
        found.pop(OUTPUTS, None)
        return found, facts

    def runner(self, path: Path, fixed: bool) -> Runner:
        """By PyTorch."""
        return ProgramRunner(path)


FORMATS: Mapping[str, Format] = {".xml": OpenVino(), ".onnx": Onnx(), ".pt2": Pt2()}


def format_of(out: Path) -> Format:
    """Return the format of a file by its suffix; its runtime must be installed."""
    from importlib.util import find_spec

    kind = FORMATS.get(out.suffix.lower())
    if kind is None:
        raise ZooError(f"{out} has an unknown suffix {out.suffix!r}; known: .xml (OpenVINO), .onnx, .pt2 (PyTorch)")
    for name in (kind.needs, "onnxscript"):
        if find_spec(name) is None:
            raise missing(name)
    return kind
