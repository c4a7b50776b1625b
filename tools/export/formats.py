"""The formats of exports: how a file of each is written, and how it is run for the proof."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tools.export.graph import missing, traced
from tools.export.suppression import Suppression
from zoo.errors import ZooError

#: Images (B, C, H, W) to outputs by name.
Runner = Callable[[np.ndarray], Mapping[str, np.ndarray]]


class Format(ABC):
    """A format: the files that belong to one export, writing, and running."""

    needs: ClassVar[str]

    def files(self, out: Path) -> tuple[Path, ...]:
        """Return the files of the export at `out`, itself first."""
        return (out,)

    @abstractmethod
    def chooses(self, geometry: str) -> bool:
        """Tell whether the detections are chosen within the export."""

    @abstractmethod
    def write(self, model: Any, size: int, suppression: Suppression, facts: Mapping[str, str], out: Path) -> None:
        """Write the detector, traced with images of `size` pixels, and what is to be known of it."""

    @abstractmethod
    def runner(self, path: Path) -> Runner:
        """Return what runs the file, in float32, on the processor."""


@cache
def core() -> Any:
    """Return the one OpenVINO core of this process that compiles.

    The CPU plugin of a core lends its thread a stack for signals, and takes it back when the core goes. Of two cores the
    second then leaves the thread with the stack that the first has taken back, and the next signal that Python handles
    (Ctrl-C, the end of a process that it started) ends the process (seen in OpenVINO 2026.4.1).
    """
    import openvino

    return openvino.Core()


class OpenVino(Format):
    """OpenVINO: a graph in .xml, its weights in .bin; the facts are runtime information under `zoo`."""

    needs = "openvino"

    def files(self, out: Path) -> tuple[Path, ...]:
        """The graph and the weights."""
        return out, out.with_suffix(".bin")

    def chooses(self, geometry: str) -> bool:
        """Any: it has NMSRotated."""
        return True

    def write(self, model: Any, size: int, suppression: Suppression, facts: Mapping[str, str], out: Path) -> None:
        """By way of ONNX, with suppression as an extension of its reader."""
        import openvino

        reader = openvino.Core()
        reader.add_extension(suppression.extension())
        graph = traced(model, model.bands, size, choosing=True)
        read = reader.read_model(graph.SerializeToString(), b"")
        for name, value in facts.items():
            read.set_rt_info(value, ["zoo", name])
        openvino.save_model(read, out, compress_to_fp16=False)

    def runner(self, path: Path) -> Runner:
        """In float32 also on processors where OpenVINO would choose bfloat16."""
        compiled = core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        names = [output.any_name for output in compiled.outputs]
        return lambda images: dict(zip(names, compiled(images).values(), strict=True))


class Onnx(Format):
    """ONNX, one file; the facts are its metadata. It has no suppression of rotated boxes."""

    needs = "onnxruntime"

    def chooses(self, geometry: str) -> bool:
        """Axis-aligned boxes alone."""
        return geometry == "box"

    def write(self, model: Any, size: int, suppression: Suppression, facts: Mapping[str, str], out: Path) -> None:
        """With weights inside."""
        import onnx

        graph = traced(model, model.bands, size, self.chooses(suppression.geometry))
        if self.chooses(suppression.geometry):
            suppression.onnx(graph)
        onnx.helper.set_model_props(graph, dict(facts))
        onnx.checker.check_model(graph)
        out.write_bytes(graph.SerializeToString())

    def runner(self, path: Path) -> Runner:
        """By ONNX Runtime."""
        import onnxruntime

        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return lambda images: dict(zip(names, session.run(None, {"images": images}), strict=True))


FORMATS: Mapping[str, type[Format]] = {".xml": OpenVino, ".onnx": Onnx}


def format_of(out: Path) -> Format:
    """Return the format of a file by its suffix; its runtime must be installed."""
    from importlib.util import find_spec

    kind = FORMATS.get(out.suffix.lower())
    if kind is None:
        raise ZooError(f"--out {out} has an unknown suffix {out.suffix!r}; known: .xml (OpenVINO), .onnx")
    for name in (kind.needs, "onnxscript"):
        if find_spec(name) is None:
            raise missing(ModuleNotFoundError(name=name))
    return kind()
